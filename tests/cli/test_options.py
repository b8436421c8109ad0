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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evnts"], "no such command 'evnts'\nhint: did you mean apitrail events?\n"),
        (["key", "rotat"], "no such command 'rotat'\nhint: did you mean apitrail key rotate?\n"),
        (["events", "--sinc", "2h"], "no such option '--sinc'\nhint: did you mean --since?\n"),
        (["frobnicate"], "no such command 'frobnicate'\nhint: apitrail --help\n"),
    ],
)
def test_what_was_probably_meant_is_named(capsys, arguments, said):
    assert run(arguments) == 2
    assert capsys.readouterr().err == f"apitrail: {said}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(capsys, name):
    assert run([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith("Usage: ")
