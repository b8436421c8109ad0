"""What several commands share."""

import pytest

from apitrail.__main__ import run
from apitrail.cli import COMMANDS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("events", "--since", "soon"), "soon"),
        (("events", "--output", "xml"), "xml"),
        (("nothing",), "nothing"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(capsys, cli, arguments, message):
    status, out, err = cli(*arguments)
    assert (status, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(capsys, name):
    assert run([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith("Usage: ")
