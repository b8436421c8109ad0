"""`apitrail exec`: the command runs as it would without, and its calls are its own."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import termios

import pytest

from machine import Machine, boto3

CALL = "boto3.client('sts').get_caller_identity()"


def test_the_exit_status_is_the_commands_and_words_go_to_stderr(machine: Machine) -> None:
    done = machine.exec("sh", "-c", "cat; echo problem >&2; exit 3", given="in\n", status=3)
    assert done.stdout == "in\n"
    first, second, last = done.stderr.splitlines()
    making = f"making a trail in {str(machine.trail)!r}; this takes some seconds, once"
    assert first == f"apitrail: {making}"
    assert second == "problem"
    assert last.startswith("apitrail: nothing was recorded: 'sh' called nothing, or a client in it")
    assert "making a trail" not in machine.exec("true").stderr


def test_a_command_that_called_nothing_is_told_how_to_check_it(machine: Machine) -> None:
    said = machine.exec("sh", "-c", "exit 0").stderr.splitlines()[-1]
    assert re.search(r"\(run [0-9a-f]{12}\); apitrail doctor -- sh -c 'exit 0' tells which$", said)
    assert "nothing was recorded" not in machine.exec(*boto3(CALL)).stderr


@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        ("no-such-command", 127, "no such command: 'no-such-command'"),
        ("./no-such-file", 127, "no such command: './no-such-file'"),
        ("./plain", 126, "'./plain' cannot be run: it is no executable file"),
        (".", 127, "no such command: '.'"),
    ],
)
def test_a_command_that_cannot_be_run_gets_the_shells_status_and_leaves_nothing(
    machine: Machine, command: str, status: int, words: str
) -> None:
    (machine.directory / "plain").write_text("text")
    done = machine.exec(command, status=status)
    assert done.stderr.splitlines()[0] == f"apitrail: {words}"
    assert done.stderr.splitlines()[1].startswith("hint: ")
    assert not machine.trail.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_reaches_the_command_and_its_death_is_passed_on(
    machine: Machine, number: signal.Signals
) -> None:
    process = machine.start(
        "apitrail", "exec", "--upstream", machine.endpoint, "--",
        "sh", "-c", "echo ready; exec sleep 60",
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert machine.entries()[-1] == "close"


def test_a_command_that_handles_a_signal_is_waited_for(machine: Machine) -> None:
    code = f"""
import signal, sys
def leave(*_):
    {CALL}
    sys.exit(7)
signal.signal(signal.SIGTERM, leave)
print("ready", flush=True)
signal.pause()
"""
    process = machine.start(
        "apitrail", "exec", "--upstream", machine.endpoint, "--", *boto3(code),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 7
    assert "recorded 1 call (run " in said


def test_an_interrupt_at_the_terminal_reaches_the_command_once(machine: Machine) -> None:
    # The terminal sends it to both of us; forwarded as well it would come twice.
    code = """
import os, signal
seen = []
def interrupted(*_):
    seen.append(1)
    os.write(1, b"interrupted\\n")
def told(*_):
    os.write(1, b"seen %d\\n" % len(seen))
    os._exit(0)
signal.signal(signal.SIGINT, interrupted)
signal.signal(signal.SIGUSR1, told)
print("ready", flush=True)
while True:
    signal.pause()
