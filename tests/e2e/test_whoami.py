"""`--whoami`: AWS is asked who the callers are, and the events bear their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from machine import KEY, SECRET, Machine, until

CALLER = "arn:aws:sts::123456789012:user/moto"  # moto's answer about any key


@pytest.fixture
def machine(moto: str, tmp_path: Path) -> Machine:
    return Machine(tmp_path / "home", moto)


def callers(machine: Machine) -> list[tuple[str, str | None]]:
    found = machine.events()
    return [(each["eventName"], each["userIdentity"].get("arn")) for each in found]


def test_exec_asks_before_the_command_and_does_not_count_it(machine: Machine) -> None:
    done = machine.apitrail(
        "exec", "--whoami", "--upstream", machine.endpoint, "--", "aws", "sqs", "list-queues"
    )
    assert "recorded 1 call " in done.stderr
    assert callers(machine) == [("GetCallerIdentity", CALLER), ("ListQueues", CALLER)]
    agent = machine.events("--event-name", "GetCallerIdentity")[0]["userAgent"]
    assert "apitrail-whoami" in agent


def test_a_key_that_is_known_is_not_asked_for_again(machine: Machine) -> None:
    config = Path(machine.environment["APITRAIL_CONFIG"])
    config.mkdir()
    (config / "config.toml").write_text("whoami = true\n")
    with machine.recording("--upstream", machine.endpoint, "--mode", "regular@0"):
        for _ in range(2):
            machine.apitrail("exec", "--", "aws", "sqs", "list-queues")
    assert [name for name, _ in callers(machine)].count("GetCallerIdentity") == 1
    assert machine.events("--event-name", "ListQueues")[0]["userIdentity"]["arn"] == CALLER


def test_a_command_without_credentials_runs_all_the_same(machine: Machine) -> None:
    machine.environment.pop("AWS_ACCESS_KEY_ID")
    machine.environment.pop("AWS_SECRET_ACCESS_KEY")
    machine.apitrail("exec", "--whoami", "--upstream", machine.endpoint, "--", "true")


def test_an_answer_that_does_not_come_is_told_in_one_line(machine: Machine) -> None:
    done = machine.apitrail(
        "exec", "--whoami", "--upstream", "http://127.0.0.1:9", "--", "echo", "ran"
    )
    assert done.stdout == "ran\n"
    assert "nothing was recorded" in done.stderr
    [line] = [each for each in done.stderr.splitlines() if "could not be asked" in each]
    assert SECRET not in line


def test_a_recorder_asks_about_the_keys_that_its_own_profiles_hold(machine: Machine) -> None:
    path = machine.directory / ".aws" / "credentials"
    path.parent.mkdir()
    path.write_text(f"[deploy]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    none = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    with machine.recording(
        "--whoami", "--upstream", machine.endpoint, "--mode", "regular@0", env=none
    ):
        machine.apitrail("exec", "--", "aws", "sqs", "list-queues")
        until(lambda: machine.events("--event-name", "GetCallerIdentity") or None)
        machine.apitrail("exec", "--", "aws", "sqs", "list-queues")
    named = [arn for name, arn in callers(machine) if name == "ListQueues"]
    assert named == [None, CALLER]
