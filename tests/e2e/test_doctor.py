"""`apitrail doctor` finds the clients of a machine and says which of them go past the recorder."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apitrail.recording import doctor
from apitrail.recording.connections import Watch
from machine import BIN, Machine, until


def findings(said: str) -> dict[str, str]:
    """Client → what was found."""
    return {line.split()[1]: line.split()[0] for line in said.splitlines()}


@pytest.fixture
def quick(machine: Machine) -> Machine:
    """A machine with one client only, so that a test takes the time of one."""
    only = machine.directory / "bin"
    only.mkdir()
    for name in ("apitrail", "python3"):
        (only / name).symlink_to(BIN / name)
    for name in ("sh", "env"):
        (only / name).symlink_to(f"/bin/{name}")
    machine.environment["PATH"] = str(only)
    return machine


def files(directory: Path) -> set[str]:
    return {str(path) for path in directory.rglob("*")}


def test_every_client_is_found_and_recorded_and_nothing_is_left_behind(
    machine: Machine, tmp_path: Path
) -> None:
    before = files(tmp_path)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    said = machine.apitrail("doctor", env={"TMPDIR": str(temporary)}).stdout
    found = findings(said)
    assert set(found) >= {"aws-cli", "boto3"}
    assert set(found.values()) == {"recorded"}
    assert list(temporary.iterdir()) == []
    left = files(tmp_path) - before - {str(temporary)}
    assert [name for name in left if "/.cache" not in name] == []


def test_presets_of_the_machine_lead_no_call_away(quick: Machine) -> None:
    quick.configure("[default]\nendpoint_url = http://127.0.0.1:1\n[profile p]\nregion = x\n")
    preset = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_PROFILE": "none"}
    assert findings(quick.apitrail("doctor", env=preset).stdout) == {"boto3": "recorded"}


def test_through_a_running_recorder_the_calls_are_in_its_trail(quick: Machine) -> None:
    with quick.recording("--upstream", quick.endpoint, "--mode", "regular@0"):
        assert findings(quick.apitrail("doctor").stdout) == {"boto3": "recorded"}
    assert quick.names() == ["GetCallerIdentity"]


@pytest.mark.parametrize(
    ("wrapper", "detail"),
    [
        ("#!/bin/sh\nexit 5\n", "exit status 5: it made no call"),
        (
            "#!/bin/sh\nexec env -u HTTPS_PROXY -u https_proxy AWS_ENDPOINT_URL={endpoint} {aws} $@\n",
            "exit status 0: its call went past the recorder",
        ),
    ],
)
def test_a_client_that_goes_past_is_told_and_fails(
    quick: Machine, wrapper: str, detail: str
) -> None:
    text = wrapper.format(endpoint=quick.endpoint, aws=BIN / "aws")
    path = quick.script("bin/aws", text)
    done = quick.apitrail("doctor", status=1)
    assert findings(done.stdout) == {"aws-cli": "BYPASSED", "boto3": "recorded"}
    assert f"{path} ({detail}" in done.stdout


def test_the_environment_itself_is_left_alone(quick: Machine) -> None:
    quick.apitrail("doctor")
    assert not (quick.directory / "config").exists()
    assert not quick.trail.exists()
    assert "APITRAIL_RUN" not in os.environ


def test_a_command_is_checked_by_running_it(quick: Machine) -> None:
    code = "import boto3; boto3.client('sts').get_caller_identity()"
    said = quick.apitrail("doctor", "--", sys.executable, "-c", code).stdout
    name = Path(sys.executable).name
    assert said == f"recorded  {name:<9} {sys.executable} (1 call)\n"
    assert not quick.trail.exists()


def test_a_command_that_connects_elsewhere_is_told_where_to(
    quick: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    watches: list[Watch] = []
    monkeypatch.setattr(doctor, "Watch", lambda root: watches.append(Watch(root)) or watches[-1])
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"""
import socket
with socket.create_connection(("127.0.0.1", {port})) as far:
    far.settimeout(20)
    far.recv(1)
"""
        command = ["python3", "-c", code]

        def answer_when_it_was_seen() -> None:
            far, _ = server.accept()
            until(lambda: ("127.0.0.1", port) in watches[0].seen)
            far.close()

        with ThreadPoolExecutor() as pool:
            answering = pool.submit(answer_when_it_was_seen)
            [finding] = asyncio.run(doctor.examine(quick.trail, quick.environment, command))
            answering.result()
    assert str(finding).startswith(
        "BYPASSED  python3   python3 (exit status 0: its call went past the recorder, "
        f"to 127.0.0.1:{port}); "
    )


def test_a_command_without_calls_is_told_as_that(quick: Machine) -> None:
    done = quick.apitrail("doctor", "--", "sh", "-c", "exit 3", status=1)
    assert done.stdout == (
        "no call   sh        sh (exit status 3: it made no call, and no connection was seen)\n"
    )


def test_a_command_that_is_not_there_has_the_shells_status(quick: Machine) -> None:
    assert "no such command" in quick.apitrail("doctor", "--", "nowhere", status=127).stderr
