"""A resource: its state as last known, two states side by side, its story, and what is not known."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.reading import event_list, known_state, resource_history
from apitrail.reading.known_state import KnownState
from apitrail.reading.resource_history import Call, ResourceHistory
from apitrail.web.console import event_rows, resource_story
from apitrail.web.console.console import Console
from apitrail.web.console.page import Page
from apitrail.web.console.resource_story import Compared
from apitrail.web.console.url_state import UrlState

# Of a resource that more calls name they are listed. What each says of its state takes reading
# them all, and is asked for.
READ_WHOLE = 3_000
# In a log of more entries it is not sought at once what else may have touched the resource.
LARGE = 30_000
# Of a longer story, the newest steps are told.
STEPS = 60
# States to choose from.
CHOICES = 60
_OWN = ("reads", "whole", "from", "to")


def show(console: Console, request: Request) -> Page:
    """The story of what has the name or ARN that the URL says."""
    name = str(request.path_params["name"])
    pairs = request.query_params.multi_items()
    asked, now = dict(pairs), int(console.now().timestamp() * 1000)
    state = UrlState.parse(each for each in pairs if each[0] not in _OWN)
    with console.source() as source:
        where = event_list.resolve(source, Filter(resource_name=(name,)))
        found = list(source.select(where, limit=READ_WHOLE + 1))
        if len(found) > READ_WHOLE and asked.get("whole") != "true":
            found = list(source.select(where, limit=state.rows + 1, before=state.before))
            rows = event_rows.rows(source, found[: state.rows], state.columns)
            return _listed(name, rows, state, more=len(found) > state.rows)
        limits = state.filter(console.now())
        brief = None
        if source.size > LARGE and asked.get("whole") != "true":
            newest = source.entry(source.size - 1)
            until = limits.until or max(now, newest.time if newest else 0)
            brief = console.books.between(source, limits.since or 0, until) or []
        history = resource_history.tell(
            source, name, Filter(since=limits.since, until=limits.until),
            reads=asked.get("reads") == "true", brief=brief,
        )  # fmt: skip
    if not found and not history.known:
        raise UsageError(
            f"no call here names or shows the resource {name!r}",
            hint="names are told apart by letter case; a * stands for any text",
        )
    return _told(
        KnownState(resource=name, at=min(limits.until or now, now), history=history), asked
    )


def _told(known: KnownState, asked: dict[str, str]) -> Page:
    history, name = known.history, known.resource
    steps = resource_story.steps(history)
    versions = resource_story.versions(history)
    compared = _compared(history, versions, asked)
    reads = history.reads
    return Page(
        template="resource.html", title=name,
        shown={
            **history.to_json(), "parts": known.to_json()["parts"],
            "compared": None if compared is None else {
                "from": compared.old.index, "to": compared.new.index,
                "differences": [each.to_json() for each in compared.found],
            },
        },
        helpers={
            "history": history, "steps": steps[:STEPS], "older": max(len(steps) - STEPS, 0),
            "reads": reads, "name": name, "listed": None, "at": known.at,
            "state": resource_story.state(known.parts), "versions": versions[:CHOICES],
            "compared": compared, "since": known_state.since,
            "statement": list(history.statement()), "all": UrlState().having("resource-name", name).href(),
        },
        command=f"apitrail history {name!r}{' --reads' if reads else ''}",
    )  # fmt: skip


def _compared(
    history: ResourceHistory, versions: Sequence[Call], asked: dict[str, str]
) -> Compared | None:
    """The two states that the URL asks for, else the last two."""
    if "from" in asked or "to" in asked:
        return resource_story.compared(
            _at(history, asked.get("from", "")), _at(history, asked.get("to", ""))
        )
    return resource_story.compared(versions[1], versions[0]) if len(versions) > 1 else None


def _at(history: ResourceHistory, text: str) -> Call:
    for call in history.calls:
        if str(call.index) == text:
            return call
    raise UsageError(
        f"no state of {history.resource!r} after entry {text!r}",
        hint="from and to are entries of its story; those of reads may need reads=true",
    )


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
