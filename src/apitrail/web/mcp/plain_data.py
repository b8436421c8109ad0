"""What a trail says, made fit for a model: no control characters, and no more than it can read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from apitrail.codec import Json, Object
from apitrail.reading.render import clean

# Characters of one answer, about a quarter as many tokens.
ANSWER = 40_000
# Characters of a string and items of a list or an object, from the whole to what always fits.
_LIMITS = ((20_000, 1_000), (2_000, 200), (500, 40), (120, 12), (40, 4))
_DEEPEST = 24


def plain(value: object) -> tuple[Json, bool]:
    """The value without control characters, cut to what fits into an answer; and whether it was cut."""
    for longest, most in _LIMITS:
        cut = _Cut(longest, most)
        try:
            found = cut.of(value)
        except _TooLongError:
            continue
        if size(found) <= ANSWER:
            return found, cut.happened
    return "… (too long to be shown)", True


def texts(values: Iterable[str]) -> list[Json]:
    """Lines of ours, which may quote what was recorded."""
    return [clean(value) for value in values]


def members(value: Mapping[str, object]) -> Object:
    """An object, as `plain` has it."""
    found, _ = plain(value)
    return found if isinstance(found, dict) else {}


def size(value: Json) -> int:
    """How many characters it has as JSON."""
    return len(json.dumps(value, ensure_ascii=False))


class _TooLongError(Exception):
    """More was found than fits, so that the rest need not be looked at."""


class _Cut:
    def __init__(self, longest: int, most: int) -> None:
        self._longest = longest
        self._most = most
        self._used = 0
        self.happened = False

    def of(self, value: object, depth: int = 0) -> Json:
        """A value, and those in it; raises _TooLongError."""
        self._used += 1
        if self._used > ANSWER:
            raise _TooLongError
        if isinstance(value, bool | int | float) or value is None:
            return value
        if depth == _DEEPEST:
            self.happened = True
            return "…"
        if isinstance(value, Mapping):
            shown = list(value.items())[: self._left(len(value))]
            found = {self._text(str(name)): self.of(each, depth + 1) for name, each in shown}
            return found | ({"…": f"{len(value) - len(shown)} more"} if len(shown) < len(value) else {})  # fmt: skip
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            items = [self.of(each, depth + 1) for each in value[: self._left(len(value))]]
            more = len(value) - len(items)
            return [*items, f"… {more} more"] if more else items
        return self._text(value.hex() if isinstance(value, bytes) else str(value))

    def _left(self, number: int) -> int:
        self.happened |= number > self._most
        return min(number, self._most)

    def _text(self, text: str) -> str:
        self._used += min(len(text), self._longest)
        if len(text) <= self._longest:
            return clean(text)
        self.happened = True
        return f"{clean(text[: self._longest])}… ({len(text)} characters)"
