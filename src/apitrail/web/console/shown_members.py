"""Members of a value as a page shows them: shortened, with what was redacted set apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import escape

from apitrail.replay.recorded import REDACTED

# The most members shown of one value; the most characters of one member; then, as HTML has them, those of all its
# members. All of it is in the JSON.
MEMBERS = 150
LONGEST = 600
ALL = 16_000


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a value; `length` says that it was redacted, and how many bytes it had."""

    text: str
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A member by its path."""

    path: str
    parts: tuple[Part, ...]


def shortened(found: Sequence[tuple[str, str]], most: int = MEMBERS) -> list[Member]:
    """As many members as a page has room for, and how many more there are."""
    shown, length = list[Member](), 0
    for path, text in found[:most]:
        member = Member(path, tuple(parts(text)))
        length += weight(path) + sum(weight(part.text) for part in member.parts)
        if shown and length > ALL:
            break
        shown.append(member)
    if len(found) > len(shown):
        shown.append(Member("", (Part(f"… and {len(found) - len(shown)} more, in the JSON"),)))
    return shown


def parts(text: str) -> Iterator[Part]:
    """What of a text is as it was, and what was redacted."""
    at = 0
    for match in REDACTED.finditer(text):
        if match.start() > at:
            yield Part(_cut(text[at : match.start()]))
        yield Part(match[0], int(match["length"]))
        at = match.end()
    if at < len(text):
        yield Part(_cut(text[at:]))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"


def weight(text: str) -> int:
    """How long it is in HTML."""
    return len(escape(text))
