"""What the steps of the action share: where things lie, the files that a runner reads, apitrail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

AT = Path(os.environ["RUNNER_TEMP"]) / "apitrail"
TRAIL = AT / "trail"
STATE = AT / "job.json"
# A trail that is made in a job is known in that job alone.
ENVIRONMENT = {**os.environ, "APITRAIL_TRAIL": str(TRAIL), "APITRAIL_CONFIG": str(AT / "config")}


def apitrail(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run apitrail; where it fails, say what it said and end the step."""
    done = subprocess.run(
        ["apitrail", *arguments], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        fail(done.stderr)
    return done


def fail(text: str) -> NoReturn:
    """End the step with an annotation."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["it said nothing"]
    print(f"::error title=apitrail::{escaped(' '.join(lines[-2:]))}")
    sys.exit(1)


def escaped(text: str) -> str:
    """Text as the data of a workflow command; it can begin no other."""
    for character, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(character, code)
    return text


def export(variables: Mapping[str, str]) -> None:
    """Variables of the steps that follow."""
    _write("GITHUB_ENV", variables)


def output(**values: str) -> None:
    """Outputs of this step."""
    _write("GITHUB_OUTPUT", values)


def _write(file: str, values: Mapping[str, str]) -> None:
    with Path(os.environ[file]).open("a", encoding="utf-8") as out:
        for name, value in values.items():
            # A delimiter that nobody can know ends a value, whatever lines it has.
            end = f"apitrail-{uuid.uuid4()}"
            out.write(f"{name}<<{end}\n{value}\n{end}\n")


def remember(**values: Any) -> None:
    """Keep something for a later step."""
    STATE.parent.mkdir(parents=True, exist_ok=True)
    STATE.write_text(json.dumps(recalled() | values), encoding="utf-8")


def forget() -> None:
    """The job can be recorded again."""
    STATE.unlink()


def recalled() -> dict[str, Any]:
    """What earlier steps kept."""
    found: dict[str, Any] = json.loads(STATE.read_text("utf-8")) if STATE.exists() else {}
    return found


def labels() -> list[str]:
    """The labels of the job's run, as options."""
    named = {"build": "GITHUB_RUN_ID", "commit": "GITHUB_SHA", "job": "GITHUB_JOB"}
    found = {key: os.environ.get(name) for key, name in named.items()}
    return [part for key, value in found.items() if value for part in ("--label", f"{key}={value}")]
