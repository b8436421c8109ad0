"""On a terminal, long output goes through the pager that the user chose."""

import pytest

import terminal
from apitrail.cli.pager import chosen


@pytest.fixture
def pager(tmp_path):
    """A pager that keeps what it is given, and the variables it sees."""
    return terminal.script(
        tmp_path / "pager", f'cat > "{tmp_path}/seen"; echo "$LESS" > "{tmp_path}/less"'
    )


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PAGER": "sh -c 'cat -n'"}, "sh -c 'cat -n'"),
        ({"PAGER": ""}, None),
        ({"PAGER": "cat"}, None),
        ({"PAGER": "sh", "APITRAIL_PAGER": "cat"}, None),
        ({"PAGER": "cat", "APITRAIL_PAGER": "sh -x"}, "sh -x"),
        ({"PAGER": "no-such-program-here"}, None),
        ({"PAGER": "LESS=R sh"}, "LESS=R sh"),
    ],
)
def test_the_pager_is_chosen_as_git_chooses(environment, expected):
    assert chosen(environment) == expected


@pytest.mark.parametrize(
    "command", [["events"], ["history", "--reads", "target1"], ["sql", "SELECT * FROM events"]]
)
def test_a_terminal_s_output_goes_through_the_pager(trail, tmp_path, pager, command):
    status, shown = terminal.run(*command, "--trail", str(trail), PAGER=pager)
    assert status == 0
    assert shown == ""
    seen = (tmp_path / "seen").read_text()
    assert "user1" in seen
    assert (tmp_path / "less").read_text() == "FRX\n"


def test_the_user_s_own_options_for_less_are_kept(trail, tmp_path, pager):
    terminal.run("events", "--trail", str(trail), PAGER=pager, LESS="i")
    assert (tmp_path / "less").read_text() == "i\n"


@pytest.mark.parametrize("arguments", [["--no-pager", "events"], ["events", "--no-pager"]])
def test_no_pager_prints_straight_to_the_terminal(trail, tmp_path, pager, arguments):
    status, shown = terminal.run(*arguments, "--trail", str(trail), PAGER=pager)
    assert status == 0
    assert "iam:CreateUser" in terminal.plain(shown)
    assert not (tmp_path / "seen").exists()


def test_a_pager_that_is_left_early_is_no_error(tmp_path, trail):
    early = terminal.script(tmp_path / "early", "head -n 1")
    status, shown = terminal.run("events", "--output", "jsonl", "--trail", str(trail), PAGER=early)
    assert status == 0
    assert shown.count("eventID") == 1


def test_what_cannot_be_asked_is_said_without_a_pager(trail, tmp_path, pager):
    status, shown = terminal.run("sql", "SELEC", "--trail", str(trail), PAGER=pager)
    assert status == 2
    assert "apitrail: " in shown
    assert not (tmp_path / "seen").exists()


def test_a_pipe_sees_no_pager(cli, tmp_path, pager, monkeypatch):
    monkeypatch.setenv("PAGER", pager)
    assert cli("events")[0] == 0
    assert not (tmp_path / "seen").exists()
