"""The state of a resource as it was last known: from which entry, how old, and what came since."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from apitrail.codec import Object
from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.reading import render, resource_history, state_lines
from apitrail.reading.resource_history import ResourceHistory
from apitrail.source import Source
from apitrail.state.knowledge import Known
from apitrail.when import iso

_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_HINT = "names are told apart by letter case; apitrail events --resource-name '*NAME*' finds others"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownState:
    """What is known at a time, Unix milliseconds."""

    resource: str
    at: int
    history: ResourceHistory

    @property
    def parts(self) -> tuple[Known, ...]:
        """What is known of each part."""
        return self.history.known

    def to_json(self) -> Object:
        """For scripts."""
        return {
            "resource": self.resource,
            "at": iso(self.at),
            "arns": list(self.history.arns),
            "parts": [self._part(each) for each in self.parts],
            "drift": [each.to_json() for each in self.history.drift],
            "statement": list(self.history.statement()),
        }

    def _part(self, known: Known) -> Object:
        seen = known.index is not None
        return {
            "part": known.label,
            "name": known.name,
            "exists": known.value is not None,
            "state": known.value,
            "seen": {
                "entry": known.index, "eventID": known.id, "time": iso(known.time),
                "operation": known.operation, "ageSeconds": self._age(known) // 1000,
            } if seen else None,
            "seenBefore": {name: index for name, (index, _) in known.older.items()},
            "inferred": list(known.inferred),
            "changedSince": list(known.open),
        }  # fmt: skip

    def _age(self, known: Known) -> int:
        return max(self.at - known.time, 0)

    def lines(self) -> Iterator[str]:
        """For people."""
        names = [known.label for known in self.parts]
        for known in self.parts:
            of = f" of {known.name}" if names.count(known.label) > 1 else ""
            yield f"{known.label}{of}  {self._from(known)}"
            if known.value is None:
                yield "  does not exist"
            else:
                yield from state_lines.members(known.value)
            yield from since(known)
            yield ""
        yield from self.history.statement()

    def _from(self, known: Known) -> str:
        if known.index is None:
            return "never seen, inferred only"
        age = duration(self._age(known))
        return f"seen {iso(known.time)}, {age} before, by {known.operation} (entry {known.index}, event {known.id[:8]})"


def since(known: Known) -> Iterator[str]:
    """What was asked for since, and which calls may have changed it."""
    if known.older:
        told = ", ".join(f"{name} (entry {index})" for name, (index, _) in known.older.items())
        yield f"  not told by that call, but seen before: {told}"
    if known.inferred:
        yield f"  inferred from what was asked since, not seen: {', '.join(known.inferred)}"
    if known.open:
        some = ", ".join(map(str, known.open[: resource_history.NAMED]))
        more = len(known.open) - resource_history.NAMED
        rest = f" and {more} more" if more > 0 else ""
        plural = "entry" if len(known.open) == 1 else "entries"
        yield f"  may have been changed since by {plural} {some}{rest}"


def duration(milliseconds: int) -> str:
    """`3 minutes`: whole units of the largest that fits."""
    seconds = milliseconds // 1000
    for size, name in _UNITS:
        if seconds >= size:
            number = seconds // size
            return f"{number} {name}{'' if number == 1 else 's'}"
    return "less than a second"


def tell(source: Source, resource: str, at: int) -> KnownState:
    """What is known of a resource at a time.

    Raises:
        UsageError: no call until then names or shows it.
    """
    history = resource_history.tell(source, resource, Filter(until=at + 1), reads=True)
    if not history.calls and not history.known:
        raise UsageError(
            f"no call until {iso(at)} names or shows the resource {resource!r}", hint=_HINT
        )
    if not history.known:
        raise UsageError(
            f"no answer until {iso(at)} shows the state of {resource!r}",
            hint=f"apitrail history {resource!r} lists the calls that name it",
        )
    return KnownState(resource=resource, at=at, history=history)


def lines(state: KnownState, *, output: str) -> Generator[str]:
    """The state as text or as JSON."""
    if output == "json":
        yield render.json_document(state.to_json())
        return
    yield from map(render.clean, state.lines())
