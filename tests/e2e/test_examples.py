"""The examples do what they say: the runnable ones run, the others are at least well-formed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from apitrail.entry import Entry
from apitrail.evidence.opening import open_source
from apitrail.trail import tickets
from machine import Machine, free_port

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def test_the_boto3_program_is_recorded_as_it_is(machine: Machine) -> None:
    program = str(EXAMPLES / "boto3" / "invoices.py")
    done = machine.exec(sys.executable, program, f"invoices-{free_port()}")
    assert done.stdout == "paid\nNoSuchKey\n"
    assert machine.names("--run", "last") == [
        "CreateBucket", "PutObject", "GetObject", "GetObject",
    ]  # fmt: skip
    assert machine.names("--error", "NoSuchKey") == ["GetObject"]


def test_the_ci_job_records_and_shows_what_it_did(machine: Machine) -> None:
    machine.environment["BUCKET"] = f"releases-{free_port()}"
    script = str(EXAMPLES / "ci" / "deploy.sh")
    machine.apitrail(
        "exec", "--upstream", machine.endpoint, "--label", "build=1", "--", script
    )  # fmt: skip
    assert machine.names("--run", "last", "--no-read-only") == ["CreateBucket", "PutObject"]
    assert machine.apitrail("verify").stdout.startswith("OK")


@pytest.mark.mcp
def test_the_agent_is_refused_asks_is_approved_and_goes_on(
    machine: Machine, tmp_path: Path
) -> None:
    program = str(EXAMPLES / "agent" / "story.py")
    directory = tmp_path / "story"
    directory.mkdir()
    options = ["--upstream", machine.endpoint, "--directory", str(directory)]
    said = machine.run(sys.executable, program, *options).stdout
    told = [
        "agent: guard 'guard', statement NoDelete: no approval lets it pass",
        "agent: guard 'guard', statement TablesAreAskedFor: call request_approval",
        "person: CreateTable of 'notes', since 'the old table must stay, and new notes need one'? Yes",
        "agent: Mary approved it: a table for notes is in the plan", "note 6 is one too many",
        "calls/dynamodb:putitem would be 6", "agent: done: 10 calls, 3 of them refused", "used by Mary", "OK: ",
    ]  # fmt: skip
    assert [text for text in told if text not in said] == []
    places = [said.index(text) for text in told]
    assert places == sorted(places)
    with open_source(directory / "story.zip") as bundle:
        rulings = [said for _, said in tickets.rulings(bundle)]
        kinds = [Entry.parse(data).kind for data in bundle.entries(0, bundle.size)]
    assert kinds[:2] == ["open", "policy"]
    assert kinds.count("decision") == 3
    assert kinds.count("denied") >= 3
    assert [said.stated for said in rulings if said.step == "approved"] == [
        "the old table must stay, and new notes need one"
    ]


@pytest.mark.parametrize(
    ("name", "upstream"), [("localstack", 4566), ("moto", 5000), ("minio", 9000)]
)
def test_the_compose_files_recorders_start_as_they_are_told_to(
    machine: Machine, name: str, upstream: int
) -> None:
    compose = yaml.safe_load((EXAMPLES / "compose" / "compose.yaml").read_text())
    service = compose["services"][f"{name}-recorder"]
    assert service["ports"] == ["127.0.0.1:4566:4566"]
    # The same command, at a stand-in that is here and a port that is free.
    port = free_port()
    here = {
        f"{name}:{upstream}": machine.endpoint.removeprefix("http://"),
        "@0.0.0.0:4566": f"@0.0.0.0:{port}",
    }
    subcommand, *options = service["command"]
    for old, new in here.items():
        options = [each.replace(old, new) for each in options]
    assert subcommand == "record"
    with machine.recording(*options):
        machine.run(
            "aws", "sts", "get-caller-identity",
            env={"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"},
        )  # fmt: skip
    assert machine.names() == ["GetCallerIdentity"]


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.py")), ids=lambda path: path.name)
def test_every_program_says_what_it_is(path: Path) -> None:
    assert path.read_text().startswith('"""')
