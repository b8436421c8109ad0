"""What a bundle claims to show: which entries, of what question, over which range.

It is not signed and proves nothing: every claim in it is checked against the log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from itertools import batched, pairwise
from typing import Any

from apitrail.entry import TAGS
from apitrail.errors import FormatError
from apitrail.evidence.bundle.layout import EARLIEST, LATEST, TAG, parse_json
from apitrail.query import PATTERNED, Filter, Pattern

FORMAT = "apitrail.bundle@v1"
PACKED = "apitrail.bundle@v2"
"""The format of a bundle that shows its entries in packs."""


@dataclass(frozen=True, slots=True)
class Range:
    """Entries `first` to `last`, both included, with the facets `opened` in all of them."""

    first: int
    last: int
    opened: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`selected` are the entries shown; with a `range`, all that match `where` in it.

    `unasked` are the parts of the question that this version cannot judge by, `beyond` all the
    members that it does not know; `files` are the hashes of files that prove nothing, or that only a later
    version knows. `packed` says that the entries shown are in packs.
    """

    version: str
    origin: str
    size: int
    where: Filter
    selected: tuple[int, ...]
    range: Range | None = None
    packed: bool = False
    unasked: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    question: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def parse(cls, data: bytes) -> Manifest:
        """Inverse of `bytes()`; raises FormatError."""
        match parse_json(data, "manifest.json"):
            case {
                "format": "apitrail.bundle@v1" | "apitrail.bundle@v2" as form,
                "apitrail": str(version),
                "origin": str(origin),
                "size": int(size),
                "filter": dict(where),
                "selected": list(selected),
                "range": claimed,
                **rest,
            } if not isinstance(size, bool) and _are_indexes(selected, size):
                found = _range(claimed, size)
                unasked = tuple(sorted(name for name in where if name not in _FIELDS))
                beyond: list[str] = [
                    *(str(name) for name in rest if name != "files" or not _is_object(rest[name])),
                    *(f"range.{name}" for name in claimed or () if name not in _RANGE),
                ]
                return cls(
                    version=version, origin=origin, size=size, where=parse_filter(where),
                    selected=tuple(selected), range=found, packed=form == PACKED, unasked=unasked,
                    beyond=(*beyond, *(f"filter.{name}" for name in unasked)),
                    question=where, files=_files(rest.get("files")),
                )  # fmt: skip
            case _:
                raise FormatError("malformed manifest.json, or one of a newer apitrail")

    def __bytes__(self) -> bytes:
        claimed = None
        if self.range is not None:
            opened = list(self.range.opened)
            claimed = {"first": self.range.first, "last": self.range.last, "opened": opened}
        value = {
            "format": PACKED if self.packed else FORMAT,
            "apitrail": self.version,
            "origin": self.origin,
            "size": self.size,
            "filter": filter_to_json(self.where),
            "selected": [] if self.packed else list(self.selected),
            "range": claimed,
        } | ({"files": dict(self.files)} if self.files else {})
        said = json.dumps(value, indent=1).encode("ascii") + b"\n"
        # Of a million calls, `indent` would take a hundred megabytes to write.
        return said.replace(_NONE, _NONE[:-1] + self._listed() + b"]", 1) if self.packed else said

    def _listed(self) -> bytes:
        parts = (",".join(map(str, part)) for part in batched(self.selected, _LINE, strict=False))
        return ",\n".join(parts).encode("ascii")


_NONE = b'"selected": []'
_LINE = 20


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_index(value: Any, size: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < size


def _are_indexes(values: list[Any], size: int) -> bool:
    return all(_is_index(value, size) for value in values) and all(
        one < other for one, other in pairwise(values)
    )


def _range(value: Any, size: int) -> Range | None:
    match value:
        case None:
            return None
        case {"first": int(first), "last": int(last), "opened": list(opened)} if (
            _is_index(first, size) and _is_index(last, size) and first <= last and _are_tags(opened)
        ):
            return Range(first, last, tuple(opened))
        case _:
            raise FormatError("malformed range in manifest.json")


_RANGE = ("first", "last", "opened")


def _are_tags(values: list[Any]) -> bool:
    """Names of facets, each once, those that are known in their order, and `what` among them."""
    return (
        all(isinstance(tag, str) and TAG.fullmatch(tag) for tag in values)
        and len(set(values)) == len(values)
        and [tag for tag in values if tag in TAGS] == [tag for tag in TAGS if tag in values]
        and "what" in values
    )


def _files(value: Any) -> dict[str, str]:
    """The files of a later version, by name: SHA-256 in hex."""
    if not isinstance(value, dict):
        return {}
    return {name: digest for name, digest in value.items() if isinstance(digest, str)}


def filter_to_json(where: Filter) -> dict[str, Any]:
    """The fields that are set."""
    values = {item.name: getattr(where, item.name) for item in fields(where)}
    return {
        name: _list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value not in (None, ())
    }


def _list(values: tuple[Any, ...]) -> list[Any]:
    """A pattern is told from a string that has a `*` in it, a group of labels from a label.

    One group of labels is written flat, as verifiers read it that know of no others.
    """
    match values:
        case (tuple(group),):
            return list(group)
        case _:
            return [_value(value) for value in values]


def _value(value: object) -> object:
    match value:
        case Pattern():
            return {"like": value.text}
        case tuple():
            return list(value)
        case _:
            return value


def parse_filter(values: Mapping[str, Any]) -> Filter:
    """Inverse of `filter_to_json`, of the fields that are known; raises FormatError."""
    known = {name: value for name, value in values.items() if name in _FIELDS}
    return Filter(**{name: _parse_field(name, value) for name, value in known.items()})


def _parse_field(name: str, value: Any) -> Any:
    match value:
        case bool() if name in ("read_only", "stand_in") or (name == "error" and value):
            return value
        case int() if name in ("since", "until") and not isinstance(value, bool):
            if EARLIEST <= value < LATEST:
                return value
        case str() if name == "error":
            return value
        case [_, *_] if name == "label":
            return _parse_labels(value)
        case [_, *_] if name in _LISTS:
            return tuple(_parse_value(name, item) for item in value)
    raise _malformed(name)


def _parse_labels(values: list[Any]) -> tuple[tuple[str, ...], ...]:
    """A flat list is one group."""
    groups = values if all(isinstance(item, list) for item in values) else [values]
    if not all(group and all(isinstance(item, str) for item in group) for group in groups):
        raise _malformed("label")
    return tuple(map(tuple, groups))


def _parse_value(name: str, item: Any) -> str | Pattern:
    match item:
        case str():
            return item
        case {"like": str(text), **rest} if not rest and name in PATTERNED:
            return Pattern(text)
        case _:
            raise _malformed(name)


def _malformed(name: str) -> FormatError:
    return FormatError(f"malformed filter in manifest.json: {name!r}")


_FIELDS = {item.name for item in fields(Filter)}
_LISTS = _FIELDS - {"error", "read_only", "stand_in", "since", "until", "label"}
