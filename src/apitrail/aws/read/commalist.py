"""Header values that are lists: comma-separated, quoted where an item holds a comma."""

from __future__ import annotations

import re

# RFC 9110, 5.6.1 and 5.6.4: items are quoted strings or run to the next comma.
_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"[^,]*|([^,]*))(?:,|$)')
_ESCAPED = re.compile(r"\\(.)")

# An HTTP date has one comma of its own, after the day's name.
_DAY = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*", re.IGNORECASE)


def items(text: str) -> list[str]:
    """The items in order, quotes and escapes undone."""
    if '"' not in text:
        return [part.strip() for part in text.split(",")]
    found = []
    position = 0
    while position < len(text) and (match := _ITEM.match(text, position)):
        quoted, plain = match.groups()
        found.append(plain.strip() if quoted is None else _ESCAPED.sub(r"\1", quoted))
        position = match.end()
    return found


def dates(text: str) -> list[str]:
    """The dates in order, whichever of the formats they have."""
    found: list[str] = []
    for part in text.split(","):
        if found and _DAY.fullmatch(found[-1]):
            found[-1] = f"{found[-1]}, {part.strip()}"
        else:
            found.append(part.strip())
    return found
