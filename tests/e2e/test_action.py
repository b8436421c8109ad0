"""The GitHub Action, each of its steps run in order on a runner's files: `make action`."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from apitrail.trail import control
from machine import BIN, KEY, SECRET, clean, free_port
from runners import ROOT, Job, parsed

pytestmark = pytest.mark.action

LIST = "python -c \"import boto3; boto3.client('sts').get_caller_identity()\"\n"
MAKE = (
    "python -c \"import boto3, sys; boto3.client('sqs').create_queue(QueueName=sys.argv[1])\" {}\n"
)
# `gh` of a machine on which there is one: it keeps what it is asked, and has one earlier run.
GH = """#!/usr/bin/env python3
import json, os, pathlib, shutil, sys
at, args = pathlib.Path(os.environ["GH_AT"]), sys.argv[1:]
with (at / "asked").open("a") as out:
    out.write(json.dumps(args) + "\\n")
if args[:2] == ["run", "download"]:
    shutil.copy(at / "before.zip", args[args.index("--dir") + 1])
elif "/runs" in args[3 if args[1] == "--method" else 2] and (at / "before.zip").exists():
    print(4711)
elif "--jq" in args and (at / "comment").exists():
    print((at / "comment").read_text())
elif "--input" in args:
    shutil.copy(args[args.index("--input") + 1], at / "body.json")
