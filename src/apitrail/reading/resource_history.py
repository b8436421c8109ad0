"""A resource's history: every change and observation, by whom, the state then, and what is not known."""

from __future__ import annotations

from collections.abc import Container, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any

from apitrail.codec import Json
from apitrail.entry import CALLS, Entry
from apitrail.event import RECORD_TAGS, CallFacts, Event, Resource
from apitrail.evidence.bundle import Bundle
from apitrail.evidence.bundle.watched import Unwatched, Watched
from apitrail.evidence.verify.coverage import MISSED
from apitrail.query import Filter, Pattern, Value, caller
from apitrail.reading import columns, listed_in, observing, render, state_lines
from apitrail.reading.columns import Column
from apitrail.reading.observing import Drift
from apitrail.reading.spellings import spellings
from apitrail.source import Source
from apitrail.state import knowledge
from apitrail.state.knowledge import Known, Told
from apitrail.state.observation import ACKNOWLEDGEMENTS
from apitrail.state.wanted import Wanted
from apitrail.trail import statements
from apitrail.when import iso

_STYLES = {"changed": columns.GREEN, "read": "", "unknown": columns.YELLOW}


def _by_outcome(cell: str) -> str:
    return _STYLES.get(cell, columns.RED)


COLUMNS = (
    Column("TIME", None, style=columns.dim),
    Column("EVENT", 14, weight=3),
    Column("CALLER", 12, weight=3),
    Column("OUTCOME", 8, style=_by_outcome, weight=2),
    Column("ID", None, rank=1, style=columns.dim),
)
# Of more things than these, the number is said.
NAMED = 20

# The facets of so many entries are read at once.
_TOGETHER = 500

