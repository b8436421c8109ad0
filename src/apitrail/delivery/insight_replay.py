"""Runs the detectors over what is there: a trail, a bundle, or CloudTrail's log files.

Nothing is written, and time is the events' own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from apitrail.codec import Object
from apitrail.delivery.reconcile import aws_logs
from apitrail.errors import UsageError
from apitrail.evidence.bundle import is_archive
from apitrail.evidence.opening import open_source
from apitrail.insights.call_entries import events_of
from apitrail.insights.insight import TYPES, Insight
from apitrail.insights.seen import Seen, milliseconds, read
from apitrail.insights.thresholds import Thresholds
from apitrail.insights.watch import Watch
from apitrail.reading.insight_list import Chosen
from apitrail.trail import database
from apitrail.when import iso

type Drifts = dict[str, list[Insight]]
"""What is told of drift, by the id of the event that showed it."""


def replay(
    path: Path, thresholds: Thresholds, say: Callable[[str], None] = lambda _: None
) -> Iterator[Insight]:
    """What the detectors tell of the calls at `path`: a trail, a bundle, or log files.

    Raises:
        UsageError: there are no calls.
    """
    drifts: Drifts = {}
    calls = list(_in_log(path, drifts) if _is_log(path) else _in_files(path, say))
    if not calls:
        raise UsageError(
            f"no calls in {str(path)!r}",
            hint="name a trail, a bundle, or a directory of CloudTrail's log files",
        )
    detectors = Watch(thresholds)
    for call in in_order(calls):
        yield from detectors.see(call)
        yield from drifts.get(call.id, ())


def in_order(calls: Iterable[Seen]) -> Iterator[Seen]:
    """By time, each event once: log files overlap. Calls of one moment are in the order of ids."""
    before = ("", -1)
    for call in sorted(calls, key=lambda call: (call.time, call.id)):
        if not call.id or (call.id, call.time) != before:
            yield call
        before = call.id, call.time


def _is_log(path: Path) -> bool:
    return is_archive(path) or (path / database.FILE).is_file()


def _in_log(path: Path, drifts: Drifts) -> Iterator[Seen]:
    """The calls of a log; `drifts` gets what their answers show, under the call that showed it."""
    detector = Watch().drifts
    ids: dict[str, str] = {}
    with open_source(path) as source:
        for index, call, event in events_of(source, 0, source.size):
            if call is None or event is None:
                continue
            ids[str(index)] = call.id
            for told in detector.see(source, index, event):
                named = replace(told, events=tuple(ids[each] for each in told.events))
                drifts.setdefault(call.id, []).append(named)
            yield call


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
    return (write(insight) for insight in insights if chosen.wants(insight.kind, insight.time))


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
