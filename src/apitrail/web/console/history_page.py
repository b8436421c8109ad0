"""Event history: the calls of a filter, how many there were when, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from starlette.requests import Request

from apitrail.query import Filter
from apitrail.reading import event_list, event_table, filter_words
from apitrail.source import Source, Tally
from apitrail.web.console import counts, event_rows, volume
from apitrail.web.console.console import Console
from apitrail.web.console.counts import Group
from apitrail.web.console.page import Page
from apitrail.web.console.url_state import UrlState

# So many of the newest calls are counted while a page waits, if they are found with this effort
# (`Source.tally`); a quarter is for the alternatives to what was chosen.
COUNTED = 10_000
EFFORT = 500_000
EVERY = 1 << 62
# Time presets, as their links say them and as `--since` takes them.
PRESETS = (
    ("Last 15 minutes", "15m"), ("Last hour", "1h"), ("Last 24 hours", "24h"),
    ("Last 7 days", "7d"), ("Last 30 days", "30d"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chip:
    """One word of the filter, and the page without it."""

    text: str
    href: str


def show(console: Console, request: Request) -> Page:
    """The page that the URL asks for; raises UsageError where it asks for what there is not."""
    state = UrlState.parse(request.query_params.multi_items())
    now, said = console.now(), list[str]()
    with console.source() as source:
        where = event_list.resolve(source, state.filter(now), said.append)
        found = list(source.select(where, limit=state.rows + 1, before=state.before))
        is_all = state.before is None and len(found) <= state.rows
        tally = console.tallies.of(
            source, where, counts.COLUMNS, limit=EVERY if state.whole else COUNTED,
            effort=None if state.whole else EFFORT, among=found if is_all else None,
        )  # fmt: skip
        rows = event_rows.rows(source, found[: state.rows], state.columns)
        groups = list(_groups(console, source, where, tally, state))
        chart = _volume(console, source, where, tally, now)
    after = state.at(found[state.rows - 1]) if len(found) > state.rows else None
    shown = {
        "calls": tally.calls,
        "countedAll": tally.is_all,
        "errors": len(tally.failed),
        "notes": said,
        "volume": chart.to_json() if chart else None,
        "groups": [group.to_json() for group in groups],
        "events": [row.to_json(state.columns) for row in rows],
        "next": after.href("/events.json") if after else None,
    }
    helpers: Mapping[str, object] = {
        "state": state, "rows": rows, "groups": groups, "chart": chart, "after": after,
        "chips": list(chips(state)), "presets": _presets(state), "said": said,
        "headings": [(name, event_rows.heading(name)) for name in state.columns],
        "figures": event_rows.FIGURES, "all_columns": _all_columns(state),
        "writes": _toggled(state, "read-only", "false"), "errors_only": _toggled(state, "error", filter_words.ANY),
        "tally": tally, "oldest": tally.times[-1] if tally.times else None,
        "exports": _exports(state, is_bundle=console.served.is_bundle), "hidden": list(hidden(state)),
        "whole": replace(state, whole=True).href(), "newest": state.at(None).href(),
        "times": (_given(state, "since"), _given(state, "until")),
    }  # fmt: skip
    columns = (
        () if state.columns == UrlState().columns else (f"--columns {','.join(state.columns)}",)
    )
    return Page(
        template="history.html", title="Event history", shown=shown, helpers=helpers,
        command=state.command("events", *columns),
    )  # fmt: skip


def prepare(console: Console) -> None:
    """Count what the first page shows, before somebody asks for it."""
    with console.source() as source:
        where = event_list.resolve(source, Filter())
        console.tallies.of(source, where, counts.COLUMNS, limit=COUNTED, effort=EFFORT)


def _groups(
    console: Console, source: Source, where: Filter, tally: Tally, state: UrlState
) -> Iterator[Group]:
    """The values to choose from: where one was chosen, its alternatives are counted without it."""
    values = dict(tally.values)
    for field, (name, _) in counts.GROUPS.items():
        if name in state.words and not (name == "error" and where.error is True):
            open_one = replace(where, **{field: None if field == "error" else ()})  # type: ignore[arg-type]
            found = console.tallies.of(
                source, open_one, (field,), limit=COUNTED // 4, effort=EFFORT // 4
            )
            values[field] = found.values[field]
    return counts.groups(source, replace(tally, values=values), state)


def _volume(
    console: Console, source: Source, where: Filter, tally: Tally, now: datetime
) -> volume.Volume | None:
    if not tally.times:
        return None
    oldest, newest = min(tally.times), max(tally.times)
    since = oldest if where.since is None or not tally.is_all else where.since
    until = newest + 1
    if where.since is not None or where.until is not None:
        until = max(until, min(where.until or EVERY, console.served.clock()))
    gaps = () if console.served.is_bundle else console.books.between(source, since, until)
    zone = int((now.utcoffset() or timedelta()).total_seconds() * 1000)
    return volume.of(
        tally.times, tally.failed, since=since, until=until, gaps=gaps or (), zone=zone
    )


def chips(state: UrlState, path: str = "/") -> Iterator[Chip]:
    """The words of the filter, each with the page that does without it."""
    for name, values in state.words.items():
        for value in values:
            yield Chip(_said(name, value), state.without(name, value).href(path))


def _said(name: str, value: str) -> str:
    match name, value:
        case "read-only", _:
            return "reads only" if value == "true" else "writes only"
        case "error", filter_words.ANY:
            return "errors only"
        case _:
            return f"{name.replace('-', ' ')}: {value}"


def _presets(state: UrlState) -> list[tuple[str, bool, str]]:
    without_end = state.having("until")
    chosen = state.words.get("since", ())
    found = [
        (text, chosen == (since,), without_end.having("since", since).href())
        for text, since in PRESETS
    ]
    is_all = not chosen and "until" not in state.words
    return [*found, ("All of it", is_all, without_end.having("since").href())]


def _toggled(state: UrlState, name: str, value: str) -> tuple[bool, str]:
    chosen = state.words.get(name) == (value,)
    return chosen, (state.having(name) if chosen else state.having(name, value)).href()


def _all_columns(state: UrlState) -> list[tuple[str, str, bool]]:
    return [(name, event_rows.heading(name), name in state.columns) for name in event_table.CELLS]


def _exports(state: UrlState, *, is_bundle: bool) -> list[tuple[str, str]]:
    plain = UrlState(words=state.words)
    found = [
        ("Bundle, with proofs", plain.href("/export", format="bundle")),
        ("Page that checks itself", plain.href("/export", format="html")),
        ("CSV", plain.href("/export", format="csv")),
        ("JSON lines", plain.href("/export", format="jsonl")),
    ]
    # A bundle cannot prove more than it was exported with.
    proof = plain.href("/export", **{"format": "bundle", "prove-complete": "true"})
    return found if is_bundle else [*found, ("Bundle that proves there are no others", proof)]


def hidden(state: UrlState, *but: str) -> Iterator[tuple[str, str]]:
    """What a form must carry along for its page to stay as it is, but for these names."""
    for name, values in state.words.items():
        yield from ((name, value) for value in values if name not in but)
    if state.columns != UrlState().columns and "columns" not in but:
        yield "columns", ",".join(state.columns)


def _given(state: UrlState, name: str) -> str:
    return state.words.get(name, ("",))[0]
