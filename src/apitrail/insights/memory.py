"""What the detectors have learnt, as JSON and back: bytes that are the same for the same calls.

Objects become lists: a number that says what it is, then what is in it. An object that is in two
places is written once. Sets are sorted, dicts stay in their order. Thresholds are left out: whoever
reads it back has them.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from apitrail.codec import Json
from apitrail.errors import FormatError
from apitrail.insights import absence, drift, first_seen, habits, rates, sequences, surprise
from apitrail.insights.insight import VERSION, Attribution, Insight
from apitrail.insights.seen import Seen
from apitrail.insights.thresholds import Thresholds
from apitrail.insights.watch import Watch

_LIST, _TUPLE, _SET, _DICT, _DEQUE, _AGAIN, _THRESHOLDS, _FIRST = range(8)
# What there may be; nothing else is ever made from what is read.
CLASSES: tuple[type, ...] = (
    Watch, Seen, Insight, Attribution,
    first_seen.FirstSeen, habits.Habits, habits.Caller, habits.New, surprise.Known, surprise.Slots,
    rates.Rates, rates.Series, rates.Counts, rates.Moments, rates.Open,
    sequences.Sequences, sequences.Sequence, sequences.Window, sequences.Repeats,
    absence.Silences, absence.Visits, drift.Drifts, drift.LastSeen,
)  # fmt: skip


def _members(kind: type) -> tuple[str, ...]:
    if is_dataclass(kind):
        return tuple(each.name for each in fields(kind))
    slots = [name for each in kind.__mro__ for name in getattr(each, "__slots__", ())]
    return tuple(sorted(slots or vars(kind(Thresholds()))))


_NUMBERS = {kind: number for number, kind in enumerate(CLASSES, _FIRST)}
_MEMBERS = {kind: _members(kind) for kind in CLASSES}
# Other detectors keep other things: what they kept is not read.
LAYOUT = hashlib.sha256(
    json.dumps(
        [VERSION, [(kind.__name__, names) for kind, names in _MEMBERS.items()]]
    ).encode()
).hexdigest()[:16]  # fmt: skip


def dump(watch: Watch) -> bytes:
    """What these detectors have learnt."""
    return json.dumps(_Writer().write(watch), separators=(",", ":")).encode()


def load(content: bytes, thresholds: Thresholds) -> Watch:
    """Inverse of `dump`, with these thresholds.

    Raises:
        FormatError: no detectors wrote it.
    """
    try:
        found = _Reader(thresholds).read(json.loads(content))
    except (ValueError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise FormatError("malformed memory of the detectors") from error
    if not isinstance(found, Watch):
        raise FormatError("malformed memory of the detectors: it is something else")
    return found


def same(one: Json, other: Json) -> bool:
    """Is the same in both? Computers may differ in the last digit of a logarithm."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-9 * max(abs(one), abs(other), 1.0)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


class _Writer:
    def __init__(self) -> None:
        # Objects by their place in memory, numbered as they come.
        self._numbers: dict[int, int] = {}

    def write(self, value: object) -> Json:
        """A value as JSON."""
        if value is None or isinstance(value, str | int | float):
            return value
        kind = type(value)
        if kind in _NUMBERS:
            return self._instance(value, kind)
        return [_THRESHOLDS] if kind is Thresholds else [*self._container(value)]

    def _container(self, value: object) -> Iterator[Json]:
        match value:
            case list():
                yield from (_LIST, *map(self.write, value))
            case tuple():
                yield from (_TUPLE, *map(self.write, value))
            case set():
                yield from (_SET, *sorted(map(self.write, value), key=json.dumps))
            case deque():
                yield from (_DEQUE, value.maxlen, *map(self.write, value))
            case dict():
                yield _DICT
                for key, each in value.items():
                    yield from (self.write(key), self.write(each))
            case _:
                raise TypeError(f"the detectors do not keep a {type(value).__name__}")

    def _instance(self, value: object, kind: type) -> Json:
        if (known := self._numbers.get(id(value))) is not None:
            return [_AGAIN, known]
        self._numbers[id(value)] = len(self._numbers)
        return [_NUMBERS[kind], *(self.write(getattr(value, name)) for name in _MEMBERS[kind])]


class _Reader:
    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._instances: list[object] = []

    def read(self, value: Json) -> object:
        """Inverse of `write`."""
        match value:
            case [int(number), *rest] if number >= _FIRST:
                return self._instance(CLASSES[number - _FIRST], rest)
            case [int(number), *rest]:
                return self._container(number, rest)
            case None | str() | int() | float():
                return value
            case _:
                raise ValueError(value)

    def _container(self, number: int, rest: list[Json]) -> object:
        match number:
            case n if n == _THRESHOLDS:
                return self._thresholds
            case n if n == _AGAIN and isinstance(rest[0], int):
                return self._instances[rest[0]]
            case n if n == _DEQUE and isinstance(rest[0], int):
                return deque(map(self.read, rest[1:]), maxlen=rest[0])
        each = map(self.read, rest)
        match number:
            case n if n == _LIST:
                return list(each)
            case n if n == _TUPLE:
                return tuple(each)
            case n if n == _SET:
                return set(each)
            case n if n == _DICT:
                return dict(zip(each, each, strict=True))
            case _:
                raise ValueError(number)

    def _instance(self, kind: type, rest: list[Json]) -> object:
        made: object = object.__new__(kind)
        self._instances.append(made)
        for name, value in zip(_MEMBERS[kind], rest, strict=True):
            # Frozen values, too, are filled here and nowhere else.
            object.__setattr__(made, name, self.read(value))
        return made
