"""Runs the detectors over what is there: a trail, a bundle, or CloudTrail's log files.

Nothing is written, and time is the events' own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from apitrail.codec import Object
from apitrail.delivery.reconcile import aws_logs
from apitrail.entry import CALLS, Entry
from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.evidence.bundle import is_archive
from apitrail.evidence.opening import open_source
from apitrail.insights.caller import stable_labels
from apitrail.insights.insight import TYPES, Insight
from apitrail.insights.seen import Seen, milliseconds, read
from apitrail.insights.thresholds import Thresholds
from apitrail.insights.watch import watch
from apitrail.source import Source
from apitrail.trail import database
from apitrail.when import iso

# The facets that a call's record is read from; the answer is not needed.
TAGS = ("who", "what", "request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which insights are printed: told at `since` (Unix milliseconds) or later, of these kinds."""

    since: int | None = None
    kinds: tuple[str, ...] = ()

    def __call__(self, insight: Insight) -> bool:
        return (self.since is None or insight.time >= self.since) and (
            not self.kinds or insight.kind in self.kinds
        )


def of_trail(path: Path, thresholds: Thresholds) -> Iterator[Insight]:
    """What the detectors tell of the calls in a trail or a bundle.

    Raises:
        UsageError: it is neither.
    """
    return watch(in_order(_in_log(path)), thresholds)


def replay(
    path: Path, thresholds: Thresholds, say: Callable[[str], None] = lambda _: None
) -> Iterator[Insight]:
    """What the detectors tell of the calls at `path`: a trail, a bundle, or log files.

    Raises:
        UsageError: there are no calls.
    """
    calls = list(_in_log(path) if _is_log(path) else _in_files(path, say))
    if not calls:
        raise UsageError(
            f"no calls in {str(path)!r}",
            hint="name a trail, a bundle, or a directory of CloudTrail's log files",
        )
    yield from watch(in_order(calls), thresholds)


def in_order(calls: Iterable[Seen]) -> Iterator[Seen]:
    """By time, each event once: log files overlap. Calls of one moment are in the order of ids."""
    before = ("", -1)
    for call in sorted(calls, key=lambda call: (call.time, call.id)):
        if not call.id or (call.id, call.time) != before:
            yield call
        before = call.id, call.time


def _is_log(path: Path) -> bool:
    return is_archive(path) or (path / database.FILE).is_file()


def _in_log(path: Path) -> Iterator[Seen]:
    with open_source(path) as source:
        yield from calls_of(source)


def calls_of(source: Source, start: int = 0, stop: int | None = None) -> Iterator[Seen]:
    """The calls among entries [start, stop) of which enough is left."""
    for data in source.entries(start, stop):
        index, _, kind = Entry.head_of(data)
        if kind in CALLS and (call := call_at(source, index)) is not None:
            yield call


def call_at(source: Source, index: int) -> Seen | None:
    """The call of one entry; None where it was erased or is not disclosed."""
    facets = source.facets(index, TAGS)
    if "what" not in facets or "who" not in facets:
        return None
    event = Event.parse(facets)
    run = event.who.run if event.who else None
    return read(
        event.record(),
        time=event.call.time or 0,
        run=run.id if run else "",
        operator=(event.who.operator if event.who else None) or "",
        labels=stable_labels(run.labels) if run else "",
    )


def _in_files(path: Path, say: Callable[[str], None]) -> Iterator[Seen]:
    left_out: Counter[str] = Counter()
    for _, record in aws_logs.read([str(path)], left_out, milliseconds):
        # Only records with an eventTime come out.
        yield read(record)
    for kind, number in sorted(left_out.items()):
        say(f"left out: {number} of kind {kind!r}")


def lines(insights: Iterable[Insight], *, output: str, chosen: Chosen) -> Generator[str]:
    """The insights as text or JSON lines."""
    write = _json if output == "jsonl" else _text
    return (write(insight) for insight in insights if chosen(insight))


def to_json(insight: Insight) -> Object:
    """An insight with AWS's `insightDetails`, and what AWS has no member for."""
    return {
        "time": iso(insight.time),
        "kind": insight.kind,
        "name": insight.name,
        "state": insight.state,
        "eventID": insight.id,
        "sharedEventID": insight.shared_id,
        "caller": insight.caller or None,
        "why": list(insight.why),
        "insightDetails": insight.details(),
        "events": list(insight.events),
    }


def _json(insight: Insight) -> str:
    return json.dumps(to_json(insight), separators=(",", ":"))


_WIDTH = max(len(kind) for kind in TYPES)


def _text(insight: Insight) -> str:
    what = f"{insight.source.partition('.')[0]}:{insight.operation}"
    whose = f" by {insight.caller}" if insight.caller else ""
    why = "; ".join(insight.why[:3])
    return f"{iso(insight.time)}  {insight.state:5}  {insight.kind:{_WIDTH}}  {what}{whose}: {why}"
