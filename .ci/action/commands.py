"""Run the commands of the input `run` as a step of a job runs them, recorded."""

from __future__ import annotations

import os
import subprocess

import job


def main() -> int:
    """Give the commands' own exit status."""
    script = job.AT / "commands.sh"
    script.write_text(os.environ["APITRAIL_COMMANDS"] + "\n", encoding="utf-8")
    # GitHub's own way to run bash.
    bash = ("bash", "--noprofile", "--norc", "-eo", "pipefail", str(script))
    environment = {k: v for k, v in job.ENVIRONMENT.items() if k != "APITRAIL_COMMANDS"}
    done = subprocess.run(
        ["apitrail", "exec", *job.labels(), "--", *bash], env=environment, check=False
    )
    return done.returncode
