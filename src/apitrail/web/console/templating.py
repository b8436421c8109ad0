"""Templates to HTML: everything that was recorded is escaped, and what is not printable shows."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources

from jinja2 import BaseLoader, DictLoader, Environment
from markupsafe import Markup

from apitrail.reading import event_table, render
from apitrail.web.console.url_state import place
from apitrail.when import iso

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
# From so many milliseconds on, in this unit.
_UNITS = ((2 * _DAY, _DAY, "d"), (2 * _HOUR, _HOUR, "h"), (2 * _MINUTE, _MINUTE, "min"))


def environment() -> Environment:
    """The templates of this package."""
    made = Environment(
        loader=_loader(), autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_shown,
    )  # fmt: skip
    made.filters |= {
        "number": number, "moment": moment, "short": short, "ago": ago, "place": place_of, "iso": iso,
    }  # fmt: skip
    return made


def _loader() -> BaseLoader:
    directory = resources.files("apitrail.web.console").joinpath("templates")
    return DictLoader({each.name: each.read_text("utf-8") for each in directory.iterdir()})


def _shown(value: object) -> object:
    """What was recorded must not reorder or hide the text around it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return render.clean(value)
    return value


def number(value: int) -> Markup:
    """`41 207`, with spaces that do not break."""
    return Markup(f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}"))  # noqa: S704  # digits


def _local(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone()


def moment(milliseconds: int | None) -> str:
    """The whole of a time, in the zone of the server: `Thursday 26 November 2026, 09:00:04.312 +0100`."""
    if milliseconds is None:
        return "at an unknown time"
    time = _local(milliseconds)
    return f"{time:%A} {time.day} {time:%B %Y, %H:%M:%S}.{milliseconds % 1000:03d} {time:%z}"


def short(milliseconds: int | None, now: int) -> str:
    """Of today the time, of other days the day and the minute."""
    return event_table.short_time(milliseconds, _local(now))


def ago(milliseconds: int) -> str:
    """`12 s`, `3 min`: how long ago, roughly."""
    for least, unit, name in _UNITS:
        if milliseconds >= least:
            return f"{milliseconds // unit} {name}"
    return f"{max(milliseconds, 0) // _SECOND} s"


def place_of(name: str, kind: str) -> str:
    """The path of a page about something."""
    return place(kind, name)
