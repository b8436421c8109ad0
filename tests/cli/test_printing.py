"""Lines on stdout until nobody reads them any more, and colour where it is wanted."""

import re

import pytest

import terminal
import trails
from apitrail.cli.printing import emit


def test_lines_are_printed_and_counted(capsys):
    assert emit(letter for letter in "ab") == 2
    assert capsys.readouterr().out == "a\nb\n"


def test_nothing_is_nothing(capsys):
    assert emit(letter for letter in "") == 0
    assert capsys.readouterr().out == ""


def test_a_terminal_is_coloured(trail):
    _, shown = terminal.run("events", "--trail", str(trail), PAGER="cat")
    assert "\x1b[33munknown" in shown
    assert "\x1b[31mNoSuchEntity" in shown


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colour_gets_none(trail, environment):
    _, shown = terminal.run("events", "--trail", str(trail), PAGER="cat", **environment)
    assert "NoSuchEntity" in shown
    assert "\x1b" not in shown


def test_an_empty_no_color_means_nothing(trail):
    _, shown = terminal.run("events", "--trail", str(trail), PAGER="cat", NO_COLOR="")
    assert "\x1b[33munknown" in shown


def test_a_pipe_is_never_coloured(cli):
    assert "\x1b" not in cli("events")[1]


def test_what_was_recorded_cannot_drive_the_terminal(tmp_path):
    hostile = "\x1b]0;title\x07\x1b[2Jx\x9b1m"

    async def work(writer):
        await writer.append(trails.draft(0, user=hostile))

    trails.write(tmp_path / "trail", work)
    for output in ("table", "csv", "text", "json"):
        _, shown = terminal.run(
            "events", "--output", output, "--trail", str(tmp_path / "trail"), PAGER="cat"
        )
        assert "title" in shown
        assert not re.search(r"\x1b(?!\[[0-9;]*m)|[\x07\x9b]", shown)


def test_no_line_is_wider_than_the_terminal(trail):
    for columns in (60, 80, 120):
        _, shown = terminal.run("events", "--trail", str(trail), columns=columns, PAGER="cat")
        assert max(map(len, terminal.plain(shown).splitlines())) <= columns
