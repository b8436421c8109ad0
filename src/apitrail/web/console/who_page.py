"""What one principal, access key or operator did: since when, to what, and what failed."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.source import Source
from apitrail.web.console import counts, event_rows, history_page
from apitrail.web.console.console import Console
from apitrail.web.console.insights_page import told
from apitrail.web.console.page import Page
from apitrail.web.console.url_state import COLUMNS, UrlState

# What a name may be → the filter's field, and the option that asks for it.
KINDS = {
    "caller": ("username", "username"),
    "access key": ("access_key_id", "access-key-id"),
    "operator": ("operator", "operator"),
}
NEWEST = 30
_COUNTED = (*counts.COLUMNS, "access_key_id", "source_ip")
_SHOWN = tuple(name for name in COLUMNS if name != "caller")


def show(console: Console, request: Request) -> Page:
    """The caller of this name; raises UsageError where there is none."""
    name = str(request.path_params["name"])
    with console.source() as source:
        kind, where = _known(source, name)
        tally = source.tally(
            where, _COUNTED, limit=history_page.COUNTED, effort=history_page.EFFORT
        )
        newest = list(source.select(where, limit=NEWEST))
        oldest = list(source.select(where, limit=1, ascending=True))
        rows = event_rows.rows(source, newest, _SHOWN)
        first = event_rows.rows(source, oldest, ())[0]
        state = UrlState().having(KINDS[kind][1], name)
        groups = [g for g in counts.groups(source, tally, state) if g.name != KINDS[kind][1]]
        unusual = [each for each in told(console, source) if each.who == name]
    keys, addresses = (counts.ranked(tally.values[each]) for each in ("access_key_id", "source_ip"))
    shown = {
        "name": name,
        "kind": kind,
        "calls": tally.calls,
        "countedAll": tally.is_all,
        "errors": len(tally.failed),
        "first": first.to_json(()),
        "last": rows[0].to_json(_SHOWN),
        "groups": [group.to_json() for group in groups],
        "accessKeys": keys,
        "addresses": addresses,
        "insights": [each.to_json() for each in unusual],
        "events": [row.to_json(_SHOWN) for row in rows],
    }
    helpers: Mapping[str, object] = {
        "rows": rows, "figures": event_rows.FIGURES, "groups": groups, "tally": tally,
        "headings": [(each, event_rows.heading(each)) for each in _SHOWN], "first": first,
        "last": rows[0], "all": state.href(), "failures": state.having("error", "*").href(),
        "unusual": unusual, "policy": state.href("/policy"), "keys": keys[:10], "addresses": addresses[:10],
    }  # fmt: skip
    return Page(
        template="who.html", title=name, shown=shown, helpers=helpers, command=state.command(),
    )  # fmt: skip


def _known(source: Source, name: str) -> tuple[str, Filter]:
    for kind, (field, _) in KINDS.items():
        where = Filter(**{field: (name,)})  # type: ignore[arg-type]
        if any(True for _ in source.select(where, limit=1)):
            return kind, where
    raise UsageError(
        f"nobody here is called {name!r}", hint="names are written as Event history shows them"
    )
