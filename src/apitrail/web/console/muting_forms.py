"""The two forms that change something: they mute insights, and lift a mute. Each is an entry."""

from __future__ import annotations

from collections.abc import Mapping

from apitrail.errors import UsageError
from apitrail.evidence import maintenance
from apitrail.insights.mute import Mute
from apitrail.reading import insight_list, mutes
from apitrail.trail.muting import Muting
from apitrail.trail.statements import Insight
from apitrail.web.console.console import Console
from apitrail.when import parse_duration

BY = "console"
REASON = 500
# What a form calls it → which members of an insight a mute of it keeps.
SCOPES: Mapping[str, tuple[str, ...]] = {
    "these, by this caller": ("kind", "name", "operation", "caller"),
    "this kind, by this caller": ("kind", "caller"),
    "this operation, by anybody": ("kind", "operation"),
}
SPANS = {"1d": "a day", "7d": "a week", "30d": "30 days", "": "without end"}


def choices(said: Insight) -> list[tuple[str, Mute]]:
    """The mutes that a page offers for an insight: what a form calls them, and what they name."""
    whole = mutes.like(said).to_json()
    found = {
        name: Mute(**{member: whole[member] for member in members if member in whole})
        for name, members in SCOPES.items()
        if whole.keys() >= {*members} or members is SCOPES["these, by this caller"]
    }
    return list(found.items())


def mute(console: Console, form: Mapping[str, str]) -> str:
    """Mute what is like an insight, as far as the form says; the page of all insights is next.

    Raises:
        UsageError: it is of a bundle, or the form is not understood.
    """
    _can_write(console)
    with console.source() as source:
        _, said = insight_list.find(source, form.get("insight", ""))
    wanted = dict(choices(said)).get(form.get("scope", ""))
    if wanted is None:
        raise UsageError("nothing to mute", hint="choose one of the page's lines")
    span = form.get("for", "")
    until = None
    if span:
        until = console.served.clock() + round(parse_duration(span).total_seconds() * 1000)
    asked = Muting(mute=wanted, by=BY, reason=form.get("reason", "").strip()[:REASON], until=until)
    maintenance.mute(console.served.path, asked)
    return "/insights"


def lift(console: Console, form: Mapping[str, str]) -> str:
    """Lift a mute; raises UsageError as `mute` does."""
    _can_write(console)
    number = form.get("entry", "")
    if not number.isascii() or not number.isdigit():
        raise UsageError(f"no entry {number!r}")
    with console.source() as source:
        said = console.served.mutes(source).lifting(int(number), console.served.clock(), BY)
    maintenance.mute(console.served.path, said)
    return "/insights"


def _can_write(console: Console) -> None:
    if console.served.is_bundle:
        raise UsageError("a bundle cannot be changed", hint="serve the trail it is of")
