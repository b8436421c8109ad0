"""The reads that show a resource which they did not ask for by name: `DescribeInstances` of all."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import islice

from apitrail.event import Event
from apitrail.query import Filter, Pattern, Value
from apitrail.source import Source
from apitrail.state import readings
from apitrail.state.reading_table import TABLE
from apitrail.state.wanted import Wanted

# The newest listings are searched, fewer where somebody waits; the others are counted up to a bound.
MOST = 5_000
FEW = 500
COUNTED = 20_000
# CloudTrail writes a version behind the names of these services' operations.
_VERSIONED = ("lambda", "cloudfront")
# The calls that name a resource tell its service; so many of them are looked at.
_ASKED = 20
_PREFIXES = {
    "sg-": "ec2", "i-": "ec2", "vol-": "ec2", "snap-": "ec2", "vpc-": "ec2", "subnet-": "ec2",
    "ami-": "ec2", "rtb-": "ec2", "acl-": "ec2", "igw-": "ec2", "eni-": "ec2", "nat-": "ec2",
    "sgr-": "ec2", "fs-": "efs",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listings:
    """The entries that show it, and how many older ones were left."""

    entries: frozenset[int] = frozenset()
    left: int = 0


def listings(
    source: Source, wanted: Wanted, where: Filter, named: AbstractSet[int], most: int | None = None
) -> Listings:
    """The listings among the calls that match `where`, but for those that name the resource."""
    words = _words(wanted)
    operations = {
        name for service in _services(source, wanted, named) for name in readings.listings(service)
    }
    if not words or not operations:
        return Listings()
    asked = replace(where, event_name=tuple(_event_names(operations)), read_only=True)
    found = (index for index in source.select(asked) if index not in named)
    shown = frozenset(
        index for index in islice(found, most or MOST) if _shows(source, index, words)
    )
    return Listings(shown, sum(1 for _ in islice(found, COUNTED)))


def _shows(source: Source, index: int, words: list[bytes]) -> bool:
    """Is the name anywhere in the answer? Most answers need not be parsed to say no."""
    answer = source.facets(index, ("response",)).get("response", b"")
    return any(word in answer for word in words)


def _words(wanted: Wanted) -> list[bytes]:
    texts = [
        value.text.strip("*") if isinstance(value, Pattern) else value for value in wanted.values
    ]
    return [text.encode() for text in texts if text and text.isascii()]


def _event_names(operations: AbstractSet[str]) -> Iterator[Value]:
    versioned = {name for service in _VERSIONED for name in readings.listings(service)}
    for name in sorted(operations):
        yield name
        if name in versioned:
            yield Pattern(f"{name}2*")


def _services(source: Source, wanted: Wanted, named: AbstractSet[int]) -> frozenset[str]:
    """The services whose listings may show it."""
    found = {
        service
        for value in wanted.values
        for prefix, service in _PREFIXES.items()
        if isinstance(value, str) and value.startswith(prefix)
    }
    if found:
        return frozenset(found)
    for index in islice(sorted(named), _ASKED):
        what = Event.parse(source.facets(index, ("what",))).what
        if what is not None and what.call.service:
            found.add(what.call.service)
    return frozenset(found or TABLE)
