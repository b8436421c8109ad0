"""Input that cannot be used: one line, one hint, exit 2, and nothing was changed."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from machine import Machine


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]


@pytest.fixture
def idle(tmp_path: object) -> Machine:
    """A machine that calls nothing, so it needs no stand-in."""
    return Machine(tmp_path / "home", "http://127.0.0.1:1")  # type: ignore[operator]


def state(machine: Machine) -> dict[str, bytes | None]:
    """Every file of the machine and what is in it."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in machine.directory.rglob("*")
    }


def refused(machine: Machine, *arguments: str) -> tuple[str, str]:
    """Run, hold against the rules of refusing, and give the line and the hint."""
    before = state(machine)
    done = machine.apitrail(*arguments, status=2)
    assert done.stdout == ""
    line, hint = done.stderr.splitlines()
    assert line.startswith("apitrail: ")
    assert hint.startswith("hint: ")
    assert not line.endswith(".")
    assert state(machine) == before
    return line.removeprefix("apitrail: "), hint.removeprefix("hint: ")


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--mode", "carrier-pigeon", "not a mode: carrier-pigeon"),
        ("--mode", "regular@99999", "not a mode: regular@99999"),
        ("--mode", "reverse:", "not a mode: reverse:"),
        ("--upstream", "ftp://localhost", "not an endpoint URL: 'ftp://localhost'"),
        ("--upstream", "http://localhost:99999", "not an endpoint URL: 'http://localhost:99999'"),
        ("--upstream", "http://h/path", "an endpoint URL is a scheme, a host and a port only"),
        ("--tunnel", "10.0.0.0/99", "not a host or a network: '10.0.0.0/99'"),
        ("--tunnel", "two words", "not a host or a network: 'two words'"),
        ("--body-limit", "much", "not a size: 'much'"),
        ("--body-limit", "-1", "not a size: '-1'"),
        ("--heartbeat", "often", "not a duration: 'often'"),
        ("--no-such-option", "x", "no such option"),
    ],
)
def test_a_bad_option(idle: Machine, option: str, value: str, words: str) -> None:
    line, _ = refused(idle, "record", f"{option}={value}")
    assert line.lower().startswith(words.lower())


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--mode=x", "not a mode: x"),
        ("--upstream=x://", "not an endpoint URL: 'x://'"),
        ("--no-such-option=x", "no such option '--no-such-option'"),
    ],
)
def test_a_bad_option_before_a_command(idle: Machine, option: str, words: str) -> None:
    line, _ = refused(idle, "exec", option, "--", "true")
    assert line.startswith(words)


@pytest.mark.parametrize("label", ["build", "=1"])
def test_a_bad_label(idle: Machine, label: str) -> None:
    line, hint = refused(idle, "exec", "--label", label, "--", "true")
    assert line == f"not a label: {label!r}"
    assert hint == "write --label build=1234"


@pytest.mark.parametrize("arguments", [("exec",), ("exec", "--label", "a=b", "--")])
def test_no_command(idle: Machine, arguments: tuple[str, ...]) -> None:
    line, hint = refused(idle, *arguments)
    assert line == "no command to run"
    assert "apitrail exec -- aws" in hint


@pytest.mark.parametrize(
    ("command", "mode"),
    [("record", "regular@{}"), ("exec", "reverse:http://127.0.0.1:1@{}")],
)
def test_a_port_that_is_taken(idle: Machine, taken: int, command: str, mode: str) -> None:
    tail = ("--", "true") if command == "exec" else ()
    line, hint = refused(idle, command, "--mode", mode.format(taken), *tail)
    assert f"cannot listen as '{mode.format(taken)}'" in line
    assert "another port" in hint


@pytest.mark.parametrize(
    ("command", "below"),
    [(("record", "--mode", "regular@0"), ""), (("exec", "--", "true"), "/below")],
)
def test_a_trail_that_is_a_file(idle: Machine, command: tuple[str, ...], below: str) -> None:
    (idle.directory / "file").write_text("mine")
    line, hint = refused(idle, "--trail", f"{idle.directory}/file{below}", *command)
    assert line.startswith("cannot make a trail at ")
    assert "--trail" in hint


@pytest.mark.parametrize("command", [("record", "--mode", "regular@0"), ("exec", "--", "true")])
def test_a_trail_that_is_something_else(idle: Machine, command: tuple[str, ...]) -> None:
    idle.trail.mkdir()
    (idle.trail / "trail.db").write_bytes(b"no database, but longer than a header" * 100)
    refused(idle, *command)


def test_a_trail_where_nothing_may_be_written(idle: Machine) -> None:
    line, _ = refused(idle, "--trail", "/proc/nobody", "record", "--mode", "regular@0")
    assert line.startswith("cannot make a trail at '/proc/nobody'")


def test_a_second_recorder(idle: Machine) -> None:
    with idle.recording("--mode", "regular@0"):
        done = idle.apitrail("record", "--mode", "regular@0", status=2)
        line, hint = done.stderr.splitlines()
        assert line.startswith("apitrail: another recorder is writing to ")
        assert "apitrail env" in hint
    assert idle.entries() == ["open", "close"]


def test_a_trust_store_that_is_not_there(idle: Machine) -> None:
    idle.environment["AWS_CA_BUNDLE"] = "/no/such.pem"
    line, hint = refused(idle, "record", "--mode", "regular@0")
    assert line == "cannot read the CA bundle '/no/such.pem': No such file or directory"
    assert "AWS_CA_BUNDLE" in hint


def test_env_without_a_recorder(idle: Machine) -> None:
    done = idle.apitrail("env", "--wait", "0s", status=2)
    line, hint = done.stderr.splitlines()[-2:]
    assert line == f"apitrail: no recorder is running on {str(idle.trail)!r}"
    assert hint == "hint: `apitrail record --detach` starts one"
    assert done.stdout == "false\n"


def test_env_without_a_recorder_sets_nothing_in_a_shell(idle: Machine) -> None:
    done = idle.run("sh", "-c", 'eval "$(apitrail env --wait 0s)"; echo "proxy=$HTTPS_PROXY"')
    assert done.stdout == "proxy=\n"


@pytest.mark.parametrize("command", ["env", "record"])
def test_an_argument_too_many(idle: Machine, command: str) -> None:
    line, _ = refused(idle, command, "surplus")
    assert "surplus" in line
