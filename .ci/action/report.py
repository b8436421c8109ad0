"""Tell what the job called, and what the last run did not: in its summary, and in the pull request.

Names of resources are anybody's text. They stand in fenced blocks, in which no markup counts, and
never in the job's log, where a line may be a command to the runner.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import job

# Lines of a block, and letters of a comment (65,536 are allowed).
LINES = 60
LETTERS = 60_000


def main() -> None:
    """Write the summary; comment where that can be done."""
    bundle, name = os.environ["APITRAIL_BUNDLE"], os.environ["APITRAIL_NAME"]
    before = baseline(os.environ["APITRAIL_BASELINE"], name)
    changed, difference = compared(before, bundle)
    job.output(changed=changed)
    text = "\n\n".join([headline(bundle, name), difference])[:LETTERS]
    with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as summary:
        summary.write(f"{text}\n")
    if os.environ["APITRAIL_COMMENT"] == "true":
        comment(name, text)


# -- what was called -------------------------------------------------------------------------


def headline(bundle: str, name: str) -> str:
    """The verdict, the counts, and the calls by operation."""
    said = job.apitrail("events", bundle, "--output", "jsonl").stdout
    records = [json.loads(line) for line in said.splitlines()]
    calls, failed = Counter[str](), Counter[str]()
    writes = 0
    for each in records:
        operation = f"{str(each.get('eventSource')).partition('.')[0]}:{each.get('eventName')}"
        calls[operation] += 1
        failed[operation] += "errorCode" in each
        writes += each.get("readOnly") is not True
    holds = os.environ["APITRAIL_HOLDS"] == "true"
    verdict = "The log is complete and unaltered." if holds else "**The log does not hold.**"
    lines = [f"{'calls':>7} {'failed':>7}  operation"]
    lines += [f"{count:7} {failed[key] or '':>7}  {key}" for key, count in calls.most_common()]
    counted = f"{len(records)} AWS calls, {writes} of them writes, {failed.total()} failed."
    return "\n\n".join(["### AWS calls", fenced([name]), f"{counted} {verdict}", fenced(lines)])


def fenced(lines: list[str], language: str = "text") -> str:
    """A block that no line of it can end."""
    shown = ["".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line) for line in lines[:LINES]]  # fmt: skip
    if len(lines) > LINES:
        shown.append(f"… and {len(lines) - LINES} more lines, in the bundle")
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *shown, fence])


# -- what has changed ------------------------------------------------------------------------


def compared(before: Path | None, bundle: str) -> tuple[str, str]:
    """Whether it differs from an earlier bundle, and how."""
    if before is None:
        return "", "There is no earlier run to compare with."
    done = job.apitrail("diff", str(before), bundle, "--exit-code", check=False)
    if done.returncode not in (0, 1):
        return "", "The earlier run's bundle could not be read."
    if done.returncode == 0:
        return "false", "The same calls as in the earlier run, with the same outcomes."
    return "true", "#### Since the earlier run\n\n" + fenced(done.stdout.splitlines()[2:], "diff")


def baseline(given: str, name: str) -> Path | None:
    """The bundle to compare with: a file that was named, or the last successful run's artifact."""
    if given == "none":
        return None
    if given:
        if not Path(given).is_file():
            print("::warning title=apitrail::there is no file as baseline names it")
            return None
        return Path(given)
    run = last_run()
    if run is None:
        return None
    into = Path(tempfile.mkdtemp(dir=job.AT))
    if gh("run", "download", run, "--name", name, "--dir", str(into)) is None:
        return None
    return next(into.rglob("*.zip"), None)


def last_run() -> str | None:
    """The id of the last successful run of this workflow on the branch that this one goes into."""
    workflow = os.environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0].rpartition("/")[2]
    branch = os.environ.get("GITHUB_BASE_REF") or os.environ.get("GITHUB_REF_NAME", "")
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    if not workflow:
        return None
    said = gh(
        "api", "--method", "GET", f"repos/{repository}/actions/workflows/{workflow}/runs",
        "-f", f"branch={branch}", "-f", "status=success", "-f", "per_page=1",
        "--jq", ".workflow_runs[0].id // empty",
    )  # fmt: skip
    return (said or "").strip() or None


# -- the comment -----------------------------------------------------------------------------


def comment(name: str, text: str) -> None:
    """One comment for each artifact's name, written anew by each run."""
    number, repository = pull_request(), os.environ.get("GITHUB_REPOSITORY", "")
    if number is None:
        return
    mark = f"<!-- apitrail {hashlib.sha256(name.encode()).hexdigest()[:16]} -->"
    of = f"repos/{repository}/issues"
    listed = gh(
        "api", "--paginate", f"{of}/{number}/comments",
        "--jq", f".[] | select(.body | startswith({json.dumps(mark)})) | .id",
    )  # fmt: skip
    own = (listed or "").split()
    body = job.AT / "comment.json"
    body.write_text(json.dumps({"body": f"{mark}\n{text}"}), encoding="utf-8")
    where = ("PATCH", f"{of}/comments/{own[0]}") if own else ("POST", f"{of}/{number}/comments")
    if gh("api", "--method", where[0], where[1], "--input", str(body)) is None:
        print("::warning title=apitrail::the pull request got no comment: the token may not write there")  # fmt: skip


def pull_request() -> int | None:
    """The number of the pull request that the job is for."""
    path = os.environ.get("GITHUB_EVENT_PATH")
    if not path or not Path(path).is_file():
        return None
    event = json.loads(Path(path).read_text("utf-8"))
    number = (event.get("pull_request") or {}).get("number")
    return number if isinstance(number, int) else None


def gh(*arguments: str) -> str | None:
    """What GitHub's own client prints; None where it is not here, has no token, or may not."""
    if not os.environ.get("GH_TOKEN"):
        return None
    environment = {**os.environ, "GH_PROMPT_DISABLED": "1", "GH_REPO": os.environ.get("GITHUB_REPOSITORY", "")}  # fmt: skip
    try:
        done = subprocess.run(
            ["gh", *arguments], env=environment, capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
