"""States and their differences in words: a line for each member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from apitrail.codec import Json, Object
from apitrail.reading import event_summary, render
from apitrail.state import knowledge
from apitrail.state.differing import ADDED, REMOVED, Difference, document
from apitrail.state.knowledge import Told

# Of a state that is seen for the first time, and of a request, so many members; of differences.
MEMBERS = 6
DIFFERENCES = 20
_SIGNS = {ADDED: "+", REMOVED: "-"}


def of_told(told: Told) -> Iterator[str]:
    """What a call says of one part."""
    if told.value is None:
        yield f"{told.label}: does not exist{', inferred' if told.how == knowledge.INFERRED else ''}"
        return
    yield f"{told.label}: {WORDS[told.how]}"
    if told.how == knowledge.FIRST:
        yield from _few(members(told.value), MEMBERS)
    yield from _few([difference(each) for each in told.found], DIFFERENCES)


WORDS = {
    knowledge.FIRST: "first seen",
    knowledge.SAME: "as before",
    knowledge.CHANGED: "seen, and changed",
    knowledge.INFERRED: "inferred from what was asked, not seen",
    knowledge.OPEN: "may be changed, and was not seen since",
}


def as_it_is(verb: str, value: Json) -> Iterator[str]:
    """What a call asked for or was answered, where that does not show the state."""
    if value is not None:
        yield from _few([f"{verb} {each.strip()}" for each in members(value)], MEMBERS)


def members(value: Json) -> list[str]:
    """The members of a state, a line each."""
    found = event_summary.flat(_read(value), "")
    return [f"  {path} = {text}" if path else f"  {text}" for path, text in found]


def _read(value: Json) -> Json:
    """Policies that are written in a string, as the documents they are."""
    if isinstance(value, Mapping):
        return {name: document(inner) for name, inner in value.items()}
    return document(value)


def difference(item: Difference) -> str:
    """One member that differs."""
    sign = _SIGNS.get(item.kind)
    path = item.path or "it"
    if sign is None:
        return f"  ~ {path}: {_text(item.was)} → {_text(item.now)}"
    return f"  {sign} {path} = {_text(item.was if sign == '-' else item.now)}"


def _text(value: Json) -> str:
    read = document(value)
    return read if isinstance(read, str) else render.json_line(read)


def _few(lines: list[str], most: int) -> Iterator[str]:
    yield from lines[:most]
    if len(lines) > most:
        yield f"  … and {len(lines) - most} more"


def told_json(told: Told) -> Object:
    """For scripts."""
    return {
        "part": told.label,
        "how": told.how,
        "exists": told.value is not None,
        "differences": [each.to_json() for each in told.found],
    }
