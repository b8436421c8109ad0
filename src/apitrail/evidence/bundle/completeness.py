"""Whether a bundle's range holds every entry of its time, and every match among them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from apitrail.entry import CALLS, Entry
from apitrail.errors import FormatError
from apitrail.evidence.bundle import layout, log_tree, time_range
from apitrail.evidence.bundle.attestation import Complete
from apitrail.evidence.bundle.bundle_reader import Bundle, holds
from apitrail.evidence.bundle.manifest import Range
from apitrail.evidence.bundle.similar import Unnamed
from apitrail.evidence.bundle.watched import Watched
from apitrail.evidence.verify.report import tampered
from apitrail.query import Filter, Row, names_in_any_case
from apitrail.tlog import merkle
from apitrail.tlog.tile import WIDTH
from apitrail.trail import statements
from apitrail.trail.clock_entry import Clock
from apitrail.trail.statements import Erase, Insight, Open, Refused, Statement, parse_what
from apitrail.when import iso


def check(bundle: Bundle, claimed: Range) -> tuple[Complete, int]:
    """What the range comes to, and how many facets in it were erased; raises Finding."""
    _check_root(bundle)
    first, last = _link(bundle, claimed.first), _link(bundle, claimed.last)
    where = bundle.manifest.where
    if set(time_range.tags_for(where)) - set(claimed.opened):
        raise tampered("the range does not open what its question needs")
    walk = _Walk(
        bundle, claimed, where, _coverage(bundle, first, last, where),
        unnamed=Unnamed(where, bundle.manifest.question),
    )  # fmt: skip
    for index in range(claimed.first, claimed.last + 1):
        walk.visit(_link(bundle, index))
    _check_ends(bundle, first, last)
    _check_clock(bundle, claimed)
    _check_matches(bundle, walk)
    coverage = walk.coverage
    coverage.finish(last.time)
    return Complete(
        first=claimed.first, last=claimed.last, since=coverage.since, until=coverage.until,
        ending=_ending(bundle, last, where.until), calls=walk.calls,
        question=bundle.manifest.question, undetermined=walk.undetermined,
        cased=walk.cased, unjudged=walk.unjudged, strange=list(walk.unnamed.lines()),
        unasked=bundle.manifest.unasked, steps=list(_steps(bundle)), drift=list(_drift(bundle)),
        coverage=coverage,
    ), walk.erased  # fmt: skip


def _check_root(bundle: Bundle) -> None:
    """The entries of the range are in order, chained, and those that the checkpoint signs."""
    head, span, tiles = bundle.checkpoint, bundle.span, dict(bundle.known())
    # One tile's leaves at a time: a range may have millions.
    for start in range(span.start, span.stop, WIDTH):
        leaves = _chained(bundle, range(start, min(start + WIDTH, span.stop)))
        if len(leaves) == WIDTH:
            tiles[start, start + WIDTH] = merkle.root_of(leaves)
    for proof in bundle.ends():
        merkle.check_inclusion(
            index=proof.index, size=head.size, leaf=_link(bundle, proof.index).hash,
            proof=proof.hashes, root=head.root,
        )  # fmt: skip
    found = log_tree.root(0, bundle.size, first=start, leaves=leaves, known=tiles)
    if found != head.root:
        raise tampered("the entries of the range are not those that the checkpoint signs")


def _chained(bundle: Bundle, indexes: range) -> list[bytes]:
    """The leaf hashes of some entries of the range, which follow what is before them in it."""
    hashes: list[bytes] = []
    before = _link(bundle, indexes.start - 1) if indexes.start > bundle.span.start else None
    for index in indexes:
        link = _link(bundle, index)
        if before is not None and link.previous != before.hash:
            raise tampered("it does not follow the entry before it", index=index)
        if before is not None and link.time < before.time:
            raise tampered("it is older than the entry before it", index=index)
        hashes.append(link.hash)
        before = link
    return hashes


def _link(bundle: Bundle, index: int) -> Entry:
    try:
        link = bundle.entry(index)
    except FormatError as error:
        raise tampered(str(error), index=index) from error
    if link is None:
        raise tampered("it does not follow the entry before it", index=index)
    return link


def _coverage(bundle: Bundle, first: Entry, last: Entry, where: Filter) -> Watched:
    since = first.time if where.since is None else where.since
    until = last.time + 1 if where.until is None else where.until
    coverage = Watched(since, until)
    for link in bundle.of_kind("open"):
        if link.index < first.index and isinstance(start := says(bundle, link), Open):
            coverage.interval = start.interval or coverage.interval
    return coverage


def says(bundle: Bundle, link: Entry) -> Statement | None:
    """What a book-keeping entry says, where it is opened; raises Finding."""
    try:
        return statements.of(bundle, link.kind, link.index)
    except FormatError as error:
        raise tampered(str(error), index=link.index) from error


def what(bundle: Bundle, index: int) -> Mapping[str, Any] | None:
    """The opened `what` of an entry."""
    content = bundle.facets(index, ("what",)).get("what")
    return None if content is None else parse_what(content)


def _indexes() -> array[int]:
    return array("q")


@dataclass(slots=True)
class _Walk:
    bundle: Bundle
    claimed: Range
    where: Filter
    coverage: Watched
    unnamed: Unnamed
    calls: int = 0
    erased: int = 0
    # Of a large range these are millions, which as objects would be most of the memory.
    matches: array[int] = field(default_factory=_indexes)
    undetermined: array[int] = field(default_factory=_indexes)
    cased: array[int] = field(default_factory=_indexes)
    unjudged: array[int] = field(default_factory=_indexes)
    leave: Mapping[int, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.leave = erasures(self.bundle)

    def visit(self, link: Entry) -> None:
        """Judge one entry."""
        contents = self.bundle.facets(link.index)
        missing = {t for t in self.claimed.opened if t in link.commitments and t not in contents}
        if lacking := sorted(missing - self.leave.get(link.index, set())):
            raise tampered(f"facet {lacking[0]!r} is not opened, nor erased", index=link.index)
        self.erased += len(missing)
        self.coverage.add(link.index, link.time, link.kind, says(self.bundle, link))
        if link.kind not in CALLS:
            return
        self.calls += 1
        said = what(self.bundle, link.index)
        row = self.bundle.row(link.index)
        if missing or said is None or row is None:
            self.unjudged.append(link.index)
            return
        self.unnamed.add(row)
        if self.where.matches(row):
            # Part of the question is not known to this version, so whether the call matches is
            # open.
            manifest = self.bundle.manifest
            chosen = not manifest.unasked or holds(manifest.selected, link.index)
            (self.matches if chosen else self.undetermined).append(link.index)
        elif said.get("undetermined") and self._could(row):
            self.undetermined.append(link.index)
        elif self._in_another_case(row):
            self.cased.append(link.index)

    def _could(self, row: Row) -> bool:
        """Would it match if it touched what is asked for?"""
        asked = self.where
        if not asked.resource_name and not asked.resource_type:
            return False
        return replace(asked, resource_name=(), resource_type=()).matches(row)

    def _in_another_case(self, row: Row) -> bool:
        """Would it match if letter case did not count in the names of its service?"""
        names = self.where.resource_name
        return replace(self.where, resource_name=()).matches(row) and any(
            names_in_any_case(row, name) for name in names
        )


def erasures(bundle: Bundle) -> dict[int, set[str]]:
    """The facets that disclosed `erase` entries name, by entry; raises Finding."""
    named: dict[int, set[str]] = {}
    for link in bundle.of_kind("erase"):
        said = says(bundle, link)
        for target in said.targets if isinstance(said, Erase) else ():
            if target.index >= link.index:
                raise tampered("it erases what came after it", index=link.index)
            named.setdefault(target.index, set()).update(target.facets)
    return named


def _check_ends(bundle: Bundle, first: Entry, last: Entry) -> None:
    where = bundle.manifest.where
    if not time_range.starts(first.index, first.time, where.since):
        raise tampered(f"the range begins with entry {first.index}, too late for its question")
    if not time_range.ends(
        index=last.index, size=bundle.size, time=last.time, kind=last.kind,
        says=says(bundle, last), until=where.until,
    ):  # fmt: skip
        raise tampered(f"the range ends with entry {last.index}, too early for its question")


def _check_clock(bundle: Bundle, claimed: Range) -> None:
    """What was written after a step does not end a range whose time lies before it: the clock may
    have been set back since, and calls of that time may follow."""
    until = bundle.manifest.where.until
    last = claimed.last
    if until is None or last == bundle.size - 1:
        return
    steps = (link for link in bundle.of_kind(Clock.KIND) if claimed.first <= link.index <= last)
    if any(link.time >= until for link in steps):
        raise tampered(
            f"the range ends with entry {last}, after a step of the clock and too early for its "
            "question"
        )


_BOUNDS = (Clock.KIND, Refused.KIND)


def _steps(bundle: Bundle) -> Iterator[tuple[int, Clock | Refused]]:
    """When the clock was set, in the range and around it, and what could not be recorded."""
    found = {link.index: link for kind in _BOUNDS for link in bundle.of_kind(kind)}
    for index, link in sorted(found.items()):
        said = says(bundle, link)
        if isinstance(said, Clock | Refused):
            times = (said.before, said.after) if isinstance(said, Clock) else (said.start, said.end)
            if not all(0 <= time < layout.LATEST for time in times):
                raise tampered("it is of no time", index=index)
            yield index, said


def _drift(bundle: Bundle) -> Iterator[tuple[int, Insight]]:
    """The changes that the recorder told of, which no recorded call can have made."""
    for link in bundle.of_kind(Insight.KIND):
        said = says(bundle, link)
        if isinstance(said, Insight) and said.kind == "drift":
            yield link.index, said


def _check_matches(bundle: Bundle, walk: _Walk) -> None:
    claimed = bundle.manifest.selected
    for index in walk.matches:
        if not holds(claimed, index):
            raise tampered("it matches the question and is not shown", index=index)
    # A call that matched by a facet erased since cannot be found again.
    for index in claimed:
        if not holds(walk.matches, index):
            raise tampered("it is shown and does not match the question", index=index)


def _ending(bundle: Bundle, last: Entry, until: int | None) -> str:
    if last.index == bundle.size - 1:
        return f"with the newest entry of the log, {iso(last.time)}"
    if until is not None and last.time >= until + time_range.SLACK:
        return f"with entry {last.index}, {iso(last.time)}, {time_range.SLACK // 1000} s after the time"
    return f"with entry {last.index}, {iso(last.time)}, which says that no call was in flight"
