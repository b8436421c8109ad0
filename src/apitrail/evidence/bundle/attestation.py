"""What a bundle says, in words an auditor can file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apitrail.counted import counted
from apitrail.event import What, Who
from apitrail.evidence.bundle.similar import asked, clean, quoted
from apitrail.evidence.bundle.stamped_heads import StampedHead
from apitrail.evidence.bundle.watched import Watched
from apitrail.trail.clock_entry import Clock
from apitrail.trail.statements import Insight, Refused
from apitrail.when import iso

# Up to this many entries of one sort are named one by one; beyond that only their number is
# given.
NAMED = 100

LIMITS = (
    "It speaks of calls that went through this recorder, and of no others.",
    "Entries are dated by the recorder's clock; only a witness or a time stamp bounds it.",
)


UNJUDGED = "whose word that is was not checked: README.txt says how, with openssl"
REPORTED = "report.html is for reading: it was not compared with the entries, and proves nothing"
AFTER = "The range ends before the log: entries after {}, and a clock set back among them, are not told."

RESTS = (
    "the resources that the recorder found in each call; what touches a resource and does not "
    "name it is listed in docs/evidence.md"
)


UNTOLD = "whose resources could not be told"
CASED = "with such a name in another letter case, which does not count there"


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
            f"by {by}{_how_known(self.who)}" if by else "",
            f"failed: {outcome}" if outcome else "",
            str(record.get("eventID") or ""),
        ]
        return clean("  ".join(part for part in parts if part))


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """What was found in a range that is handed over whole; `ending` says why it ends there.

    `cased` are the calls that match but for letter case where that does not count. `strange` are
    the names asked for that no entry has; `drift` are the changes that the recorder told of, which no
    recorded call can have made; `unasked` are the parts of the question that this version
    cannot judge by.
    """

    first: int
    last: int
    since: int
    until: int
    ending: str
    calls: int
    question: Mapping[str, Any]
    undetermined: Sequence[int] = ()
    cased: Sequence[int] = ()
    unjudged: Sequence[int] = ()
    strange: Sequence[str] = ()
    unasked: Sequence[str] = ()
    steps: Sequence[tuple[int, Clock | Refused]] = ()
    drift: Sequence[tuple[int, Insight]] = ()
    coverage: Watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """All that is stated; times are Unix milliseconds.

    `judged` says that one of the timestamps held under certificates that the verifier trusts;
    `shown` are the first of the `number` of calls, as many as are named.
    """

    origin: str
    key: str
    size: int
    exported: int
    dating: str
    kept: int
    number: int
    shown: Sequence[Shown] = field(default_factory=tuple)
    complete: Complete | None = None
    later: Sequence[tuple[str, Sequence[int]]] = ()
    reported: bool = False
    stamps: Sequence[StampedHead] = ()
    judged: bool = False

    def lines(self) -> Iterator[str]:
        """The statement, a fact a line."""
        yield f"the log {clean(self.origin)} attests under its key {clean(self.key)}:"
        facts = self._facts() if self.complete is None else self._complete(self.complete)
        for name, value in facts:
            yield f"  {name:<13}{value}"
        for said, at in self.later:
            found = f", {counted(len(at), 'entry', 'entries')}: {indexes(at)}" if at else ""
            yield f"  {'unknown':<13}{said}{found}"
        if self.later:
            yield f"  {'':<13}of a later version: compared as bytes, not looked into"
        if self.complete is not None:
            yield f"  {'rests on':<13}{RESTS}"
        yield from (f"  {'limits':<13}{line}" for line in (*LIMITS, *self._after()))
        if self.reported:
            yield f"  {'report':<13}{REPORTED}"

    def _after(self) -> Iterator[str]:
        """A clock that goes back after the range dates later calls into its time."""
        if self.complete is not None and self.complete.last != self.size - 1:
            yield AFTER.format(self.complete.last)

    def _head(self) -> Iterator[tuple[str, str]]:
        yield "log", f"{self.size} entries under one signed root"
        if self.kept:
            yield "", f"which continues {counted(self.kept, 'older signed root')}"
        yield "exported", f"{iso(self.exported)}, by the {self.dating}"
        yield from (("stamped", str(each)) for each in self.stamps)
        if self.stamps and not self.judged:
            yield "", UNJUDGED

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield from self._head()
        yield "shown", f"{counted(self.number, 'entry', 'entries')}, each as it was recorded"
        yield "", "nothing is said of the others"
        yield from (("entry", str(item).partition(" ")[2]) for item in self.shown[:NAMED])

    def _complete(self, found: Complete) -> Iterator[tuple[str, str]]:
        yield from self._head()
        yield "range", f"entries {found.first} to {found.last}, all of them"
        yield "time", f"{iso(found.since)} to {iso(found.until)}, by when a call was answered"
        yield "ends", found.ending
        yield "question", said_question(found.question, found.unasked)
        yield from (("", line) for line in found.strange)
        if found.unasked:
            names = ", ".join(clean(name.replace("_", "-")) for name in found.unasked)
            yield "", f"not judged by {names}, which this verifier does not know"
        number = counted(self.number, "call")
        yield "answer", f"{number} of {found.calls} in the range, and none but these"
        yield from (("match", str(item)) for item in self.shown[:NAMED])
        if found.undetermined:
            number = counted(len(found.undetermined), "call")
            yield (
                "undetermined",
                f"{number} {UNTOLD}: {indexes(found.undetermined)}",
            )
        if found.cased:
            yield (
                "undetermined",
                f"{counted(len(found.cased), 'call')} {CASED}: {indexes(found.cased)}",
            )
        if found.unjudged:
            number = counted(len(found.unjudged), "call")
            yield "erased", f"{number} that can no longer be judged: {indexes(found.unjudged)}"
        yield from _coverage(found.coverage, found.steps, found.drift)


def _coverage(
    coverage: Watched,
    steps: Sequence[tuple[int, Clock | Refused]],
    drift: Sequence[tuple[int, Insight]],
) -> Iterator[tuple[str, str]]:
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(coverage.entries.items()))
    yield "entries", kinds or "none in this time"
    for gap in coverage.gaps:
        yield "unwatched", f"{iso(gap.start)} to {iso(gap.end)}: {gap.reason}"
    if not coverage.gaps:
        yield (
            "watched",
            f"throughout, by a sign of life at least every {coverage.interval * 2 // 1000} s",
        )
    for index, said in steps:
        if isinstance(said, Clock):
            yield "clock", f"entry {index}: it was set from {iso(said.before)} to {iso(said.after)}"
        else:
            span = f"{counted(said.calls, 'call')} from {iso(said.start)} to {iso(said.end)}"
            why = quoted(said.reason)
            yield "refused", f"entry {index}: {span}, which could not be recorded: {why}"
    for index, told in drift[:NAMED]:
        why = quoted("; ".join(told.why))
        yield "drift", f"entry {index}, of entries {indexes(told.evidence)}: {why}"
    if len(drift) > NAMED:
        yield "drift", f"{counted(len(drift) - NAMED, 'entry', 'entries')} more that tell it"
    for index in coverage.stated:
        yield "lost", f"entries that entry {index} states were lost"
    for host, number in sorted(coverage.tunnelled.items()):
        yield (
            "unread",
            f"{counted(number, 'connection')} to {clean(host)} passed without being read",
        )


def said_question(question: Mapping[str, Any], unasked: Sequence[str] = ()) -> str:
    """What was asked, each value between quotes."""
    parts = [
        f"{clean(name.replace('_', '-'))} {'?' if name in unasked else _said(value)}"
        for name, value in question.items()
        if name not in ("since", "until")
    ]
    return "; ".join(parts) or "every call"


def _said(value: Any) -> str:
    """A value between quotes: it must not look like another part of the question."""
    if value and isinstance(value, list) and isinstance(value[0], list):
        return " and ".join(f"({_said(group)})" for group in value)
    if isinstance(value, list):
        return " or ".join(map(asked, value))
    return quoted(value) if isinstance(value, str) else str(value).lower()


def _how_known(who: Who | None) -> str:
    """Whose word it is that this was the caller, and whether the signature was checked."""
    identity = who.identity if who else {}
    parts = [str(identity["known"])] if identity.get("known") else []
    if identity.get("signature"):
        parts.append(f"signature {identity['signature']}")
    return f" ({', '.join(parts)})" if parts else ""


def indexes(indexes: Sequence[int]) -> str:
    named = ", ".join(map(str, indexes[:NAMED]))
    return named if len(indexes) <= NAMED else f"{named} and {len(indexes) - NAMED} more"
