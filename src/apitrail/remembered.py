"""Memories that have a bound: of what a function answered, which nobody can fill with long texts either.

`functools.lru_cache` counts its entries and not their size. Names come from requests, and a request may
have thousands that are a megabyte long.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, cast

LONGEST = 256
"""Characters of an argument up to which an answer is remembered."""

MANY = 64
"""Members of a tuple or a set up to which an answer is remembered."""

# A tuple that is made once: `str | bytes` would be made anew each time, some forty times a call.
_TEXTS = (str, bytes)
_GROUPS = (tuple, frozenset)


def is_long(argument: object) -> bool:
    """Is it, or what is in it, too long to be remembered?"""
    if isinstance(argument, _TEXTS):
        return len(argument) > LONGEST
    if isinstance(argument, _GROUPS):
        return len(argument) > MANY or any(map(is_long, argument))
    return False


class Bounded[K, V](dict[K, V]):
    """A dictionary of what was found out before, which forgets all when it has `most`."""

    __slots__ = ("_most",)

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: K, value: V) -> V:
        """Remember a value, and give it."""
        if len(self) >= self._most:
            self.clear()
        self[key] = value
        return value


class _Answers[R](Bounded[Any, R]):
    """Answers by arguments. Looking one up that is there runs no code of Python's.

    When there are `most` they are all forgotten: that is a step of the dictionary's own, which no other
    thread can see half done.
    """

    __slots__ = ("_ask", "_is_short")

    def __init__(self, ask: Callable[[Any], R], is_short: Callable[[Any], bool], most: int) -> None:
        super().__init__(most)
        self._ask, self._is_short = ask, is_short

    def __missing__(self, key: Any) -> R:
        found = self._ask(key)
        return self.keep(key, found) if self._is_short(key) else found


def remembered[**P, R](
    most: int, *, groups: bool = False, longest: int = LONGEST
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep up to `most` answers of a pure function to arguments that are short.

    `groups` looks into tuples and sets as well. `longest` is of texts outside of these.
    """

    def is_short(argument: Any) -> bool:
        if groups:
            return not is_long(argument)
        return not (isinstance(argument, _TEXTS) and len(argument) > longest)

    def are_short(arguments: tuple[Any, ...]) -> bool:
        return all(map(is_short, arguments))

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        single = cast("Callable[..., R]", function)
        if len(signature(function).parameters) == 1:
            # Most take one, and are asked some twenty times a call.
            return cast("Callable[P, R]", _Answers(single, is_short, most).__getitem__)
        known = _Answers(lambda key: single(*key), are_short, most)
        named = _Answers(
            lambda key: single(*key[0], **dict(key[1])),
            lambda key: are_short(key[0]) and are_short(tuple(value for _, value in key[1])),
            most,
        )

        @wraps(function)
        def answer(*arguments: P.args, **names: P.kwargs) -> R:
            if names:
                return named[arguments, tuple(names.items())]
            return known[arguments]

        return answer

    return decorate
