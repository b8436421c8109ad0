"""A run told in order: what a build or an agent's session called, what failed, what it made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from starlette.requests import Request

from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.query import Filter
from apitrail.reading import render, run_diff
from apitrail.source import Source
from apitrail.web.console import event_rows, sentence
from apitrail.web.console.console import Console
from apitrail.web.console.page import Page
from apitrail.web.console.url_state import UrlState

# The calls of one page, in order; a longer run goes on with the next page.
ROWS = 200
# Longer runs are compared on request: apitrail diff.
COMPARED = 2_000
DIFFERENCES = 60
_COLUMNS = ("time", "event", "resource", "result", "took")
# First words of the operations that make a resource and that take one away.
MADE = ("Create", "Run", "Allocate", "Register", "Import", "Request")
GONE = ("Delete", "Terminate", "Release", "Deregister", "Schedule")


def show(console: Console, request: Request) -> Page:
    """The run whose id is, or begins with, what the URL says."""
    state = UrlState.parse(request.query_params.multi_items())
    with console.source() as source:
        run = _known(source, str(request.path_params["name"]))
        where = Filter(run=(run,))
        tally = source.tally(where, ("error", "username", "event_source"), limit=1 << 40)
        after = -1 if state.before is None else state.before
        found = list(source.select(where, after=after, limit=ROWS + 1, ascending=True))
        events = [Event.parse(source.facets(index, ("who", "what"))) for index in found[:ROWS]]
        rows = [
            event_rows.row(index, event, _COLUMNS)
            for index, event in zip(found, events, strict=False)
        ]
        made, gone = list(_touched(events, MADE)), list(_touched(events, GONE))
        before = _before(source, run)
        is_short = before is not None and tally.calls <= COMPARED
        difference = run_diff.between(source, before, run) if before and is_short else None
    about = events[0].who.run if events and events[0].who else None
    command = str(about.rest.get("command") or "") if about else ""
    labels = render.labels(about) if about else []
    following = state.at(found[ROWS - 1]).href(f"/run/{run}") if len(found) > ROWS else None
    shown = {
        "run": run, "command": command, "labels": labels, "calls": tally.calls,
        "errors": len(tally.failed), "made": made, "destroyed": gone,
        "started": min(tally.times, default=None), "ended": max(tally.times, default=None),
        "events": [row.to_json(_COLUMNS) for row in rows], "next": following,
        "runBefore": before, "difference": difference.to_json() if difference else None,
    }  # fmt: skip
    helpers: Mapping[str, object] = {
        "rows": rows, "sentences": [sentence.of(event) for event in events], "tally": tally,
        "headings": [(each, event_rows.heading(each)) for each in _COLUMNS], "made": made,
        "figures": event_rows.FIGURES, "gone": gone, "labels": labels, "ran": command,
        "following": following, "before": before,
        "differs": list(run_diff.changes(difference))[:DIFFERENCES] if difference else [],
        "policy": UrlState().having("run", run).href("/policy"), "all": UrlState().having("run", run).href(),
        "began": min(tally.times, default=0), "ended": max(tally.times, default=0),
    }  # fmt: skip
    return Page(
        template="run.html", title=f"Run {run}", shown=shown, helpers=helpers,
        command=UrlState().having("run", run).command(),
    )  # fmt: skip


def _before(source: Source, run: str) -> str | None:
    """The run before this one that had the same kinds of labels, as builds of one job have."""
    labels = dict[str, Mapping[str, str]](source.run_labels())
    earlier = list(labels)[: list(labels).index(run)] if run in labels else []
    return next(
        (each for each in reversed(earlier) if labels[each].keys() == labels[run].keys()), None
    )


def _known(source: Source, name: str) -> str:
    found = [run for run, _ in source.run_labels() if run.startswith(name)]
    if name in found or len(found) == 1:
        return name if name in found else found[0]
    if any(True for _ in source.select(Filter(run=(name,)), limit=1)):
        return name
    raise UsageError(
        f"no run {name!r}" if not found else f"{len(found)} runs begin with {name!r}",
        hint="`apitrail events --columns time,run,event` shows them",
    )


def _touched(events: list[Event], verbs: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """The resources of calls of these words that were carried out, each once."""
    seen = set[str]()
    for event in events:
        if render.outcome(event) != "ok":
            continue
        if not str(event.record().get("eventName")).startswith(verbs):
            continue
        for item in event.resources[:1]:
            if (name := item.label) and name not in seen:
                seen.add(name)
                yield {"name": name, "type": item.type}