"""
    ours, theirs = os.openpty()
    process = machine.start(
        "apitrail", "exec", "--upstream", machine.endpoint, "--", sys.executable, "-c", code,
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(theirs)
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        shown = b""

        def wait_for(pattern: bytes) -> re.Match[bytes]:
            nonlocal shown
            while (found := re.search(pattern, shown)) is None:
                try:
                    shown += terminal.read(1000)
                except OSError:  # nobody has the terminal open any more
                    raise AssertionError(shown) from None
            return found

        wait_for(rb"ready")
        # We see it later than the command does, or both would count as one; and signals are
        # forwarded in their order, so that what would have been is there before the last.
        process.send_signal(signal.SIGSTOP)
        terminal.write(b"\x03")
        wait_for(rb"interrupted")
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGUSR1)
        assert wait_for(rb"seen (\d+)\r")[1] == b"1"
        assert process.wait(timeout=60) == 0


def test_labels_and_the_runs_id_answer_what_this_build_did(machine: Machine) -> None:
    def build(number: int, call: str) -> str:
        done = machine.apitrail(
            "exec", "--upstream", machine.endpoint, "--label", f"build={number}",
            "--label", "by=ci", "--", *boto3(call),
        )  # fmt: skip
        found = re.search(r"recorded 1 call \(run ([0-9a-f]+)\)", done.stderr)
        assert found is not None
        return found[1]

    first = build(1, CALL)
    second = build(2, "boto3.client('iam').list_users()")
    assert machine.names("--run", first) == ["GetCallerIdentity"]
    assert machine.names("--run", second) == machine.names("--run", "last") == ["ListUsers"]
    [event] = machine.events("--run", first)
    shown = machine.apitrail("show", event["eventID"], "--output", "json").stdout
    assert '"build": "1"' in shown
    assert '"by": "ci"' in shown


def test_the_command_can_tell_its_run(machine: Machine) -> None:
    done = machine.exec("sh", "-c", "echo $APITRAIL_RUN")
    assert f"(run {done.stdout.strip()})" in done.stderr


def test_within_the_command_the_trail_is_the_one_that_is_written(machine: Machine) -> None:
    # Named relative to a directory that the command leaves.
    inner = "mkdir below && cd below && aws sts get-caller-identity >&2 && apitrail exec -- true"
    done = machine.apitrail(
        "exec", "--trail", "here", "--upstream", machine.endpoint, "--",
        "sh", "-c", f"{inner} && apitrail events --output text", env={"APITRAIL_TRAIL": None},
    )  # fmt: skip
    assert done.stdout.count("GetCallerIdentity") == 1
    assert sorted(path.name for path in machine.directory.glob("*/trail.db")) == ["trail.db"]
    assert (machine.directory / "here" / "trail.db").exists()


def test_two_at_once_share_a_recorder_that_stays_for_the_second(machine: Machine) -> None:
    # The first ends while the second still waits to make its calls.
    second = ("sh", "-c", "echo inside; read go; exec aws iam list-users")
    first = machine.start(
        "apitrail", "exec", "--upstream", machine.endpoint, "--",
        "sh", "-c", "echo inside; read go; exec aws sts get-caller-identity",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert first.stdin
    assert first.stdout
    assert first.stderr
    assert first.stdout.readline() == "inside\n"
    other = machine.start(
        "apitrail", "exec", "--upstream", machine.endpoint, "--", *second,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert other.stdin
    assert other.stdout
    assert other.stdout.readline() == "inside\n"
    first.stdin.write("go\n")
    first.stdin.close()
    assert first.stderr.readline().startswith("apitrail: making a trail in ")
    said = first.stderr.readline()
    assert said == "apitrail: waiting for another command recorded by this recorder\n"
    _, told = other.communicate("go\n", timeout=60)
    assert other.returncode == 0
    assert "recorded 1 call (run " in told
    assert first.wait(timeout=60) == 0
    assert "recorded 1 call (run " in first.stderr.read()
    first.stdout.close()
    first.stderr.close()
    run = told.partition("(run ")[2].partition(")")[0]
    assert machine.names("--run", run) == ["ListUsers"]
    assert machine.names() == ["GetCallerIdentity", "ListUsers"]
    assert machine.entries().count("open") == 1


def test_the_first_does_not_wait_for_a_second_that_was_killed(machine: Machine) -> None:
    first = machine.start(
        "apitrail", "exec", "--upstream", machine.endpoint, "--", "sh", "-c", "echo in; read go",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert first.stdout
    assert first.stdout.readline() == "in\n"
    other = machine.start(
        "apitrail", "exec", "--upstream", machine.endpoint, "--", "sh", "-c", "echo in; read go",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert other.stdout
    assert other.stdout.readline() == "in\n"
    other.kill()
    other.communicate(timeout=60)
    first.communicate("go\n", timeout=60)
    assert first.returncode == 0


def test_many_started_at_the_same_moment_all_succeed(machine: Machine) -> None:
    processes = [
        machine.start(
            "apitrail", "exec", "--upstream", machine.endpoint, "--", *boto3(CALL),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in processes:
        _, said = process.communicate(timeout=100)
        assert process.returncode == 0, said
        assert "recorded 1 call (run " in said
    assert machine.names() == ["GetCallerIdentity"] * 3


def test_calls_of_runs_that_share_a_recorder_are_told_apart(machine: Machine) -> None:
    with machine.recording("--upstream", machine.endpoint, "--mode", "regular@0"):
        machine.apitrail("exec", "--", *boto3(CALL))
        machine.apitrail("exec", "--", *boto3("boto3.client('iam').list_users()"))
        machine.run("sh", "-c", 'eval "$(apitrail env)"; exec aws ec2 describe-vpcs')
        assert machine.names("--run", "last") == ["ListUsers"]
    assert machine.names() == ["GetCallerIdentity", "ListUsers", "DescribeVpcs"]


def test_an_option_that_the_running_recorder_does_not_have_is_not_ignored(
    machine: Machine,
) -> None:
    with machine.recording("--upstream", machine.endpoint, "--mode", "regular@0"):
        done = machine.apitrail(
            "exec", "--upstream", "http://127.0.0.1:1", "--", "true", status=2
        )  # fmt: skip
        assert done.stderr.splitlines() == [
            f"apitrail: a recorder with another --upstream is running on this trail: '{machine.endpoint}'",
            "hint: leave --upstream out to use it, stop it, or name another trail with --trail",
        ]
        machine.exec("true")


def test_what_a_command_leaves_running_does_not_hold_it_up(machine: Machine) -> None:
    # A daemon that keeps our descriptors open must not keep us.
    done = machine.exec("sh", "-c", "sleep 60 >/dev/null 2>&1 </dev/null & echo $!")
    os.kill(int(done.stdout), signal.SIGKILL)


def test_a_killed_exec_leaves_a_trail_that_the_next_one_continues(machine: Machine) -> None:
    process = machine.start(
        "apitrail", "exec", "--upstream", machine.endpoint, "--", sys.executable, "-c",
        f"import boto3, sys; {CALL}; print('called', flush=True); sys.stdin.read()",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "called\n"
    process.kill()
    process.communicate(timeout=60)
    machine.exec(*boto3(CALL))
    assert machine.names() == ["GetCallerIdentity"] * 2
    assert machine.apitrail("verify").stdout.startswith("OK")
