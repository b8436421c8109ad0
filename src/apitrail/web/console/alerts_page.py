"""Alerts that were raised, where they went, and what could not be delivered."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from starlette.requests import Request

from apitrail.errors import FormatError
from apitrail.reading import alert_log
from apitrail.reading.alert_log import AlertLog, Logged
from apitrail.reading.rules import looked_at, raised
from apitrail.source import Source
from apitrail.trail.outbox import FILE, GIVEN_UP, Outbox
from apitrail.web.console.console import Console
from apitrail.web.console.page import Page

# Shown at once, newest first.
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert, the page of what completed it, and that in words; None where it was erased."""

    logged: Logged
    href: str | None
    summary: str | None


def show(console: Console, _: Request) -> Page:
    """The newest, and every sink."""
    found = AlertLog() if console.served.is_bundle else alert_log.read(console.served.path, SHOWN)
    with console.source() as source:
        alerts = [_shown(source, each) for each in found.alerts]
    given_up = sum(each.counts.get(GIVEN_UP, 0) for each in found.places if each.active)
    shown = {
        "alerts": [{**each.logged.to_json(), "summary": each.summary} for each in alerts],
        "sinks": [each.to_json() for each in found.places],
    }
    helpers: Mapping[str, object] = {
        "found": alerts, "places": found.places, "given_up": given_up, "text": alert_log.text,
        "most": SHOWN,
    }  # fmt: skip
    return Page(
        template="alerts.html", title="Alerts", shown=shown, helpers=helpers,
        command="apitrail alert log",
    )  # fmt: skip


def retry(console: Console, _: Mapping[str, str]) -> str:
    """What was given up is tried again."""
    path = console.served.path
    if not console.served.is_bundle and (path / FILE).is_file():
        with closing(Outbox.open(path)) as outbox:
            outbox.retry(console.served.clock())
    return "/alerts"


def _shown(source: Source, logged: Logged) -> Shown:
    link = source.entry(logged.entry)
    try:
        seen = None if link is None else looked_at.one(source, logged.entry, link.kind)
    except FormatError:
        seen = None
    if seen is None:
        return Shown(logged, None, None)
    place = "event" if seen.insight is None else "insight"
    return Shown(logged, f"/{place}/{seen.id}", raised.summary(seen.record))
