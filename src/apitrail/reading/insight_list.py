"""The insights that a log tells: as lines, and one of them on a screen."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apitrail.codec import Object
from apitrail.errors import UsageError
from apitrail.event import Event, load
from apitrail.insights.insight import TYPES
from apitrail.query import Filter
from apitrail.reading import drift_detail, event_list, state_lines
from apitrail.reading.event_table import Look
from apitrail.reading.render import clean
from apitrail.source import Source
from apitrail.trail import statements
from apitrail.trail.statements import Insight
from apitrail.when import iso

_WIDTH = max(len(kind) for kind in TYPES)
BARS = " ▁▂▃▄▅▆▇█"
# A graph shows so much before an insight, in so many columns.
HOUR = 3_600_000
COLUMNS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which insights: told from `since` on and before `until` (Unix milliseconds), of these kinds,
    and not those that are to be hidden."""

    since: int | None = None
    until: int | None = None
    kinds: tuple[str, ...] = ()
    hides: Callable[[Insight], bool] = field(default=lambda _: False)

    def wants(self, kind: str, time: int) -> bool:
        """Is it one of them?"""
        return (
            (self.since is None or time >= self.since)
            and (self.until is None or time < self.until)
            and (not self.kinds or kind in self.kinds)
        )


class BookIndexes:
    """Which entries of a growing log are of these kinds, none of them a call's; each is looked at
    once."""

    def __init__(self, *kinds: str) -> None:
        self._found: dict[str, list[int]] = {kind: [] for kind in kinds}
        self._next = 0
        self._lock = threading.Lock()

    def of(self, source: Source, kind: str) -> list[int]:
        """Their indexes, smallest first."""
        with self._lock:
            size = source.size
            for index in source.books(self._next, size):
                link = source.entry(index)
                if link is not None and link.kind in self._found:
                    self._found[link.kind].append(index)
            self._next = max(self._next, size)
            return list(self._found[kind])


def told(source: Source, chosen: Chosen) -> Iterator[tuple[int, Insight]]:
    """The insights that are entries of a log, oldest first, with their indexes."""
    for index in BookIndexes(Insight.KIND).of(source, Insight.KIND):
        said = statements.of(source, Insight.KIND, index)
        if (
            isinstance(said, Insight)
            and chosen.wants(said.kind, said.time)
            and not chosen.hides(said)
        ):
            yield index, said


def lines(source: Source, chosen: Chosen, *, output: str) -> Generator[str]:
    """Them as text, as JSON lines, or as CloudTrail's records."""
    for index, said in told(source, chosen):
        if output == "jsonl":
            yield json.dumps(to_json(source, index, said), separators=(",", ":"))
        else:
            yield text(said)


def present(
    source: Source, chosen: Chosen, *, output: str, query: str | None, limit: int | None
) -> Generator[str]:
    """Them as `events` lists calls: newest first, in a table's lines or as CloudTrail's records."""
    found = [said for _, said in told(source, chosen)][::-1][:limit]
    if output == "table" and query is None:
        yield from map(text, found)
    else:
        yield from event_list.as_records([said.record for said in found], output, query)


def to_json(source: Source, index: int, said: Insight) -> Object:
    """An insight as `--replay` prints it, with its entry."""
    return {
        "time": iso(said.time),
        "kind": said.kind,
        "name": said.name,
        "state": state(said),
        "eventID": said.record.get("eventID"),
        "sharedEventID": said.record.get("sharedEventID"),
        "caller": said.caller or None,
        "why": list(said.why),
        "insightDetails": said.record.get("insightDetails"),
        "events": [_event_id(source, each) for each in said.evidence],
        "entry": index,
    }


def text(said: Insight) -> str:
    """One on a line."""
    whose = f" by {said.caller}" if said.caller else ""
    why = "; ".join(said.why[:3])
    number = str(said.record.get("eventID"))[:8]
    line = f"{iso(said.time)}  {number}  {state(said):5}  {said.kind:{_WIDTH}}  {operation(said)}{whose}: {why}"
    return clean(line)


def state(said: Insight) -> str:
    """Start or End."""
    return str(_details(said).get("state"))


def operation(said: Insight) -> str:
    """`iam:CreateUser`."""
    details = _details(said)
    return f"{str(details.get('eventSource')).partition('.')[0]}:{details.get('eventName')}"


