"""Who was recording when, by a lake's lists alone: no file is opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from apitrail.delivery.lake.lake_list import HOUR, LakeList
from apitrail.delivery.lake.lake_place import LakePlace
from apitrail.delivery.lake.list_check import ListCheck, lists_in
from apitrail.errors import UsageError
from apitrail.evidence.verify.coverage import MISSED
from apitrail.evidence.verify.report import Report, Trust
from apitrail.trail.statements import Close, Heartbeat, Open
from apitrail.when import iso

# What a recorder's newest hour may take from its end until it is in the lake, in seconds.
LATE = 900


@dataclass(frozen=True, slots=True)
class Span:
    """A recorder was there, Unix milliseconds; `stopped` says that it ended as it should."""

    since: int
    until: int
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What one log's lists say of its recorder.

    `late` is for how many seconds the next hour has been missing; None where it is not, or where
    the recorder has stopped.
    """

    name: str
    report: Report
    spans: tuple[Span, ...] = ()
    heartbeat: int | None = None
    version: str | None = None
    until: int | None = None
    late: int | None = None
    rows: int = 0

    @property
    def state(self) -> str:
        """In a word or two."""
        if self.late is not None:
            return f"late by {_duration(self.late)}"
        if not self.spans:
            return "never started" if self.report.holds else "not known"
        return "stopped" if self.spans[-1].stopped else "recording"

    @property
    def holds(self) -> bool:
        """Do its lists hold, and is it on time?"""
        return self.report.holds and self.late is None

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "log": self.report.origin, "folder": self.name, "state": self.state,
            "lateSeconds": self.late, "heartbeat": iso(self.heartbeat), "version": self.version,
            "entries": self.report.entries, "calls": self.rows, "until": iso(self.until),
            "recorded": [
                {"since": iso(each.since), "until": iso(each.until), "stopped": each.stopped}
                for each in self.spans
            ],
            "verdict": str(self.report.verdict), "message": self.report.message,
        }  # fmt: skip


def coverage(
    place: LakePlace, trust: Trust, *, now: int, late: int = LATE, since: int = 0
) -> list[Covered]:
    """What each log's lists say, up to `now`; lists of hours before `since` are not read.

    Both are Unix milliseconds.

    Raises:
        UsageError: there is no list.
    """
    names = place.names()
    found = [ListCheck(place, name, names, trust) for name in lists_in(names)]
    if not found:
        raise UsageError("no list is here", hint="apitrail export --format parquet -o DIR")
    return [_covered(log, log.check_lists(since // 1000), now, late) for log in found]


def _covered(log: ListCheck, report: Report, now: int, late: int) -> Covered:
    lists = [each.said for each in log.lists]
    if not lists:
        return Covered(name=log.name, report=report)
    spans, newest = tuple(spans_of(lists)), lists[-1]
    # The hour after the newest one is over at this second.
    due = newest.hour + 2 * HOUR
    is_late = now // 1000 >= due + late and not (spans and spans[-1].stopped)
    return Covered(
        name=log.name, report=report, spans=spans, version=newest.recorder,
        heartbeat=max((beat for said in lists for beat in _beats(said)), default=None),
        until=(newest.hour + HOUR) * 1000, rows=sum(said.rows for said in lists),
        late=now // 1000 - due if is_late else None,
    )  # fmt: skip


def _beats(said: LakeList) -> Iterator[int]:
    return (each.time for each in said.rowless if each.kind == Heartbeat.KIND)


def spans_of(lists: Iterable[LakeList]) -> Iterator[Span]:
    """When a recorder was there: from its start to its stop, or to its last sign of life.

    A recorder that promised heartbeats and was silent for longer than two of them was not there.
    """
    since = last = None
    for said in lists:
        most = None if said.every is None else MISSED * said.every
        for kind, time in _signs(said):
            silent = last is not None and most is not None and time - last > most
            if since is not None and last is not None and (silent or kind == Open.KIND):
                yield Span(since, last)
                since = None if kind == Open.KIND else time
            if last is None and said.number > 1 and kind != Close.KIND:
                since = time  # its start is in a list that was not read
            if kind == Close.KIND:
                if since is not None:
                    yield Span(since, time, stopped=True)
                since = None
            elif kind == Open.KIND:
                since = time
            last = time
    if since is not None and last is not None:
        yield Span(since, last)


def _signs(said: LakeList) -> Iterator[tuple[str, int]]:
    """Times at which the log says something of itself, with its kind; of calls, the newest."""
    signs = [(each.kind, each.time) for each in said.rowless]
    # Only in its hour: an event may be of long ago.
    calls = [("api", file.newest * 1000) for file in said.files if file.newest >= said.hour]
    yield from sorted(signs + calls, key=lambda sign: sign[1])


def _duration(seconds: int) -> str:
    """`25m`, `3h`, `2d`."""
    for size, unit in ((86_400, "d"), (3600, "h")):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds // 60}m"
