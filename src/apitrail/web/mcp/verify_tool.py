"""`verify`: does the log hold, or the calls of one run in it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from apitrail import places
from apitrail.codec import Object
from apitrail.errors import UsageError
from apitrail.evidence.known_logs import KnownLogs
from apitrail.evidence.verify import Report, Trust
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from apitrail.web.mcp.plain_data import members
from apitrail.web.mcp.tool import Given, Tool, flag, number, perhaps, text
from apitrail.web.mcp.visible import Visible


def verify(seen: Visible, given: Given) -> Object:
    """The verdict, and what it rests on."""
    trust = KnownLogs(places.directory()).trusted()
    if seen.run is None:
        return _told(_whole(seen, given, trust), "the whole log")
    report = _of_run(seen, seen.run, given, trust)
    own: Object = {"message": "each call of this run is in the log, and is unaltered"}
    return {**_told(report, "the calls of this run"), **(own if report.holds else {})}


def _told(report: Report, what: str) -> Object:
    return members({
        "verdict": str(report.verdict), "holds": report.holds, "checked": what, "calls": report.calls,
        "message": report.message, "hint": report.hint, "entry": report.index,
    })  # fmt: skip


def _whole(seen: Visible, given: Given, trust: Trust) -> Report:
    from apitrail.evidence.verify import trail_check

    with Reader(seen.trail) as source:
        size, done = source.size, 0

    def progress(more: int) -> None:
        nonlocal done
        if given.stop.is_set():
            raise UsageError("it was cancelled")
        done += more
        given.progress(min(done, size), size, "entries checked")

    return trail_check.check(seen.trail, trust, now=seen.clock(), progress=progress)


def _of_run(seen: Visible, run: str, given: Given, trust: Trust) -> Report:
    """The evidence that an auditor would get of the run, verified as an auditor would."""
    from apitrail.delivery import export
    from apitrail.evidence import bundle

    with tempfile.TemporaryDirectory(prefix="apitrail-") as directory, Reader(seen.trail) as source:
        path = Path(directory) / "run.zip"
        given.progress(0, 2, "collecting the evidence")
        export.to_file(source, export.Job(where=Filter(run=(run,))), form="bundle", path=path)
        given.progress(1, 2, "checking it")
        report = bundle.verify_file(path, trust, step=lambda _: None)
    given.progress(2, 2, "done")
    return report


VERIFY = Tool(
    name="verify", title="Verify the log",
    about="Verify that what was recorded is complete and unaltered: the whole log, or, where one run is shown, that its calls are in the log as they were recorded.",
    takes={}, run=verify,
    returns={
        "verdict": text("OK, STALE, TAMPERED, TRUNCATED, FORK, UNTRUSTED-KEY or UNWITNESSED."), "holds": flag("Does the evidence hold?"),
        "checked": text("What was checked."), "calls": number("How many calls were checked."), "message": text("Why."),
        "hint": perhaps(text("What to do.")), "entry": perhaps(number("The entry that does not hold.")),
    },
)  # fmt: skip
