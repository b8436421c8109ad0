"""What a bundle claims to show: which entries, of what question, over which range.

It is not signed and proves nothing: every claim in it is checked against the log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from apitrail.entry import TAGS
from apitrail.errors import FormatError
from apitrail.evidence.bundle.layout import EARLIEST, LATEST, parse_json
from apitrail.query import Filter

FORMAT = "apitrail.bundle@v1"


@dataclass(frozen=True, slots=True)
class Range:
    """Entries `first` to `last`, both included, with the facets `opened` in all of them."""

    first: int
    last: int
    opened: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`selected` are the entries shown; with a `range`, all that match `where` in it."""

    version: str
    origin: str
    size: int
    where: Filter
    selected: tuple[int, ...]
    range: Range | None = None

    @classmethod
    def parse(cls, data: bytes) -> Manifest:
        """Inverse of `bytes()`; raises FormatError."""
        match parse_json(data, "manifest.json"):
            case {
                "format": "apitrail.bundle@v1",
                "apitrail": str(version),
                "origin": str(origin),
                "size": int(size),
                "filter": dict(where),
                "selected": list(selected),
                "range": claimed,
                **rest,
            } if not rest and _are_indexes(selected, size):
                return cls(
                    version=version, origin=origin, size=size, where=parse_filter(where),
                    selected=tuple(selected), range=_range(claimed, size),
                )  # fmt: skip
            case _:
                raise FormatError("malformed manifest.json, or one of a newer apitrail")

    def __bytes__(self) -> bytes:
        claimed = None
        if self.range is not None:
            opened = list(self.range.opened)
            claimed = {"first": self.range.first, "last": self.range.last, "opened": opened}
        value = {
            "format": FORMAT,
            "apitrail": self.version,
            "origin": self.origin,
            "size": self.size,
            "filter": filter_to_json(self.where),
            "selected": list(self.selected),
            "range": claimed,
        }
        return json.dumps(value, indent=1).encode("ascii") + b"\n"


def _is_index(value: Any, size: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < size


def _are_indexes(values: list[Any], size: int) -> bool:
    return all(_is_index(value, size) for value in values) and values == sorted(set(values))


def _range(value: Any, size: int) -> Range | None:
    match value:
        case None:
            return None
        case {"first": int(first), "last": int(last), "opened": list(opened), **rest} if (
            not rest
            and _is_index(first, size)
            and _is_index(last, size)
            and first <= last
            and opened == [tag for tag in TAGS if tag in opened]
            and "what" in opened
        ):
            return Range(first, last, tuple(opened))
        case _:
            raise FormatError("malformed range in manifest.json")


def filter_to_json(where: Filter) -> dict[str, Any]:
    """The fields that are set."""
    values = {item.name: getattr(where, item.name) for item in fields(where)}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value not in (None, ())
    }


def parse_filter(values: Mapping[str, Any]) -> Filter:
    """Inverse of `filter_to_json`; raises FormatError."""
    known: dict[str, Any] = {}
    for name, value in values.items():
        if name in ("since", "until"):
            good = (
                isinstance(value, int)
                and not isinstance(value, bool)
                and EARLIEST <= value < LATEST
            )
        elif name in ("read_only", "stand_in"):
            good = isinstance(value, bool)
        elif name == "error":
            good = value is True or isinstance(value, str)
        else:
            good = name in _LISTS and isinstance(value, list)
            good = good and bool(value) and all(isinstance(item, str) for item in value)
        if not good:
            raise FormatError(f"malformed filter in manifest.json: {name!r}")
        known[name] = tuple(value) if isinstance(value, list) else value
    return Filter(**known)


_LISTS = {item.name for item in fields(Filter)} - {
    "error", "read_only", "stand_in", "since", "until",
}  # fmt: skip
