"""Scalars as services accept them on the wire, made into the types that boto3 users know.

Where text is not what the model says, it is kept and doubted.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from apitrail.aws.call import Structure, Value

type Reader = Callable[[Any, Doubts], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DOUBTS = 20


class Doubts(list[str]):
    """What could not be told while reading one request, bounded.

    `ambiguous` are the doubts about names that are given twice where one value counts: readers
    differ in whether they take the first or the last. A request with such a name is read a second
    time with `turned` doubts, which take the other value.
    """

    def __init__(self, found: Iterable[str] = (), *, turned: bool = False) -> None:
        super().__init__(found)
        self.turned = turned
        self.ambiguous: list[str] = []

    def twice(self, name: str) -> None:
        """Note a name with more than one value."""
        self.unclear(f"{name!r:.80} is given twice")

    def unclear(self, problem: str) -> None:
        """Note something that two readers could read as two things."""
        self.add(problem)
        if len(self.ambiguous) < _MOST_DOUBTS and problem not in self.ambiguous:
            self.ambiguous.append(problem)

    def one[T](self, name: str, values: Sequence[T], *, first: bool = True) -> T:
        """The value that counts of a name's, which are one as a rule."""
        if len(values) > 1:
            self.twice(name)
        return values[0 if first is not self.turned else -1]

    def unique(self, pairs: list[tuple[str, Any]]) -> Structure:
        """An object of these members: the last of a name counts, as JSON readers have it."""
        made = dict(pairs)
        if len(made) != len(pairs):
            seen: set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    self.twice(name)
                seen.add(name)
            if self.turned:
                made = dict(reversed(pairs))
        return made

    def add(self, problem: str) -> None:
        """Note one, unless there are many already or it was noted."""
        if len(self) < _MOST_DOUBTS and problem not in self:
            self.append(problem)


def _told(value: object) -> str:
    # Values may be secrets: only what kind of thing was found is told.
    return type(value).__name__


def string(value: Value, doubts: Doubts) -> Value:
    """The text, unchanged."""
    if isinstance(value, str):
        return value
    if value is not None:
        doubts.add(f"{_told(value)} where a string was expected")
    return value


def boolean(value: Value, doubts: Doubts) -> Value:
    """true and false, also as text in any case."""
    if isinstance(value, bool) or value is None:
        return value
    match str(value).strip().lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    doubts.add(f"{_told(value)} where a boolean was expected")
    return value


def integer(value: Value, doubts: Doubts) -> Value:
    """A whole number, also as text; S3 queries may leave it empty."""
    if isinstance(value, int) or value is None:
        return value
    try:
        # Python refuses to read more than 4300 digits, so this cannot be made slow.
        return int(value)
    except (ValueError, TypeError, OverflowError):
        doubts.add(f"{_told(value)} where an integer was expected")
        return value


def number(value: Value, doubts: Doubts) -> Value:
    """A float, also as text, NaN and infinities included."""
    if isinstance(value, float) or value is None:
        return value
    try:
        return float(value)
    except (ValueError, TypeError, OverflowError):
        doubts.add(f"{_told(value)} where a number was expected")
        return value


def blob(value: Value, doubts: Doubts) -> Value:
    """Bytes from base64 text; bytes as they are."""
    if isinstance(value, bytes) or value is None:
        return value
    try:
        return base64.b64decode(value, validate=False)
    except (binascii.Error, ValueError, TypeError):
        doubts.add(f"{_told(value)} where base64 was expected")
        return value


def timestamp(value: Value, doubts: Doubts) -> Value:
    """An aware datetime from whichever of the three formats was sent, model notwithstanding."""
    if isinstance(value, datetime) or value is None:
        return value
    try:
        return _moment(value)
    except (ValueError, TypeError, OverflowError, IndexError):
        doubts.add(f"{_told(value)} where a time was expected")
        return value


def _moment(value: Value) -> datetime:
    if isinstance(value, int | float):
        return _since_epoch(value)
    text = value.strip()
    if text[:1].isalpha():
        return _aware(parsedate_to_datetime(text))
    try:
        return _since_epoch(float(text))
    except ValueError:
        return _aware(datetime.fromisoformat(text.upper()))


def _since_epoch(seconds: float) -> datetime:
    if not math.isfinite(seconds):
        raise ValueError(seconds)
    return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


READERS: dict[str, Reader] = {
    "string": string,
    "character": string,
    "boolean": boolean,
    "integer": integer,
    "long": integer,
    "float": number,
    "double": number,
    "blob": blob,
    "timestamp": timestamp,
}
"""By the model's type name."""
