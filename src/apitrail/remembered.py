"""A memory of what a function answered, which nobody can fill with long texts.

`functools.lru_cache` counts its entries and not their size. Names come from requests, and a request may
have thousands that are a megabyte long.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
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


def remembered[**P, R](
    most: int, *, groups: bool = False, longest: int = LONGEST
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the answers of a pure function to the `most` last arguments that are short.

    `groups` looks into tuples and sets as well. `longest` is of texts outside of these.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        cached = lru_cache(most)(function)

        @wraps(function)
        def answer(*arguments: P.args, **named: P.kwargs) -> R:
            for each in arguments:
                if isinstance(each, _TEXTS) and len(each) > longest:
                    return function(*arguments, **named)
            return cached(*arguments, **named)  # type: ignore[arg-type]

        @wraps(function)
        def answer_groups(*arguments: P.args, **named: P.kwargs) -> R:
            if any(map(is_long, arguments)):
                return function(*arguments, **named)
            return cached(*arguments, **named)  # type: ignore[arg-type]

        @wraps(function)
        def answer_one(argument: Any) -> R:
            if isinstance(argument, _TEXTS) and len(argument) > longest:
                return single(argument)
            return cached(argument)

        # Most take one, and are asked some twenty times a call.
        single = cast("Callable[[Any], R]", function)
        if groups:
            return answer_groups
        one = len(signature(function).parameters) == 1
        return cast("Callable[P, R]", answer_one) if one else answer

    return decorate