"""


@pytest.fixture
def job(tmp_path: Path, moto: str) -> Job:
    """A job whose AWS is the stand-in, on a runner that has apitrail."""
    at = tmp_path / "gh"
    at.mkdir()
    (at / "gh").write_text(GH)
    (at / "gh").chmod(0o755)
    return Job(
        tmp_path / "job",
        clean() | {
            "HOME": str(tmp_path), "PATH": f"{at}:{BIN}:{os.environ['PATH']}", "GH_AT": str(at),
            "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ENDPOINT_URL": moto,
        },
    )  # fmt: skip


def test_the_steps_between_start_and_finish_are_recorded(job: Job):
    before = dict(job.environment)
    assert job.uses(install="none"), job.log
    assert job.command(LIST), job.log
    assert job.command(MAKE.format("jobs")), job.log
    assert job.uses(mode="finish"), job.log
    assert job.outputs == {
        "bundle": job.outputs["bundle"], "calls": "2", "writes": "1", "errors": "0",
        "changed": "", "holds": "true",
    }  # fmt: skip
    assert list(job.artifacts) == ["apitrail-deploy"]
    assert "2 AWS calls, 1 of them writes, 0 failed. The log is complete" in job.summary
    assert "1          sqs:CreateQueue" in job.summary
    # Later steps go past the recorder that is gone.
    assert job.command(LIST)
    assert {k: v for k, v in job.environment.items() if v and k.lower().endswith("_proxy")} == {}
    assert job.environment["AWS_ENDPOINT_URL"] == before["AWS_ENDPOINT_URL"]
    said = verified(job)
    assert "OK: 2 calls" in said
    assert "no recorder was running" not in said
    listed = json.loads(apitrail(job, "events", str(job.artifacts["apitrail-deploy"]), "--label", "build=7", "--output", "json"))  # fmt: skip
    assert len(listed["Records"]) == 2


def apitrail(job: Job, *arguments: str) -> str:
    done = subprocess.run(
        ["apitrail", *arguments], env=job.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def verified(job: Job, name: str = "apitrail-deploy") -> str:
    return apitrail(job, "verify", str(job.artifacts[name]))


def test_commands_are_one_step_and_may_be_recorded_again(job: Job):
    assert job.uses(run=LIST + MAKE.format("jobs"), install="none"), job.log
    assert job.outputs["calls"] == "2"
    assert job.uses(run=LIST, install="none", name="second"), job.log
    assert job.outputs["calls"] == "1"
    assert "HTTPS_PROXY" not in job.environment
    assert "OK: 1 call in" in verified(job, "second")


def test_commands_that_fail_fail_the_job_and_are_kept(job: Job):
    assert not job.uses(run=LIST + "exit 3\n" + MAKE.format("jobs"), install="none")
    assert job.outputs["calls"] == "1"
    assert job.outputs["holds"] == "true"
    assert "OK: 1 call in" in verified(job)


def test_a_job_that_is_recorded_already_is_not_recorded_again(job: Job):
    assert job.uses(install="none"), job.log
    assert not job.uses(install="none")
    assert "this job is recorded already; mode: finish ends it" in job.log
    assert job.uses(mode="finish"), job.log


def test_directories_may_have_spaces_and_quotes(tmp_path: Path, job: Job):
    odd = Job(
        tmp_path / "a 'job' $x", job.environment | {"RUNNER_TEMP": "", "GITHUB_WORKSPACE": ""}
    )
    odd.environment |= {"RUNNER_TEMP": str(odd.directory / "temp"), "GITHUB_WORKSPACE": str(odd.workspace)}  # fmt: skip
    assert odd.uses(install="none"), odd.log
    assert odd.command(LIST)
    assert odd.uses(mode="finish"), odd.log
    assert odd.outputs["calls"] == "1"


def test_a_job_without_a_call_proves_that(job: Job):
    assert job.uses(run="true", install="none"), job.log
    assert job.outputs["calls"] == "0"
    assert "OK: 0 calls" in verified(job)


def test_the_example_does_what_it_says(job: Job):
    workflow = yaml.safe_load((ROOT / "examples" / "ci" / "deploy.yaml").read_text("utf-8"))
    shutil.copy(ROOT / "examples" / "ci" / "deploy.sh", job.workspace)
    job.environment["BUCKET"] = f"releases-{free_port()}"
    for step in workflow["jobs"]["deploy"]["steps"]:
        if step.get("uses") == "apitrail/apitrail@v1":
            assert job.uses(**{"install": "none"} | step.get("with", {})), job.log
        elif "run" in step:
            assert job.command(step["run"]), job.log
    assert (job.outputs["calls"], job.outputs["writes"]) == ("3", "2")


def test_what_has_changed_since_the_last_run_is_told(job: Job):
    assert job.uses(run=LIST, install="none", name="before"), job.log
    earlier = shutil.copy(job.artifacts["before"], job.directory / "before.zip")
    assert job.uses(run=LIST, install="none", name="same", baseline=str(earlier)), job.log
    assert job.outputs["changed"] == "false"
    assert job.uses(
        run=LIST + MAKE.format("jobs"), install="none", name="more", baseline=str(earlier)
    )
    assert job.outputs["changed"] == "true"
    assert "+ sqs:CreateQueue  1 call" in job.summary


def test_the_last_run_is_fetched_and_the_pull_request_has_one_comment(job: Job):
    at = Path(job.environment["GH_AT"])
    event = job.directory / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 12}}))
    job.environment |= {
        "GITHUB_EVENT_PATH": str(event), "GITHUB_REPOSITORY": "o/r", "GITHUB_BASE_REF": "main",
        "GITHUB_WORKFLOW_REF": "o/r/.github/workflows/ci.yml@refs/pull/12/merge",
    }  # fmt: skip
    assert job.uses(run=LIST, install="none", name="one"), job.log
    shutil.copy(job.artifacts["one"], at / "before.zip")
    assert json.loads((at / "body.json").read_text())["body"].startswith("<!-- apitrail ")
    (at / "comment").write_text("99")
    (at / "asked").unlink()
    assert job.uses(run=MAKE.format("x"), install="none", name="two"), job.log
    body = json.loads((at / "body.json").read_text())["body"]
    assert "+ sqs:CreateQueue  1 call" in body
    asked = [json.loads(line) for line in (at / "asked").read_text().splitlines()]
    assert asked[0][3] == "repos/o/r/actions/workflows/ci.yml/runs"
    assert "branch=main" in asked[0]
    assert asked[1][:5] == ["run", "download", "4711", "--name", "two"]
    assert asked[-1][1:4] == ["--method", "PATCH", "repos/o/r/issues/comments/99"]


def test_a_token_that_may_not_comment_fails_nothing(job: Job):
    event = job.directory / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 12}}))
    job.environment["GITHUB_EVENT_PATH"] = str(event)
    (Path(job.environment["GH_AT"]) / "gh").write_text("#!/bin/sh\nexit 1\n")
    assert job.uses(run=LIST, install="none"), job.log
    assert "::warning title=apitrail::the pull request got no comment" in job.log


def test_an_altered_log_fails_the_job_and_is_kept(job: Job):
    assert job.uses(install="none"), job.log
    assert job.command(LIST)
    trail = Path(job.environment["APITRAIL_TRAIL"])
    with sqlite3.connect(trail / "trail.db") as database:
        named = database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for (name,) in named:
            database.execute(f"DROP TRIGGER {name}")
        database.execute(
            "UPDATE entry SET data = CAST(replace(data, '\"v\"', '\"w\"') AS BLOB) WHERE idx = 1"
        )
    assert not job.uses(mode="finish")
    assert job.outputs["holds"] == "false"


def test_a_recorder_that_ended_early_fails_the_job(job: Job):
    assert job.uses(install="none"), job.log
    assert job.command(LIST)
    status = control.ask(Path(job.environment["APITRAIL_TRAIL"]), "status")
    assert status is not None
    os.kill(status["pid"], signal.SIGKILL)
    assert not job.uses(mode="finish")
    assert "the recorder had ended before the job did" in job.log
    # What was recorded until then is kept.
    assert job.outputs["calls"] == "1"


HOSTILE = (
    """"'; touch pwned; $(touch pwned) `touch pwned`\nPATH=/nowhere\n::set-env name=X::y ${{ github.token }}""",
    "--help",
)


