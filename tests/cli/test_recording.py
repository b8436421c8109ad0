"""`apitrail exec`, `record`, `status`, `stop`, `env`: what is refused, and said, before a recorder."""

import json
from pathlib import Path

import pytest

from apitrail.__main__ import run
from apitrail.cli import recording
from apitrail.cli.recording import parse_size
from apitrail.errors import UsageError
from apitrail.recording.execute import Outcome


@pytest.mark.parametrize(
    ("text", "size"),
    [("65536", 65_536), ("64k", 65_536), ("64K", 65_536), ("1M", 1 << 20), ("2g", 2 << 30),
     ("1MiB", 1 << 20), ("1mb", 1 << 20), (" 5 ", 5), ("0", 0)],
)  # fmt: skip
def test_sizes_as_people_write_them(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "k", "1.5k", "-1", "1t", "one"])
def test_what_is_no_size(text):
    with pytest.raises(UsageError, match="not a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("exec",), "no command to run"),
        (("exec", "--label", "build", "--", "true"), "not a label: 'build'"),
        (("exec", "--label", "=1", "--", "true"), "not a label: '=1'"),
        (("exec", "--heartbeat", "1ms", "--", "true"), "not a duration: '1ms'"),
        (("exec", "--heartbeat", "0s", "--", "true"), "too short a heartbeat: '0s'"),
        (("record", "--body-limit", "many"), "not a size: 'many'"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_recorded(capsys, tmp_path, arguments, message):
    trail = tmp_path / "new"
    assert run(["--trail", str(trail), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "hint:" in err
    assert not trail.exists()


def test_where_no_recorder_runs_that_is_said_and_the_status_is_1(cli, trail):
    for command in ("status", "stop"):
        status, out, err = cli(command)
        assert (status, out) == (1, "")
        assert f"no recorder is running on {str(trail)!r}" in err


def test_for_scripts_no_recorder_is_null(cli):
    status, out, _ = cli("status", "--output", "json")
    assert (status, json.loads(out)) == (1, None)


def test_without_a_recorder_the_shell_that_evaluates_env_fails(cli):
    status, out, err = cli("env", "--wait", "0s")
    assert (status, out) == (2, "false\n")
    assert "no recorder" in err


def test_a_command_that_is_not_there_gets_the_shells_status(capsys, tmp_path):
    assert run(["--trail", str(tmp_path / "new"), "exec", "--", "no-such-command-here"]) == 127
    assert "no-such-command-here" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("exec", "--label", "ghp_{0}{0}", "--", "true"),
        ("exec", "--", "mysql -p{0}"),
        ("exec", "--", "./no such?token={0}"),
    ],
)
def test_what_is_said_of_a_command_line_repeats_no_secret(capsys, tmp_path, arguments):
    secret = "cnry7f3KqP9zWx2mAb"
    words = [argument.format(secret) for argument in arguments]
    assert run(["--trail", str(tmp_path / "new"), *words]) in (2, 127)
    said = capsys.readouterr().err
    assert "***" in said
    assert secret not in said


def test_a_command_that_called_nothing_is_told_without_its_secrets():
    words = ("mysql", "-pcnry7f3KqP9zWx2m", "--host", "db")
    told = recording._told(Outcome(0, "0011", 0), words)
    assert "apitrail doctor -- mysql -p*** --host db tells which" in told


def test_calls_that_a_guard_refused_are_told():
    told = recording._told(Outcome(0, "0011", 3, denied=2), ("aws",))
    assert told.startswith("recorded 3 calls, 2 of them refused by a guard (run 0011)")


def test_status_names_the_guards(capsys):
    found = {
        "pid": 1, "listeners": [], "calls": 0, "entries": 1,
        "settings": {"upstream": None, "guards": [["prod", "ab"], ["read-only", "cd"]]},
    }  # fmt: skip
    recording._print_status(Path("trail"), found)
    assert "guarded by prod, read-only" in capsys.readouterr().out
    found["settings"]["guards"] = [["prod", "ab"], "watching"]
    recording._print_status(Path("trail"), found)
    assert "watched by prod" in capsys.readouterr().out


def test_variables_of_an_operator_are_no_json_and_begin_no_run(cli):
    for options in (("--label", "a=1"), ("--output", "json")):
        status, out, err = cli("env", "--operator", "mary", *options)
        assert (status, out) == (2, "false\n")
        assert "an operator's variables are for a shell" in err


def test_json_without_a_recorder_is_false(cli):
    status, out, _ = cli("env", "--output", "json", "--wait", "0s")
    assert (status, out) == (2, "false\n")
