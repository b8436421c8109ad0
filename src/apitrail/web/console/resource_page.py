"""A resource's story: every change, by whom, the state after it, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request

from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.reading import event_list, event_summary, resource_history
from apitrail.reading.resource_history import Call
from apitrail.web.console import event_page, event_rows
from apitrail.web.console.console import Console
from apitrail.web.console.event_page import Member
from apitrail.web.console.page import Page
from apitrail.web.console.url_state import UrlState

# In a log of more entries the calls that name a resource are listed; whether others may have
# touched it takes reading every call, and is asked for.
READ_WHOLE = 30_000
MEMBERS = 10
# Of a longer story, the newest steps are told.
STEPS = 60
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Step:
    """A call of the story, or a time in which nobody was recording."""

    call: Call | None
    state: tuple[Member, ...] = ()
    gap: str = ""
    time: int = 0


def show(console: Console, request: Request) -> Page:
    """The story of what has the name or ARN that the URL says."""
    name = str(request.path_params["name"])
    pairs = request.query_params.multi_items()
    reads, whole = ("reads", "true") in pairs, ("whole", "true") in pairs
    state = UrlState.parse(each for each in pairs if each[0] not in ("reads", "whole"))
    with console.source() as source:
        where = event_list.resolve(source, Filter(resource_name=(name,)))
        if not any(True for _ in source.select(where, limit=1)):
            raise UsageError(
                f"no call here names the resource {name!r}",
                hint="names are told apart by letter case; a * stands for any text",
            )
        if source.size > READ_WHOLE and not whole:
            found = list(source.select(where, limit=state.rows + 1, before=state.before))
            rows = event_rows.rows(source, found[: state.rows], state.columns)
            return _listed(name, rows, state, more=len(found) > state.rows)
        asked = state.filter(console.now())
        history = resource_history.tell(
            source, name, Filter(since=asked.since, until=asked.until), reads=reads
        )
    steps = sorted(_steps(history), key=lambda step: step.time, reverse=True)
    older = max(len(steps) - STEPS, 0)
    return Page(
        template="resource.html", title=name, shown=history.to_json(),
        helpers={
            "history": history, "steps": steps[:STEPS], "older": older, "reads": reads, "name": name, "listed": None,
            "statement": list(history.statement()), "all": UrlState().having("resource-name", name).href(),
        },
        command=f"apitrail history {name!r}{' --reads' if reads else ''}",
    )  # fmt: skip


def _listed(name: str, rows: list[event_rows.EventRow], state: UrlState, *, more: bool) -> Page:
    following = state.at(rows[-1].index).href("") if more else None
    shown = {"resource": name, "complete": None, "events": [r.to_json(state.columns) for r in rows]}
    return Page(
        template="resource.html", title=name, shown=shown,
        helpers={
            "listed": rows, "figures": event_rows.FIGURES, "name": name, "following": following,
            "headings": [(each, event_rows.heading(each)) for each in state.columns],
            "all": UrlState().having("resource-name", name).href(), "statement": [], "steps": [],
        },
        command=UrlState().having("resource-name", name).command(),
    )  # fmt: skip


def _steps(history: resource_history.ResourceHistory) -> Iterator[Step]:
    for call in history.calls:
        found = list(event_summary.flat(call.state, ""))
        short = [(path, text[:_LONGEST]) for path, text in found]
        yield Step(call, tuple(event_page.shortened(short, MEMBERS)), time=call.time)
    for gap in history.unwatched:
        if gap.reason != "before the log began":
            yield Step(None, gap=gap.reason, time=gap.start)
