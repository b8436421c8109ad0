"""Lists that lead to pages: who called, which runs there were, what was changed of late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request

from apitrail.event import Event
from apitrail.query import Filter
from apitrail.reading import render
from apitrail.source import Source
from apitrail.trail import statements
from apitrail.trail.statements import Run
from apitrail.web.console import counts, history_page
from apitrail.web.console.console import Console
from apitrail.web.console.page import Page
from apitrail.web.console.url_state import place
from apitrail.when import iso

# Runs and resources shown; the newest calls that changed something, whose resources those are.
SHOWN = 200
CHANGES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that has a page. `time` is when it was seen last, or began."""

    name: str
    href: str
    about: str = ""
    calls: int | None = None
    time: int | None = None

    def to_json(self) -> dict[str, object]:
        """For scripts."""
        return {
            "name": self.name, "page": self.href, "about": self.about, "calls": self.calls,
            "time": iso(self.time),
        }  # fmt: skip


def callers(console: Console, request: Request) -> Page:  # noqa: ARG001  # as every page is made
    """Who called, most calls first."""
    with console.source() as source:
        tally = source.tally(
            Filter(stand_in=False), ("username", "operator"),
            limit=history_page.COUNTED, effort=history_page.EFFORT,
        )  # fmt: skip
    lines = [
        Line(name=name, href=place("who", name), about=about, calls=calls)
        for field, about in (("username", "caller"), ("operator", "operator"))
        for name, calls in counts.ranked(tally.values[field])
    ]
    scope = "" if tally.is_all else f", among the newest {tally.calls:,} calls"
    return _page(
        "Callers",
        f"Who called{scope}.",
        lines[:SHOWN],
        "apitrail events --columns time,caller,operator,event",
    )


def runs(console: Console, request: Request) -> Page:  # noqa: ARG001
    """The newest runs."""
    with console.source() as source:
        tally = source.tally(
            Filter(), ("run",), limit=history_page.COUNTED, effort=history_page.EFFORT
        )
        lines = list(_runs(console, source, dict(tally.values["run"])))
    said = "Each `apitrail exec`, newest first; calls are counted among the newest of the log."
    return _page("Runs", said, lines[:SHOWN], "apitrail events --columns time,run,labels,event")


def _runs(console: Console, source: Source, calls: dict[str | None, int]) -> Iterator[Line]:
    found = console.books.of_kind(source, Run.KIND)
    seen = set[str]()
    for index in reversed(found[-SHOWN:]):
        said, link = statements.of(source, Run.KIND, index), source.entry(index)
        if isinstance(said, Run):
            labels = (f"{key}={value}" for key, value in sorted((said.labels or {}).items()))
            seen.add(said.id)
            yield Line(
                name=said.id, href=place("run", said.id), calls=calls.get(said.id, 0),
                about=" ".join(filter(None, (said.command, *labels))),
                time=link.time if link else None,
            )  # fmt: skip
    # Of a bundle's runs, only their calls are there.
    for run, labelled in source.run_labels() if not found else ():
        about = " ".join(f"{key}={value}" for key, value in sorted(labelled.items()))
        yield Line(name=run, href=place("run", run), about=about, calls=calls.get(run, 0))


def resources(console: Console, request: Request) -> Page:  # noqa: ARG001
    """What was changed of late, by the newest calls that are no reads."""
    with console.source() as source:
        lines = list(_changed(source))
    said = f"What the newest {CHANGES} calls touched that may have changed something. The search finds all others."
    return _page(
        "Resources",
        said,
        lines[:SHOWN],
        "apitrail events --no-read-only --columns time,resource,event",
    )


def _changed(source: Source) -> Iterator[Line]:
    seen = set[str]()
    for index in source.select(Filter(read_only=False, stand_in=False), limit=CHANGES):
        event = Event.parse(source.facets(index, ("what",)))
        for item in event.resources:
            if (name := item.label) and name not in seen:
                seen.add(name)
                about = f"{item.type or 'of no known type'}, {render.operation(event)}"
                yield Line(
                    name=name, href=place("resource", name), about=about, time=event.call.time
                )


def _page(title: str, said: str, lines: list[Line], command: str) -> Page:
    return Page(
        template="listing.html", title=title, command=command,
        shown={"about": said, "found": [line.to_json() for line in lines]},
        helpers={
            "lines": lines, "said": said,
            "timed": any(line.time is not None for line in lines),
            "counted": any(line.calls is not None for line in lines),
        },
    )  # fmt: skip