def is_selected(said: Insight, selectors: Sequence[Mapping[str, Any]] | None) -> bool:
    """Is it one that CloudTrail's Insights selectors name? All are, where nobody has put any."""
    if selectors is None:
        return True
    details = _details(said)
    return any(
        selector.get("InsightType") == details.get("insightType")
        and details.get("sourceEventCategory")
        in (selector.get("EventCategories") or ["Management"])
        for selector in selectors
    )


def _details(said: Insight) -> Object:
    found = said.record.get("insightDetails")
    return found if isinstance(found, dict) else {}


def _event_id(source: Source, index: int) -> str | None:
    content = source.facets(index, ("what",)).get("what")
    about = load(content) if content is not None else None
    record = about.get("record") if isinstance(about, dict) else None
    return str(record.get("eventID")) if isinstance(record, dict) else None


def find(source: Source, prefix: str) -> tuple[int, Insight]:
    """The insight whose id, or the id it shares with its other end, begins so.

    Raises:
        UsageError: there is none, or more than one that is not of the same.
    """
    found = [
        (index, said)
        for index, said in told(source, Chosen())
        if str(said.record.get("eventID")).startswith(prefix)
        or str(said.record.get("sharedEventID")).startswith(prefix)
    ]
    if not found:
        raise UsageError(f"no insight {prefix!r}", hint="apitrail insights lists them")
    if len({said.record.get("sharedEventID") for _, said in found}) > 1:
        raise UsageError(
            f"{len(found)} insights begin with {prefix!r}", hint="write more of the id"
        )
    return found[0]


def detail(
    source: Source, prefix: str, look: Look, notes: Iterable[tuple[str, str]] = ()
) -> Generator[str]:
    """One insight on a screen: what, who, why, a graph, and the calls behind it; `notes` are more
    lines, each with a word before it."""
    index, said = find(source, prefix)
    yield f"{operation(said)}  {said.kind}, {said.name}"
    drift = said.kind == drift_detail.KIND
    for label, value in (
        ("told", f"{iso(said.time)}, {state(said)}"),
        ("caller", said.caller or ("not recorded" if drift else "several")),
        *(("why", each) for each in said.why),
        *(() if drift else _figures(said)),
        ("entry", f"{index}, told of entries {said.start} to {said.stop - 1}"),
        *notes,
    ):
        yield clean(f"{label:9} {value}")
    if drift:
        found = drift_detail.differences(source, said)
        yield from (clean(f"{'differs':9}{state_lines.difference(each)[1:]}") for each in found)
    else:
        yield from graph(source, said)
    there = [each for each in said.evidence if source.facets(each, ("what",))]
    yield ""
    yield from event_list.present(source, there, output="table", look=look)


def _figures(said: Insight) -> tuple[tuple[str, str], ...]:
    return (
        ("usual", f"{average(said, 'baseline'):.4f} calls a minute"),
        ("then", f"{average(said, 'insight'):.4f} calls a minute"),
    )


def average(said: Insight, name: str) -> float:
    """Calls a minute, of the `baseline` or in the time of the `insight`."""
    context = _details(said).get("insightContext")
    statistics = context.get("statistics") if isinstance(context, dict) else None
    value = statistics.get(name) if isinstance(statistics, dict) else None
    average = value.get("average") if isinstance(value, dict) else None
    return float(average) if isinstance(average, int | float) else 0.0


def graph(source: Source, said: Insight) -> Iterator[str]:
    """The calls of its operation in the hour before it was told, a column a minute."""
    name = str(_details(said).get("eventName"))
    where = Filter(event_name=(name,), since=said.time - HOUR, until=said.time + 1)
    counts = [0] * COLUMNS
    for index in source.select(where):
        if (moment := call_time(source, index)) is not None:
            column = (moment - said.time + HOUR) * COLUMNS // HOUR
            counts[min(max(column, 0), COLUMNS - 1)] += 1
    most = max(counts)
    if most:
        bars = "".join(BARS[-(-count * (len(BARS) - 1) // most)] for count in counts)
        yield f"{'an hour':9} {bars}  {most} a minute at most"


def call_time(source: Source, index: int) -> int | None:
    """When a call ended, Unix milliseconds; None where it was erased."""
    return Event.parse(source.facets(index, ("what",))).call.time
