"""Stop the recorder, write the bundle of the job, and judge the log."""

from __future__ import annotations

import json
import os

import job


def main() -> int:
    """Say whether it holds by the output `holds`; a later step fails the job."""
    job.output(holds="false")
    state = job.recalled()
    if not state:
        return 1  # it has not started, and that step has said why
    bundle = job.AT / f"calls-{state['began'].replace(':', '')}.zip"
    facets = [part for each in os.environ["APITRAIL_FACETS"].split() for part in ("--facet", each)]
    # While it still records: so the bundle says that nothing went unwatched until now.
    running = job.apitrail("status", check=False).returncode == 0
    exported = job.apitrail(
        "export", "--since", state["began"], "--prove-complete", *facets, "-o", str(bundle), check=False
    )  # fmt: skip
    job.apitrail("stop", check=False)
    job.export(state["preset"])
    job.forget()
    if exported.returncode:
        job.fail(exported.stderr)
    if not running:
        print("::error title=apitrail::the recorder had ended before the job did")
    holds = all([running, verified(str(job.TRAIL)), verified(str(bundle))])
    job.output(bundle=str(bundle), holds=json.dumps(holds), **counts(str(bundle)))
    return 0


def verified(source: str) -> bool:
    """Verify a trail or a bundle, and say the verdict."""
    done = job.apitrail("verify", source, check=False)
    verdict = (done.stdout or done.stderr).splitlines() or ["it said nothing"]
    print(f"| {verdict[0]}")
    return done.returncode == 0


def counts(bundle: str) -> dict[str, str]:
    """How many calls, writes and errors; outputs are texts."""
    said = job.apitrail("events", bundle, "--output", "jsonl").stdout
    records = [json.loads(line) for line in said.splitlines()]
    return {
        "calls": str(len(records)),
        "writes": str(sum(each.get("readOnly") is not True for each in records)),
        "errors": str(sum("errorCode" in each for each in records)),
    }