# The kinds of entries that tell when a recorder was watching.
_SPEAKING = ("open", "close", "heartbeat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call; `outcome` is `changed`, `read`, `failed: CODE` or `unknown`.

    `state` is what is known of the resource after it, by parts, and `told` what the call says of each.
    Where it says nothing of the state, `asked` are the parameters and `answer` is what came back,
    as they are; None where there is nothing, or it was not kept or not disclosed.
    """

    index: int
    id: str
    time: int
    event: str
    caller: str
    outcome: str
    state: Mapping[str, Json]
    told: tuple[Told, ...] = ()
    asked: Json = None
    answer: Json = None
    drift: tuple[Drift, ...] = ()

    @property
    def is_news(self) -> bool:
        """Did it change something, or show what was not known?"""
        if self.drift or any(each.is_news for each in self.told):
            return True
        # A failed read that says once more that there is nothing is like any other read.
        seen = bool(self.told) and self.outcome.startswith("failed")
        return self.outcome != "read" and not seen

    def to_json(self) -> dict[str, Json]:
        """For scripts."""
        return {
            "entry": self.index, "eventID": self.id, "time": iso(self.time), "event": self.event,
            "caller": self.caller, "outcome": self.outcome, "state": self.state,
            "told": [state_lines.told_json(each) for each in self.told],
            **({"asked": self.asked} if self.asked is not None else {}),
            **({"answer": self.answer} if self.answer is not None else {}),
            **({"drift": [each.to_json() for each in self.drift]} if self.drift else {}),
        }  # fmt: skip

    @property
    def row(self) -> tuple[str, ...]:
        """One line of the table for people."""
        time = str(iso(self.time))[:19].replace("T", " ") + "Z"
        return time, self.event, self.caller, self.outcome, self.id[:8]

    def details(self) -> Iterator[str]:
        """What stands under that line."""
        for each in self.told:
            yield from state_lines.of_told(each)
        yield from state_lines.as_it_is("asked", self.asked)
        yield from state_lines.as_it_is("answered", self.answer)
        for drift in self.drift:
            yield f"! {drift.text()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceHistory:
    """The calls, oldest first, and how far they can be relied on.

    `arns` are the different resources the name stands for; `scope` are the entries that were
    all searched: those of the log, or of the range that a bundle proves; None for an extract.
    """

    resource: str
    calls: tuple[Call, ...]
    arns: tuple[str, ...]
    scope: range | None
    since: int
    until: int
    undetermined: tuple[int, ...] = ()
    erased: tuple[int, ...] = ()
    unwatched: tuple[Unwatched, ...] = ()
    reads: bool = False
    known: tuple[Known, ...] = ()
    drift: tuple[Drift, ...] = ()
    left: int = 0
    brief: bool = False

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        gaps = self.unwatched
        return {
            "resource": self.resource,
            "arns": list(self.arns),
            "history": [call.to_json() for call in self.calls],
            "complete": self.scope is not None,
            "entries": None if self.scope is None else [self.scope.start, self.scope.stop - 1],
            "since": iso(self.since),
            "until": iso(self.until),
            "undetermined": list(self.undetermined),
            "erased": list(self.erased),
            "unwatched": [
                {"from": iso(gap.start), "to": iso(gap.end), "reason": gap.reason} for gap in gaps
            ],
            "drift": [each.to_json() for each in self.drift],
            "statement": list(self.statement()),
        }

    def statement(self) -> Iterator[str]:
        """What can be said of the time between the calls."""
        what = "calls that name" if self.reads else "changes of"
        span = f"between {iso(self.since)} and {iso(self.until)}" if self.until else "at any time"
        if self.brief:
            yield f"what else may have touched {self.resource} was not looked for here"
        elif self.scope is not None:
            entries = f"entries {self.scope.start} to {self.scope.stop - 1}"
            yield f"no other {what} {self.resource} {span}, in {entries} of this log"
        else:
            yield f"only what this bundle discloses: it does not say that there are no other {what} it"
        if len(self.arns) > 1:
            some = ", ".join(self.arns[:NAMED])
            more = len(self.arns) - NAMED
            rest = f" and {more} more" if more > 0 else ""
            yield f"the name stands for {len(self.arns)} resources: {some}{rest}"
        if self.undetermined:
            number = _count(len(self.undetermined), "call")
            yield f"{number} whose resources could not be told: {_some(self.undetermined)}"
        if self.erased:
            yield f"{_count(len(self.erased), 'call')} erased since: {_some(self.erased)}"
        if self.left:
            least = " or more" if self.left == listed_in.COUNTED else ""
            yield f"{_count(self.left, 'older listing')}{least} that may show it: not looked into"
        for drift in self.drift:
            yield drift.text()
        for gap in self.unwatched:
            yield f"nobody was watching from {iso(gap.start)} to {iso(gap.end)}: {gap.reason}"


def tell(
    source: Source,
    resource: str,
    where: Filter,
    *,
    reads: bool = False,
    brief: Sequence[Unwatched] | None = None,
) -> ResourceHistory:
    """The history of a resource given by name or ARN, among the calls that match `where`; with `*`
    in it, of all that it stands for.

    A read counts where it showed what was not known; `reads` adds all others. What was known before
    the time of `where` is learnt from the calls before it. `brief` are the times in which nobody was
    watching, where somebody knows them: then it is not sought what else may have touched the
    resource, and fewer listings are searched.
    """
    names = _meant(source, resource)
    ever = replace(where, since=None)
    named = {*source.select(replace(ever, resource_name=names))}
    found = named | {*_nameless(source, resource, ever, named)}
    wanted = Wanted(names)
    listings = listed_in.listings(
        source, wanted, ever, found, None if brief is None else listed_in.FEW
    )
    told = observing.Observing(source, wanted)
    calls = [
        call
        for index, event in _events(source, sorted(found | listings.entries))
        # A listing may hold the name as a part of another.
        if (call := _call(source, index, event, told, is_named=index in found)).told
        or index in found
    ]
    since = -1 if where.since is None else where.since
    calls = [call for call in calls if call.time >= since]
    times = {call.index for call in calls}
    drift = tuple(each for each in told.drift() if each.after in times)
    arns = {arn for item in told.resources.values() for name in names for arn in _arns(item, name)}
    history = ResourceHistory(
        resource=resource,
        calls=tuple(call for call in _marked(calls, drift) if reads or call.is_news),
        arns=tuple(sorted(arns)),
        scope=None,
        since=where.since or (calls[0].time if calls else 0),
        until=where.until or (calls[-1].time if calls else 0),
        unwatched=tuple(brief or ()),
        reads=reads,
        known=told.known,
        drift=drift,
        left=listings.left,
        brief=brief is not None,
    )
    return history if history.brief else _whole(source, where, history, found)


def _whole(
    source: Source, where: Filter, history: ResourceHistory, found: set[int]
) -> ResourceHistory:
    """The history with what else may have touched the resource, and when nobody was watching."""
    scope = _scope(source)
    books = _read_books(source, where, scope or range(0))
    return replace(
        history,
        scope=scope,
        since=books.coverage.since,
        until=books.coverage.until,
        undetermined=tuple(_undetermined(source, where, found, reads=history.reads)),
        erased=tuple(sorted(books.erased)),
        unwatched=tuple(books.coverage.gaps),
    )


def _marked(calls: list[Call], drift: tuple[Drift, ...]) -> Iterator[Call]:
    """The calls, each with the drift that it shows."""
    after: dict[int, list[Drift]] = {}
    for each in drift:
        after.setdefault(each.after, []).append(each)
    for call in calls:
        found = after.get(call.index)
        yield replace(call, drift=tuple(found)) if found else call


def _nameless(source: Source, resource: str, where: Filter, named: Container[int]) -> Iterator[int]:
    """Other calls that named the resource of this ARN before its account or region was known."""
    if not resource.startswith("arn:"):
        return
    known = source.select(replace(where, resource_name=(resource,)), limit=1)
    for index in known:
        for item in _resources(source, index):
            if item.arn == resource and item.name:
                nameless = replace(item, arn="")
                for other in source.select(replace(where, resource_name=(item.name,))):
                    if other not in named and nameless in _resources(source, other):
                        yield other


def _resources(source: Source, index: int) -> tuple[Resource, ...]:
    return Event.parse(source.facets(index, ("what",))).resources


def _arns(item: Resource, name: Value) -> Iterator[str]:
    if item.arn and _is_meant(name, item):
        yield item.arn


def _meant(source: Source, resource: str) -> tuple[Value, ...]:
    return (Pattern(resource),) if "*" in resource else spellings(source, resource)


def _is_meant(value: Value, item: Resource) -> bool:
    if isinstance(value, Pattern):
        return any(value.matches(text, exactly=True) for text in (item.name, item.arn))
    return value in (item.name, item.arn)


def _events(source: Source, indexes: Sequence[int]) -> Iterator[tuple[int, Event]]:
    """The events of these entries, in order, many read at once."""
    for some in batched(indexes, _TOGETHER, strict=False):
        for index, facets in source.many(some, RECORD_TAGS):
            yield index, Event.parse(facets)


def _call(
    source: Source, index: int, event: Event, told: observing.Observing, *, is_named: bool
) -> Call:
    record, call = event.record(), event.call
    user = record.get("userIdentity") or {}
    # What was answered has a status: its entry need not be read.
    is_unknown = call.status is None and any(
        Entry.kind_of(link) == "unknown" for link in source.entries(index, index + 1)
    )
    outcome = _outcome(record, call, is_unknown=is_unknown)
    said = told.learn(index, event, outcome, is_named=is_named)
    is_shown = any(
        each.how in (knowledge.FIRST, knowledge.SAME, knowledge.CHANGED) for each in said
    )
    wrote = outcome in ("changed", "unknown") and not is_shown
    return Call(
        index=index,
        id=str(record.get("eventID")),
        time=call.time or 0,
        event=f"{str(record.get('eventSource')).partition('.')[0]}:{record.get('eventName')}",
        caller=caller(user) or "-",
        outcome=outcome,
        state=told.state(),
        told=said,
        asked=event.request.parameters if event.request and wrote else None,
        answer=_answer(event) if wrote else None,
    )


def _answer(event: Event) -> Json:
    """What came back, without what only says that it worked."""
    result = event.response.result if event.response else None
    if not isinstance(result, dict):
        return None
    return {name: value for name, value in result.items() if name not in ACKNOWLEDGEMENTS} or None


def _outcome(record: Mapping[str, Any], call: CallFacts, *, is_unknown: bool) -> str:
    if is_unknown or call.failure:
        return "unknown"  # the call was sent, and may have been carried out
    if call.error:
        return f"failed: {call.error}"
    return "read" if record.get("readOnly") else "changed"


def _undetermined(source: Source, where: Filter, found: set[int], *, reads: bool) -> Iterator[int]:
    """Other calls that may have touched it: the decoder could not tell what they touched."""
    asked = where if reads else replace(where, read_only=False)
    return (index for index in source.undetermined(asked) if index not in found)


@dataclass(frozen=True, slots=True)
class _Books:
    coverage: Watched
    erased: set[int]


def _scope(source: Source) -> range | None:
    """The entries of which every call can be searched; a range has `what` opened in all."""
    if not isinstance(source, Bundle):
        return range(source.size)
    claimed = source.manifest.range
    return None if claimed is None else range(claimed.first, claimed.last + 1)


def _read_books(source: Source, where: Filter, scope: range) -> _Books:
    """The recorder's coverage of the time asked for, and the calls that were erased."""
    newest = source.entry(scope.stop - 1) if scope else None
    until = where.until or (newest.time if newest else 0)
    coverage: Watched | None = None
    erased: set[int] = set()
    last = 0
    after = scope.start
    for data in _beside_books(source, scope):
        index, time, kind = Entry.head_of(data)
        if coverage is None:
            coverage = Watched(time if where.since is None else where.since, until)
        elif index > after and time - last > MISSED * coverage.interval:
            # Only calls are between the two. They show that a recorder was at work.
            for call in source.entries(after, index):
                coverage.add(*Entry.head_of(call), None)
        after, last = index + 1, time
        says = statements.of(source, kind, index) if kind in _SPEAKING else None
        coverage.add(index, time, kind, says)
        if kind == "erase":
            erased.update(_erased_calls(source, index))
    if coverage is None:
        return _Books(Watched(where.since or 0, until), erased)
    coverage.finish(last)
    return _Books(coverage, erased)


def _beside_books(source: Source, scope: range) -> Iterator[bytes]:
    """The first and the last entry, those that are no calls, and those beside them.

    The others are calls with calls beside them: where a recorder began and ended, and whether it
    was silent for long, these tell.
    """
    if not scope:
        return
    wanted = {scope.start, scope.stop - 1}
    for index in source.books(scope.start, scope.stop):
        wanted.update((index - 1, index, index + 1))
    ordered = sorted(index for index in wanted if index in scope)
    start = ordered[0]
    for index, following in zip(ordered, [*ordered[1:], -1], strict=True):
        if following != index + 1:
            yield from source.entries(start, index + 1)
            start = following


def _erased_calls(source: Source, index: int) -> Iterator[int]:
    for target in statements.erased(source, index):
        if "what" in target.facets and _is_call(source, target.index):
            yield target.index


def _is_call(source: Source, index: int) -> bool:
    link = source.entry(index)
    return link is not None and link.kind in CALLS


def lines(
    history: ResourceHistory, *, output: str, width: int | None, colour: bool = False
) -> Generator[str]:
    """The history as a table or as JSON."""
    if output == "json":
        yield render.json_document(history.to_json())
        return
    if history.calls:
        yield from _table(history.calls, width, colour=colour)
        yield ""
    yield from map(render.clean, history.statement())


def _table(calls: tuple[Call, ...], width: int | None, *, colour: bool) -> Iterator[str]:
    """A line for each call, and under it what it says of the resource."""
    rows = [[render.clean(cell) for cell in item.row] for item in calls]
    years = {row[0][:5] for row in rows}
    if width is not None and len(years) == 1:
        rows = [[row[0].removeprefix(*years), *row[1:]] for row in rows]
    head, *found = columns.laid_out(rows, COLUMNS, width, colour=colour)
    yield head
    for line, call in zip(found, calls, strict=True):
        yield line
        for detail in call.details():
            shown = f"    {render.clean(detail)}"
            yield shown if width is None or len(shown) <= width else f"{shown[: width - 1]}…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _some(indexes: tuple[int, ...]) -> str:
    named = ", ".join(f"entry {index}" for index in indexes[:NAMED])
    return named if len(indexes) <= NAMED else f"{named} and {len(indexes) - NAMED} more"
