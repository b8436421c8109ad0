"""Rules that are a filter, in the words of `apitrail events`: `{ event-name = "Delete*", error = true }`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from apitrail.errors import UsageError
from apitrail.query import PATTERNED, Filter, Pattern, Value
from apitrail.reading import filter_words
from apitrail.reading.rules.alert_rule import Matches
from apitrail.reading.rules.looked_at import LookedAt

# What a rule cannot ask of calls that are still to come.
_NOT_HERE = ("since", "until", "event-id", "stand-in")
NAMES = tuple(name for name in filter_words.NAMES if name not in _NOT_HERE)


def parse(table: object) -> Filter:
    """The filter in a table of a configuration file. Values are held against calls without regard
    to letter case where the command line does so too.

    Raises:
        UsageError: it is none.
    """
    hint = f"it takes {', '.join(NAMES)}"
    if not isinstance(table, Mapping) or not table:
        raise UsageError(f"filter cannot be {table!r}", hint=hint)
    for name in table:
        if name not in NAMES:
            raise UsageError(f"filter: unknown field {name!r}", hint=hint)
    words = {name: _words(name, value) for name, value in table.items()}
    if "last" in words.get("run", ()):
        raise UsageError("filter.run cannot be 'last'", hint="name a run, or use label")
    found = filter_words.parse(words, now=datetime.now().astimezone())
    forms: dict[str, tuple[Value, ...]] = {
        field: tuple(_form(field, value) for value in getattr(found, field)) for field in PATTERNED
    }
    return replace(found, stand_in=None, **forms)  # type: ignore[arg-type]


def matches(where: Filter) -> Matches:
    """Is it a call that the filter finds?"""

    def found(seen: LookedAt) -> bool:
        return seen.row is not None and where.matches(seen.row)

    return found


def _form(field: str, value: Value) -> Value:
    if isinstance(value, Pattern) or (field == "resource_name" and "*" not in value):
        return value
    return Pattern(value)


def _words(name: str, value: object) -> Sequence[str]:
    match value:
        case bool():
            if name == "error":
                if not value:
                    raise UsageError("filter.error cannot be false", hint="leave it out")
                return (filter_words.ANY,)
            return (str(value).lower(),)
        case str() if value:
            return (value,)
        case [str(), *_] if all(isinstance(each, str) and each for each in value):
            return tuple(map(str, value))
        case _:
            raise UsageError(f"filter.{name} cannot be {value!r}")
