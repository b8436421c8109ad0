"""`apitrail doctor` finds the clients of a machine and says which of them go past the recorder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from machine import BIN, Machine


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
    assert f"{path} ({detail})" in done.stdout


def test_the_environment_itself_is_left_alone(quick: Machine) -> None:
    quick.apitrail("doctor")
    assert not (quick.directory / "config").exists()
    assert not quick.trail.exists()
    assert "APITRAIL_RUN" not in os.environ
