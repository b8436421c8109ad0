"""Start the recorder, and send the steps that follow to it."""

from __future__ import annotations

import json
import os
import time
from urllib.parse import urlsplit

import job

# A runner lets no step set these for later ones: `run`, `apitrail exec` or `eval "$(apitrail env)"`
# do, for Node's SDK.
REFUSED = ("NODE_OPTIONS",)
# Put back when it finishes: what would lead clients to a recorder that is gone. A variable can only
# be made empty, and an empty name of a store is a store to some; the stores stay where they are.
PUT_BACK = ("_PROXY", "_proxy", "APITRAIL_RUN")


def main() -> None:
    """Record from now on."""
    began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    job.apitrail("record", "--detach", *options())
    preset: dict[str, str] = {}
    if not os.environ["APITRAIL_COMMANDS"].strip():
        preset = sent()
    # Later steps may ask this trail, also when it is finished.
    job.export({name: job.ENVIRONMENT[name] for name in ("APITRAIL_TRAIL", "APITRAIL_CONFIG")})
    job.remember(began=began, preset=preset)
    print("apitrail: the AWS calls of this job are recorded from here on")


def options() -> list[str]:
    """The recorder's, by the inputs and by what the job has set."""
    found = ["--mode", mode()]
    if upstream := os.environ["APITRAIL_UPSTREAM"].strip():
        found += ["--upstream", upstream]
    for guard in os.environ["APITRAIL_GUARDS"].splitlines():
        found += ["--guard", guard.strip()] if guard.strip() else []
    return found


def mode() -> str:
    """A free port; behind the proxy that the runner is told to use."""
    proxy = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY")
    if not proxy:
        return "regular@127.0.0.1:0"
    if urlsplit(proxy).username:
        job.fail("the runner's HTTPS_PROXY has a password, which a recorder cannot keep; use `apitrail exec`")  # fmt: skip
    return f"upstream:{proxy}@127.0.0.1:0"


def sent() -> dict[str, str]:
    """Set the variables of later steps; gives what finishing puts back."""
    said = job.apitrail("env", "--output", "json", *job.labels()).stdout
    found: dict[str, str] = json.loads(said)
    variables = {
        name: value
        for name, value in found.items()
        if name not in REFUSED and os.environ.get(name) != value
    }
    job.export(variables)
    return {
        name: os.environ.get(name, "")
        for name in variables
        if name.endswith(PUT_BACK) or name.startswith("AWS_ENDPOINT_URL")
    }
