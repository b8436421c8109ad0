"""What differs between a recorded result and a new one, and which names correspond in them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from apitrail.aws.call import Structure, Value
from apitrail.replay.recorded import REDACTED
from apitrail.replay.recorded.naming import is_identifier, is_moment, is_time
from apitrail.replay.resend.identifiers import Identifiers

if TYPE_CHECKING:
    from botocore.model import Shape


_MISSING = "(nothing)"
_LONGEST = 120
# A name of the answer, not of what it tells.
_IGNORED = frozenset({"ResponseMetadata", "RequestId", "requestId", "HostId"})
# Blobs that are never twice the same (KMS).
_RANDOM = frozenset({"CiphertextBlob", "Ciphertext", "Signature", "Plaintext"})
_TEXTS = frozenset({"string", "character"})


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two results differ, and what stands there; JSON, long texts cut."""

    path: str
    recorded: Value
    new: Value

    def __str__(self) -> str:
        return f"{self.path}: {_shown(self.recorded)} → {_shown(self.new)}"

    def to_json(self) -> Structure:
        """As a JSON object."""
        return {"path": self.path, "recorded": self.recorded, "new": self.new}


def compare(
    recorded: Value, new: Value, shape: Shape, identifiers: Identifiers
) -> list[Difference]:
    """The differences that matter; names that only are the endpoint's own are learned instead.

    Points in time, request ids and secrets do not matter.
    """
    return list(_Walk(identifiers).value("", "", recorded, new, shape))


class _Walk:
    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers

    def value(
        self, path: str, member: str, old: Value, new: Value, shape: Shape
    ) -> Iterator[Difference]:
        kind = None if shape is None else shape.type_name
        if kind == "timestamp":
            return
        if kind == "blob" and not isinstance(old, str):
            # A streamed body is known by its length and digest.
            if old != new:
                yield Difference(path or ".", old, new)
        elif isinstance(old, dict) and isinstance(new, dict):
            yield from self._object(path, old, new, shape)
        elif isinstance(old, list) and isinstance(new, list):
            yield from self._list(path, member, old, new, shape)
        elif isinstance(old, str) and isinstance(new, str):
            if kind == "blob" and not REDACTED.search(old):
                yield from self._blob(path, member, old, new)
                return
            made_up = kind not in _TEXTS or not getattr(shape, "enum", None)
            yield from self._string(path, member, old, new, made_up)
        elif isinstance(old, str) and REDACTED.search(old):
            return
        elif old != new and not (is_moment(member, old) and is_moment(member, new)):
            yield Difference(path or ".", old, new)

    def _object(
        self, path: str, old: Structure, new: Structure, shape: Shape
    ) -> Iterator[Difference]:
        structure = shape is not None and shape.type_name == "structure"
        # Keys of maps are data, and may be names that the endpoint gave.
        keys = {name: name if structure else self._identifiers.text(name) for name in old}
        for name, key in keys.items():
            if name in _IGNORED:
                continue
            below = _member(shape, name)
            if key not in new:
                if not _is_time(below):
                    yield Difference(_join(path, name), old[name], _MISSING)
                continue
            yield from self.value(_join(path, name), name, old[name], new[key], below)
        for name in new.keys() - set(keys.values()) - _IGNORED:
            if not _is_time(_member(shape, name)):
                yield Difference(_join(path, name), _MISSING, new[name])

    def _list(
        self, path: str, member: str, old: list[Value], new: list[Value], shape: Shape
    ) -> Iterator[Difference]:
        below = shape.member if shape is not None and shape.type_name == "list" else None
        paired = self._paired(old, new)
        for number, (before, after) in enumerate(paired):
            yield from self.value(f"{path}[{number}]", member, before, after, below)
        if len(old) != len(new):
            yield Difference(path or ".", f"{len(old)} items", f"{len(new)} items")

    def _paired(self, old: list[Value], new: list[Value]) -> Iterator[tuple[Any, Any]]:
        """Items that are of the same thing, in whatever order; the others as they stand."""
        translated = [self._identifiers.translate(item) for item in old]
        name = _key(translated, new)
        places: dict[str, deque[int]] = {}
        for number, item in enumerate(new):
            places.setdefault(_sameness(item, name), deque()).append(number)
        rest, left = [], set(range(len(new)))
        for before, seen in zip(old, translated, strict=True):
            if found := places.get(_sameness(seen, name)):
                left.remove(number := found.popleft())
                yield before, new[number]
            else:
                rest.append(before)
        if len(rest) == len(left):
            yield from zip(rest, (new[number] for number in sorted(left)), strict=True)

    def _blob(self, path: str, member: str, old: str, new: str) -> Iterator[Difference]:
        if old == new or self._identifiers.text(old) == new:
            return
        self._identifiers.learn(old, new)
        if member not in _RANDOM:
            yield Difference(path or ".", _cut(old), _cut(new))

    def _string(
        self, path: str, member: str, old: str, new: str, made_up: bool
    ) -> Iterator[Difference]:
        inside = _documents(old, new) if old != new else None
        if inside is None:
            yield from self._text(path, member, old, new, made_up)
        else:
            # A notification in a queue's message: what it says counts, part by part.
            yield from self.value(path, member, *inside, None)

    def _text(
        self, path: str, member: str, old: str, new: str, made_up: bool
    ) -> Iterator[Difference]:
        identifiers = self._identifiers
        if REDACTED.fullmatch(new) and not REDACTED.search(old):
            return  # a secret by today's rules, that an earlier version kept
        if REDACTED.search(old):
            if old not in identifiers:
                identifiers.learn(old, new)
            return
        expected = identifiers.text(old)
        if is_moment(member, old) and is_moment(member, new):
            return
        if expected == new or (is_time(old) and is_time(new)):
            if old == new and made_up and is_identifier(member, old):
                identifiers.learn(old, new)
            return
        if made_up and old not in identifiers and is_identifier(member, old):
            identifiers.learn(old, new)
            return
        if "%" in old and identifiers.text(unquote(old)) == unquote(new):
            return
        yield Difference(path or ".", _cut(old), _cut(new))


def _documents(old: str, new: str) -> tuple[Value, Value] | None:
    """The JSON objects or lists that both texts are; None where one is none."""
    if old[:1] not in ("{", "[") or new[:1] != old[:1]:
        return None
    try:
        return json.loads(old), json.loads(new)
    except (ValueError, RecursionError):
        return None


def _member(shape: Shape, name: str) -> Value:
    if shape is None or getattr(shape, "is_document_type", False):
        return None
    if shape.type_name == "map":
        return shape.value
    return shape.members.get(name) if shape.type_name == "structure" else None


def _is_time(shape: Shape) -> bool:
    return shape is not None and shape.type_name == "timestamp"


def _key(old: list[Value], new: list[Value]) -> str | None:
    """A member that tells the items of both lists apart and that they have values in common of."""
    if not all(isinstance(item, dict) for item in (*old, *new)) or not old:
        return None
    for name, value in old[0].items():
        if isinstance(value, str):
            before = [item.get(name) for item in old]
            after = [item.get(name) for item in new]
            unique = len(set(map(str, before))) == len(before)
            if unique and len(set(map(str, after))) == len(after) and set(before) & set(after):
                return str(name)
    return None


def _sameness(item: Value, name: str | None) -> str:
    """Equal for items that are of the same thing."""
    return json.dumps(item if name is None else item.get(name), sort_keys=True)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _shown(value: Value) -> str:
    return _cut(value if value == _MISSING else repr(value))
