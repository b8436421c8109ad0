import json

import pytest
from click.testing import CliRunner

from apitrail.cli import apitrail


def test_every_guard_that_is_listed_can_be_shown():
    listed = CliRunner().invoke(apitrail, ["guard", "list"]).output.splitlines()
    assert len(listed) == 5
    for line in listed:
        shown = CliRunner().invoke(apitrail, ["guard", "show", line.split()[0]])
        assert json.loads(shown.output)["Statement"]


@pytest.mark.parametrize("arguments", [["show"], ["test"]])
def test_a_guard_must_be_named(arguments):
    assert CliRunner().invoke(apitrail, ["guard", *arguments]).exit_code == 2
