"""What a bundle says, in words an auditor can file.

It does not know how anything was checked; the stand-alone verifier writes the same lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apitrail.event import What, Who, iso
from apitrail.evidence.bundle.watched import Coverage

# Entries of one sort named one by one; of more, their number is given.
NAMED = 100

LIMITS = (
    "It speaks of calls that went through this recorder, and of no others.",
    "Entries are dated by the recorder's clock; only a witness or a time stamp bounds it.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One call that the bundle shows: the JSON in its opened `what` and `who`, if any."""

    index: int
    time: int
    kind: str
    what: What | None = None
    who: Who | None = None

    def __str__(self) -> str:
        record = self.what.record if self.what else {}
        user = self.who.user if self.who else {}
        by = user.get("arn") or user.get("userName") or user.get("accessKeyId")
        outcome = self.what.call.error if self.what else None
        parts = [
            f"entry {self.index}",
            str(iso(self.time)),
            str(record.get("eventSource") or self.kind),
            str(record.get("eventName") or ""),
            f"by {by}" if by else "",
            f"failed: {outcome}" if outcome else "",
            str(record.get("eventID") or ""),
        ]
        return clean("  ".join(part for part in parts if part))


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """What was found in a range that is handed over whole; `ending` says why it ends there."""

    first: int
    last: int
    since: int
    until: int
    ending: str
    calls: int
    question: Mapping[str, Any]
    undetermined: Sequence[int] = ()
    unjudged: Sequence[int] = ()
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """All that is stated; times are Unix milliseconds."""

    origin: str
    key: str
    size: int
    exported: int
    dating: str
    kept: int
    shown: Sequence[Shown] = field(default_factory=tuple)
    complete: Complete | None = None

    def lines(self) -> Iterator[str]:
        """The statement, a fact a line."""
        yield f"the log {clean(self.origin)} attests under its key {clean(self.key)}:"
        facts = self._facts() if self.complete is None else self._complete(self.complete)
        for name, value in facts:
            yield f"  {name:<13}{value}"
        yield from (f"  {'limits':<13}{line}" for line in LIMITS)

    def _head(self) -> Iterator[tuple[str, str]]:
        yield "log", f"{self.size} entries under one signed root"
        if self.kept:
            yield "", f"which continues {_count(self.kept, 'older signed root')}"
        yield "exported", f"{iso(self.exported)}, by the {self.dating}"

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield from self._head()
        yield "shown", f"{_count(len(self.shown), 'entry', 'entries')}, each as it was recorded"
        yield "", "nothing is said of the others"
        yield from (("entry", str(item).partition(" ")[2]) for item in self.shown[:NAMED])

    def _complete(self, found: Complete) -> Iterator[tuple[str, str]]:
        yield from self._head()
        yield "range", f"entries {found.first} to {found.last}, all of them"
        yield "time", f"{iso(found.since)} to {iso(found.until)}, by when a call was answered"
        yield "ends", found.ending
        yield "question", _question(found.question)
        number = _count(len(self.shown), "call")
        yield "answer", f"{number} of {found.calls} in the range, and none but these"
        yield from (("match", str(item)) for item in self.shown[:NAMED])
        if found.undetermined:
            number = _count(len(found.undetermined), "call")
            yield (
                "undetermined",
                f"{number} whose resources could not be told: {_indexes(found.undetermined)}",
            )
        if found.unjudged:
            number = _count(len(found.unjudged), "call")
            yield "erased", f"{number} that can no longer be judged: {_indexes(found.unjudged)}"
        yield from _coverage(found.coverage)


def _coverage(coverage: Coverage) -> Iterator[tuple[str, str]]:
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(coverage.entries.items()))
    yield "entries", kinds or "none in this time"
    for gap in coverage.gaps:
        yield "unwatched", f"{iso(gap.start)} to {iso(gap.end)}: {gap.reason}"
    if not coverage.gaps:
        yield (
            "watched",
            f"throughout, by a sign of life at least every {coverage.interval * 2 // 1000} s",
        )
    for index in coverage.stated:
        yield "lost", f"entries that entry {index} states were lost"
    for host, number in sorted(coverage.tunnelled.items()):
        yield "unread", f"{_count(number, 'connection')} to {clean(host)} passed without being read"


def _question(question: Mapping[str, Any]) -> str:
    fields = {name: value for name, value in question.items() if name not in ("since", "until")}
    if not fields:
        return "every call"
    parts = []
    for name, value in fields.items():
        said = ", ".join(map(str, value)) if isinstance(value, list) else str(value).lower()
        parts.append(f"{name.replace('_', '-')} {said}")
    return clean("; ".join(parts))


def _indexes(indexes: Sequence[int]) -> str:
    named = ", ".join(map(str, indexes[:NAMED]))
    return named if len(indexes) <= NAMED else f"{named} and {len(indexes) - NAMED} more"


def _count(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def clean(text: str) -> str:
    """Control characters made visible: evidence must not drive a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
