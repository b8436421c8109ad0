"""Live: the newest calls, and with scripts each further one as it is recorded."""

from __future__ import annotations

from starlette.requests import Request

from apitrail.reading import event_list
from apitrail.web.console import event_rows, history_page
from apitrail.web.console.console import Console
from apitrail.web.console.page import Page
from apitrail.web.console.url_state import UrlState

# The calls that a page begins with, and that it keeps as others come.
SHOWN = 40


def show(console: Console, request: Request) -> Page:
    """The newest calls of the filter that the URL says."""
    state, said = UrlState.parse(request.query_params.multi_items()), list[str]()
    with console.source() as source:
        last = source.size - 1
        where = event_list.resolve(source, state.filter(console.now()), said.append)
        rows = event_rows.rows(source, source.select(where, limit=SHOWN), state.columns)
    return Page(
        template="live.html", title="Live",
        shown={"notes": said, "last": last, "events": [row.to_json(state.columns) for row in rows]},
        helpers={
            "rows": rows, "figures": event_rows.FIGURES, "state": state, "said": said,
            "headings": [(name, event_rows.heading(name)) for name in state.columns],
            "chips": list(history_page.chips(state, "/live")), "hidden": list(history_page.hidden(state)),
            "stream": state.href("/live/events", after=str(last)), "kept": SHOWN,
        },
        command=state.command("events", "--follow"),
    )  # fmt: skip
