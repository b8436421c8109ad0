"""A recorder in the background, and the shells and commands that wait for it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from machine import Machine, free_port


@pytest.fixture
def detached(machine: Machine) -> Iterator[Machine]:
    """A machine with a recorder that was started by `record --detach`."""
    machine.apitrail("record", "--detach", "--upstream", machine.endpoint, "--mode", "regular@0")
    yield machine
    machine.apitrail("stop", status=None)


def test_detach_returns_when_calls_can_be_recorded(detached: Machine) -> None:
    detached.run("sh", "-c", 'eval "$(apitrail env)"; exec aws sts get-caller-identity')
    assert detached.names() == ["GetCallerIdentity"]


def test_status_tells_where_it_listens_and_stop_ends_it(detached: Machine) -> None:
    said = detached.apitrail("status").stdout
    found = json.loads(detached.apitrail("status", "--output", "json").stdout)
    [[mode, host, port]] = found["listeners"]
    assert f"listening on {host}:{port} ({mode})" in said
    assert "has stopped after 0 calls" in detached.apitrail("stop").stderr
    assert detached.entries() == ["open", "close"]
    none = f"apitrail: no recorder is running on {str(detached.trail)!r}\n"
    assert detached.apitrail("status", status=1).stderr == none
    assert detached.apitrail("stop", status=1).stderr == none


def test_what_it_says_later_is_in_the_trail_for_the_owner_alone(detached: Machine) -> None:
    detached.apitrail("stop")
    log = detached.trail / "recorder.log"
    assert log.read_text() == "apitrail: stopped after 0 calls\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_recorder_that_cannot_start_says_so_and_leaves_none(machine: Machine) -> None:
    wrong = ("record", "--detach", "--upstream", "localhost:4566", "--mode", "regular@0")
    done = machine.apitrail(*wrong, status=2)
    assert done.stderr.splitlines()[0] == "apitrail: no scheme in the endpoint URL 'localhost:4566'"
    assert not machine.trail.exists()


def test_a_second_one_is_refused_and_the_first_goes_on(detached: Machine) -> None:
    done = detached.apitrail("record", "--detach", "--mode", "regular@0", status=2)
    assert "another recorder is writing to" in done.stderr
    detached.apitrail("status")


def test_the_pasted_recipe_records_the_first_call(machine: Machine) -> None:
    recipe = f"""
apitrail record --upstream {machine.endpoint} --mode regular@{free_port()} &
eval "$(apitrail env)"
aws sts get-caller-identity
apitrail stop
wait
"""
    machine.run("sh", "-c", recipe)
    assert machine.names() == ["GetCallerIdentity"]


def test_without_a_recorder_env_makes_eval_fail(machine: Machine) -> None:
    script = 'eval "$(apitrail env --wait 0s)" && echo recorded'
    done = machine.run("sh", "-c", script, status=1)
    assert done.stdout == ""
    assert f"no recorder is running on {str(machine.trail)!r}" in done.stderr


def test_a_recorder_of_a_command_is_not_stopped(machine: Machine) -> None:
    process = machine.start(
        "apitrail", "exec", "--upstream", machine.endpoint, "--", "sh", "-c", "echo in; read go",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    done = machine.apitrail("stop", status=2)
    assert "belongs to a command, and ends with it" in done.stderr
    process.communicate("go\n", timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize("heartbeat", ["0s", "0m0s"])
def test_a_heartbeat_has_a_lower_bound(machine: Machine, heartbeat: str) -> None:
    done = machine.apitrail("record", "--heartbeat", heartbeat, status=2)
    assert done.stderr.splitlines()[0] == f"apitrail: too short a heartbeat: {heartbeat!r}"
    assert not machine.trail.exists()


@pytest.mark.layouts
def test_a_recorder_that_is_told_no_number_has_a_worker_and_commands_use_it(
    machine: Machine,
) -> None:
    told = {"APITRAIL_WORKERS": None}
    mode = ("--mode", "regular@0", "--upstream", machine.endpoint)
    machine.apitrail("record", "--detach", *mode, env=told)
    try:
        status = json.loads(machine.apitrail("status", "--output", "json").stdout)
        policies = [os.sched_getscheduler(each) for each in (status["pid"], *status["workers"])]
        machine.apitrail("exec", "--", "aws", "sts", "get-caller-identity")
    finally:
        machine.apitrail("stop", status=None)
    # The process with the trail gives way to a worker.
    assert policies in ([os.SCHED_BATCH, os.SCHED_OTHER], [os.SCHED_OTHER])
    assert len(status["workers"]) == (1 if (os.cpu_count() or 1) > 1 else 0)
    assert machine.names() == ["GetCallerIdentity"]
