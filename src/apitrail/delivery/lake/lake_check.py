"""Verifying a lake: each log by its own lists, and no file that is in none of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from apitrail.counted import counted
from apitrail.delivery.lake.hour_file import SUFFIX
from apitrail.delivery.lake.lake_list import FOLDER, folder
from apitrail.delivery.lake.lake_place import LakePlace
from apitrail.delivery.lake.list_check import lists_in
from apitrail.delivery.lake.log_check import Beside, LogCheck
from apitrail.delivery.logfiles import findings
from apitrail.delivery.logfiles.check import Step
from apitrail.evidence.verify.report import Finding, Report, Trust, Verdict, tampered
from apitrail.tlog.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReport:
    """What holds of one log; `erased` are files that still hold what was erased, with entries."""

    name: str
    report: Report
    lists: int
    files: int
    rows: int
    compared: int
    erased: dict[str, tuple[int, ...]]

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            **self.report.to_json(),
            "folder": f"{FOLDER}/{self.name}", "lists": self.lists, "files": self.files,
            "rows": self.rows, "rowsCompared": self.compared,
            "stillHolding": {name: list(found) for name, found in self.erased.items()},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class LakeReport:
    """The verdict on a lake: that of its worst log, or on files that are in no list."""

    verdict: Verdict
    message: str
    hint: str | None
    logs: tuple[LogReport, ...]

    @property
    def holds(self) -> bool:
        """Does all of it hold?"""
        return self.verdict is Verdict.OK

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "verdict": str(self.verdict), "holds": self.holds, "message": self.message,
            "hint": self.hint, "logs": [log.to_json() for log in self.logs],
        }  # fmt: skip

    def __str__(self) -> str:
        each = [f"  {log.report}" for log in self.logs] if len(self.logs) > 1 else []
        return "\n".join([f"{self.verdict}: {self.message}", *each])


def verify_lake(
    place: LakePlace, trust: Trust, beside: Beside, *,
    expected: Sequence[str] = (), step: Step = lambda _: None,
) -> LakeReport:  # fmt: skip
    """Check every log of a lake; what does not hold is named, file by file.

    Args:
        place: where the lake lies.
        trust: keys and heads known from outside.
        beside: what else is at hand to compare with.
        expected: origins of logs that must be here.
        step: told of each step as it begins.

    Raises:
        FormatError: what is given as an older checkpoint is none.
    """
    names = place.names()
    logs = [LogCheck(place, name, names, trust) for name in lists_in(names)]
    reports = [_reported(log, log.check(beside, step)) for log in logs]
    found = [
        Finding(log.report.verdict, log.report.message, hint=log.report.hint)
        for log in reports
        if not log.report.holds
    ]
    found += _absent(expected, "its key", {log.name for log in logs})
    if beside.since is not None:
        given = [Checkpoint.unverified(beside.since).origin]
        found += _absent(given, "a checkpoint of it", {log.name for log in logs})
    found += [tampered(problem) for problem in _strangers(place, names, logs)]
    if not logs and not found:
        message = "no list is here: a lake has them under " + FOLDER
        found = [Finding(Verdict.TRUNCATED, message, hint="name the directory that `export --format parquet` was given")]  # fmt: skip
    if found:
        worst = findings.together(found)
        return LakeReport(worst.verdict, str(worst), worst.hint, tuple(reports))
    if len(reports) == 1:
        return LakeReport(Verdict.OK, reports[0].report.message, None, tuple(reports))
    message = (
        f"{len(reports)} logs, {counted(sum(log.rows for log in reports), 'call')} in "
        f"{counted(sum(log.files for log in reports), 'file')}"
    )
    return LakeReport(Verdict.OK, message, None, tuple(reports))


def _reported(log: LogCheck, report: Report) -> LogReport:
    return LogReport(
        name=log.name, report=report, lists=len(log.lists), compared=log.held.rows,
        files=sum(len(each.said.files) for each in log.lists),
        rows=sum(each.said.rows for each in log.lists), erased=log.held.erased,
    )  # fmt: skip


def _absent(expected: Sequence[str], what: str, here: set[str]) -> Iterator[Finding]:
    for origin in expected:
        if folder(origin) not in here:
            message = f"no list of the log {_shown(origin)} is here, and {what} was given"
            yield Finding(Verdict.TRUNCATED, message)


def _strangers(place: LakePlace, names: list[str], logs: Sequence[LogCheck]) -> Iterator[str]:
    """Files that a query would read, or that look like lists, and that no list names."""
    known = {name for log in logs for name in log.known}
    sums = {digest: name for log in logs for digest, name in log.sums.items()}
    # Of a log whose lists could not be read nothing is known of its files.
    unread = tuple(f"{log.name}-" for log in logs if not log.lists)
    for name in names:
        mine = name.startswith((f"{FOLDER}/", "eventday=")) or name.lower().endswith(SUFFIX)
        if name in known or not mine or name.rpartition("/")[2].startswith(unread):
            continue
        if any(name.startswith(f"{FOLDER}/{log.name}/") for log in logs if not log.lists):
            continue
        digest = hashlib.sha256(place.read(name) or b"").hexdigest()
        if digest in sums:
            yield f"{_shown(name)} is {sums[digest]} a second time"
        else:
            yield f"{_shown(name)} is in no list"


def _shown(name: str) -> str:
    """A name that somebody else may have chosen, in one line and without what moves a cursor."""
    return name if name.isprintable() else ascii(name)