@pytest.mark.parametrize("text", HOSTILE, ids=["shell", "option"])
@pytest.mark.parametrize(
    "name", ["mode", "name", "upstream", "guards", "facets", "baseline", "comment", "install"]
)
def test_an_input_is_text_and_no_program(job: Job, name: str, text: str):
    """Each of the inputs but `run`, which is a program."""
    commands = {} if name == "mode" else {"run": "true"}
    job.uses(**{"install": "none"} | commands | {name: text})
    for place in (job.workspace, job.directory, ROOT):
        assert not (place / "pwned").exists()
    assert "/nowhere" not in job.environment["PATH"]
    assert "t0ken" not in job.log
    assert not [line for line in job.log.splitlines() if line.lstrip().startswith("::set-")]


def test_names_of_resources_are_text_in_the_summary(job: Job):
    name = "```\n# not a heading @everyone <img src=x>"
    code = f"import boto3\ntry: boto3.client('iam').create_user(UserName={name!r})\nexcept Exception as e: print('no')"
    (job.workspace / "call.py").write_text(code)
    assert job.uses(run=LIST, install="none", name="one"), job.log
    earlier = shutil.copy(job.artifacts["one"], job.directory / "before.zip")
    assert job.uses(run="python call.py", install="none", name="two", baseline=str(earlier)), (
        job.log
    )
    outside, fence = [], ""
    for line in job.summary.splitlines():
        if fence:
            fence = "" if line == fence else fence
        elif ticks := re.match("`{3,}", line):
            fence = ticks[0]
        else:
            outside.append(line)
    assert not fence
    assert "@everyone" in job.summary
    assert "@everyone" not in "".join(outside)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"mode": "finish"}, "nothing to finish: no step of this job started to record"),
        ({"mode": "stop"}, "mode is neither start nor finish"),
        ({"mode": "finish", "run": "true"}, "run and mode: finish together"),
        ({"name": "a/b"}, "name has a character that an artifact's name cannot have"),
        ({"upstream": "nonsense"}, "no scheme in the endpoint URL 'nonsense'"),
        ({"guards": "no-such-guard"}, "no-such-guard"),
    ],
)
def test_what_is_wrong_is_one_annotation(job: Job, inputs, message):
    assert not job.uses(**{"install": "none"} | inputs)
    [line] = [each for each in job.log.splitlines() if each.startswith("::error")]
    assert message in line


def test_another_runner_is_refused(job: Job):
    job.environment["RUNNER_OS"] = "Windows"
    assert not job.uses(install="none")
    assert "it records on Linux and macOS runners alone" in job.log


def test_a_file_of_variables_takes_any_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("GITHUB_ENV", str(tmp_path / "env"))
    monkeypatch.syspath_prepend(str(ROOT / ".ci" / "action"))
    steps = import_module("job")
    values = {"A": "1\n2", "B": "x=y<<EOF", "C": "", "D": "EOF\nE=1"}
    steps.export(values)
    assert parsed((tmp_path / "env").read_text()) == values


@pytest.mark.timeout(600)  # it installs all that apitrail needs
def test_on_a_new_runner_it_installs_itself(job: Job):
    """In an environment of its own; of the PATH only `apitrail` changes."""
    job.environment["PATH"] = f"{job.environment['GH_AT']}:/usr/local/bin:/usr/bin:/bin"
    call = f"{BIN / 'python'} -c \"import boto3; boto3.client('sts').get_caller_identity()\""
    assert job.uses(run=call), job.log
    assert job.outputs["calls"] == "1"
    added = job.environment["PATH"].split(os.pathsep)[0]
    assert [each.name for each in Path(added).iterdir()] == ["apitrail"]
