"""What one run, or all calls of a bundle, did that another did not: operations, outcomes, resources, callers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field

from apitrail.codec import Object
from apitrail.counted import counted
from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.query import Filter, caller
from apitrail.reading import columns, render
from apitrail.reading.wording import Wording
from apitrail.source import Source
from apitrail.when import iso

# Beside operations: what calls of a run have in common, and how a person reads it.
TRAITS = {
    "resources": "resources", "callers": "callers", "regions": "regions", "addresses": "addresses",
    "programs": "programs",
}  # fmt: skip
# So many of a list are printed.
SHOWN = 20


@dataclass(slots=True)
class Did:
    """The calls of one operation in a run: how each ended, and the first of them."""

    outcomes: Counter[str] = field(default_factory=Counter)
    first: str = ""
    read_only: bool = False

    @property
    def calls(self) -> int:
        """How many."""
        return self.outcomes.total()


@dataclass(slots=True)
class Ran:
    """What a run did, in the order in which it first did it; `whole` is the evidence in its place."""

    id: str
    whole: str | None = None
    labels: list[str] = field(default_factory=list)
    command: str = ""
    began: int | None = None
    operations: dict[str, Did] = field(default_factory=dict)
    traits: dict[str, dict[str, None]] = field(
        default_factory=lambda: {each: {} for each in TRAITS}
    )

    @property
    def calls(self) -> int:
        """How many."""
        return sum(did.calls for did in self.operations.values())

    def to_json(self) -> Object:
        """For programs."""
        return {
            ("run" if self.whole is None else "bundle"): self.id or self.whole,
            "labels": list(self.labels), "command": self.command,
            "began": None if self.began is None else iso(self.began), "calls": self.calls,
        }  # fmt: skip

    @property
    def title(self) -> str:
        """`run 3f2a…`, or the name of the evidence."""
        return f"run {self.id}" if self.whole is None else self.whole


@dataclass(frozen=True, slots=True)
class Change:
    """An operation that both did, and that ended otherwise or came more or less often."""

    name: str
    before: Did
    after: Did

    @property
    def outcomes(self) -> bool:
        """Is it how it ended that is other, and not only how often it came?"""
        return self.before.outcomes.keys() != self.after.outcomes.keys()


@dataclass(frozen=True, slots=True)
class Difference:
    """Between two runs; what is `added` the second did alone, what is `removed` the first."""

    before: Ran
    after: Ran

    @property
    def added(self) -> dict[str, Did]:
        """Operations of the second alone."""
        return _without(self.after.operations, self.before.operations)

    @property
    def removed(self) -> dict[str, Did]:
        """Operations of the first alone."""
        return _without(self.before.operations, self.after.operations)

    @property
    def changed(self) -> list[Change]:
        """Operations of both; those that ended otherwise come first."""
        both = [
            Change(name, did, self.after.operations[name])
            for name, did in self.before.operations.items()
            if name in self.after.operations
            and self.after.operations[name].outcomes != did.outcomes
        ]
        return sorted(both, key=lambda change: not change.outcomes)

    def traits(self, name: str) -> tuple[list[str], list[str]]:
        """What the calls of the second alone have, and what those of the first alone."""
        before, after = self.before.traits[name], self.after.traits[name]
        return list(_without(after, before)), list(_without(before, after))

    @property
    def is_none(self) -> bool:
        """Did both do the same, as often, to the same?"""
        same = self.before.operations.keys() == self.after.operations.keys() and not self.changed
        return same and self.before.traits == self.after.traits

    def to_json(self) -> Object:
        """For programs."""
        return {
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "operations": {
                "added": [_did(name, did) for name, did in self.added.items()],
                "removed": [_did(name, did) for name, did in self.removed.items()],
                "changed": [
                    {
                        "operation": each.name, "readOnly": each.after.read_only,
                        "before": dict(each.before.outcomes), "after": dict(each.after.outcomes),
                        "first": each.after.first,
                    }
                    for each in self.changed
                ],
            },
            **{
                name: dict(zip(("added", "removed"), self.traits(name), strict=True))
                for name in TRAITS
            },
        }  # fmt: skip


def _without[T](one: Mapping[str, T], other: Mapping[str, T]) -> dict[str, T]:
    return {name: value for name, value in one.items() if name not in other}


def _did(name: str, did: Did) -> Object:
    return {
        "operation": name, "readOnly": did.read_only, "outcomes": dict(did.outcomes),
        "first": did.first,
    }  # fmt: skip


def between(source: Source, before: str, after: str) -> Difference:
    """Of two runs by their ids, the starts of those, a label, or `last`.

    Raises:
        UsageError: one has no calls, or several begin so.
    """
    return Difference(ran(source, before), ran(source, after))


def ran(source: Source, word: str) -> Ran:
    """What a run did; raises UsageError as `between` does."""
    found = Ran(_known(source, word))
    for index in source.select(Filter(run=(found.id,)), ascending=True):
        _add(found, Event.parse(source.facets(index, ("who", "what"))))
    return found


def everything(source: Source, name: str) -> Ran:
    """What all calls of this source did, but those about a stand-in itself; `name` tells of which."""
    found = Ran("", whole=name)
    for index in source.select(Filter(stand_in=False), ascending=True):
        _add(found, Event.parse(source.facets(index, ("who", "what"))))
    return found


def _known(source: Source, word: str) -> str:
    key, equals, value = word.partition("=")
    if equals:
        return _labelled(source, key, value)
    runs = Wording(source, exact=True).resolve(Filter(run=(word,))).run
    if len(runs) > 1:
        raise UsageError(f"{len(runs)} runs begin with {word!r}", hint="give more of it")
    return str(runs[0])


def _labelled(source: Source, key: str, value: str) -> str:
    """The newest run with this label."""
    runs = [run for run, labels in source.run_labels() if labels.get(key) == value]
    if not runs:
        raise UsageError(
            f"no run has the label {key}={value}", hint="apitrail exec --label KEY=VALUE"
        )
    return runs[-1]


def _add(found: Ran, event: Event) -> None:
    record, run = event.record(), event.who.run if event.who else None
    if run is not None and not found.labels:
        found.labels = render.labels(run)
        found.command = str(run.rest.get("command") or "")
    if found.began is None:
        found.began = event.call.started or event.call.time
    did = found.operations.setdefault(render.operation(event), Did())
    did.outcomes[render.outcome(event)] += 1
    did.first = did.first or str(record.get("eventID") or "")
    did.read_only = record.get("readOnly") is True
    user = record.get("userIdentity")
    agent = str(record.get("userAgent") or "")
    traits: Mapping[str, list[str]] = {
        "resources": render.touched(event),
        "callers": [(isinstance(user, Mapping) and caller(user)) or ""],
        "regions": [str(record.get("awsRegion") or "")],
        "addresses": [str(record.get("sourceIPAddress") or "")],
        "programs": [agent.partition(" ")[0]],
    }
    for name, values in traits.items():
        found.traits[name] |= dict.fromkeys(filter(None, values))


# -- for people ------------------------------------------------------------------------------


def lines(found: Difference, *, output: str, colour: bool = False) -> Generator[str]:
    """The difference as text, or as JSON."""
    if output == "json":
        yield json.dumps(found.to_json(), indent=2)
        return
    for line in _text(found):
        clean = render.clean(line)
        code = {"+": columns.GREEN, "-": columns.RED, "~": columns.YELLOW}.get(clean[:1])
        yield f"\x1b[{code}m{clean}\x1b[0m" if colour and code else clean


def _text(found: Difference) -> Iterator[str]:
    for sign, each in (("---", found.before), ("+++", found.after)):
        began = "no calls" if each.began is None else iso(each.began)
        yield "  ".join((sign, each.title, *each.labels, began, counted(each.calls, "call")))
    if found.is_none:
        yield "the same operations, as often, with the same outcomes, on the same resources"
    yield from changes(found)


def changes(found: Difference) -> Iterator[str]:
    """What differs, a line each; `+` is of the second run, `-` of the first, `~` of both."""
    for sign, which in (("+", found.added), ("-", found.removed)):
        # Writes first: a new read seldom matters as much.
        for name, did in sorted(which.items(), key=lambda item: item[1].read_only):
            yield f"{sign} {name}  {_outcomes(did)}{'  read' if did.read_only else ''}"
    for change in found.changed:
        yield f"~ {change.name}  {_outcomes(change.before)} → {_outcomes(change.after)}"
    for name, words in TRAITS.items():
        for sign, values in zip("+-", found.traits(name), strict=True):
            if values:
                yield f"{sign} {words}: {', '.join(values[:SHOWN])}{_more(values)}"


def _more(values: list[str]) -> str:
    return f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""


def _outcomes(did: Did) -> str:
    """`12 calls`, `3 calls, 2 AccessDenied`."""
    noun = "call" if did.calls == 1 else "calls"
    bad = [f"{count} {name}" for name, count in sorted(did.outcomes.items()) if name != "ok"]
    return ", ".join((f"{did.calls} {noun}", *bad))
