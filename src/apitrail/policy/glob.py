"""IAM's patterns: `*` stands for any text, `?` for one character.

A value may have stars too: what is not known of a resource, such as its account. So there are two
questions: does the pattern surely match, and can it match?
"""

from __future__ import annotations

import re
from functools import lru_cache

from apitrail.remembered import remembered

UNKNOWN = "*"


@lru_cache(maxsize=8192)
def compiled(pattern: str, *, any_case: bool = False) -> re.Pattern[str]:
    """A pattern as a regular expression, for `fullmatch`."""
    return re.compile(expression(pattern), re.DOTALL | (re.IGNORECASE if any_case else 0))


def expression(pattern: str) -> str:
    """A pattern in the words of `re`.

    What stands between two stars is taken where it is found first, and never sought again (an
    atomic group): a value that somebody chose cannot make matching slow.
    """
    first, *parts = (_literal(part) for part in re.split(r"\*+", pattern))
    if not parts:
        return first
    *middle, last = parts
    return first + "".join(f"(?>.*?{part})" for part in middle) + f".*{last}"


def _literal(part: str) -> str:
    return "".join("." if sign == "?" else re.escape(sign) for sign in part)


def covers(pattern: str, value: str) -> bool:
    """Does the pattern match whatever the value's stars stand for?"""
    return compiled(pattern).fullmatch(value) is not None


@remembered(8192)
def meets(pattern: str, value: str) -> bool:
    """Is there anything that both match? A star in either stands for any text."""
    if UNKNOWN not in value:
        return covers(pattern, value)
    # Reachable places in the value, one character of the pattern after the other.
    places = _past_stars({0}, value)
    for sign in pattern:
        if sign == "*":
            places = set(range(min(places), len(value) + 1)) if places else places
            continue
        step = set()
        for place in places:
            if place < len(value) and value[place] == "*":
                step.add(place)
            elif place < len(value) and (sign in ("?", value[place])):
                step.add(place + 1)
        places = _past_stars(step, value)
        if not places:
            return False
    return len(value) in places


def _past_stars(places: set[int], value: str) -> set[int]:
    """Those places, and those behind a star, which may stand for nothing."""
    found = set(places)
    for place in places:
        at = place
        while at < len(value) and value[at] == "*":
            at += 1
            found.add(at)
    return found
