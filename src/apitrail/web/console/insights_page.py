"""What was unusual: why, what is usual, the calls behind it, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.insights.insight import TYPES
from apitrail.query import Filter
from apitrail.reading import drift_detail, insight_list, mutes
from apitrail.reading.mutes import quiet
from apitrail.source import Source
from apitrail.trail import statements
from apitrail.trail.statements import Insight
from apitrail.web.console import event_rows, remedies, resource_story, sentence, volume
from apitrail.web.console.console import Console
from apitrail.web.console.muting_forms import REASON, SPANS, choices
from apitrail.web.console.page import Page
from apitrail.web.console.url_state import COLUMNS, UrlState

# Shown at once, newest first.
SHOWN = 100
CALLS = 50
# Runs that one leads to.
RUNS = 5
DAY = 86_400_000
# Kind → what to do next, in words.
ADVICE = {
    "rate": "Look whether the caller meant it. A loop without a pause, or a tool that was started twice, looks like this.",
    "error-rate": "Look at the first failure: a permission that was taken away, or somebody who tries what they may do.",
    "first-seen": "Ask the caller whether it was them. If not, deactivate the access key, and look at the run and at what came next.",
    "sequence": "Look at the calls in their order. If nobody knows them, deactivate the access key first and ask afterwards.",
    "silence": "Look whether the job still runs, and whether its calls go past the recorder.",
    "drift": "Look in CloudTrail who did it (apitrail reconcile). Whoever may change it should go through a recorder.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """An insight and its entry; `who` is its caller as tables print it, where that is one."""

    index: int
    said: Insight
    who: str | None

    @property
    def id(self) -> str:
        """The id of its record."""
        return str(self.said.record.get("eventID"))

    @property
    def operation(self) -> str:
        """`iam:CreateUser`."""
        return insight_list.operation(self.said)

    @property
    def usual(self) -> str:
        """What is usual and what it was then, in calls a minute; nothing where no call is usual."""
        usual, then = (insight_list.average(self.said, each) for each in ("baseline", "insight"))
        return f"{usual:.3g} → {then:.3g} a minute" if usual else ""

    @property
    def state(self) -> str:
        """Start or End."""
        return insight_list.state(self.said)

    def to_json(self) -> dict[str, object]:
        """For scripts, as short as a list needs it."""
        said = self.said
        return {
            "entry": self.index, "eventID": self.id, "time": said.time, "kind": said.kind,
            "name": said.name, "state": self.state, "operation": self.operation,
            "caller": said.caller or None, "why": list(said.why),
            "usual": insight_list.average(said, "baseline"),
            "then": insight_list.average(said, "insight"), "todo": ADVICE.get(said.kind),
        }  # fmt: skip


def told(console: Console, source: Source) -> Iterator[Told]:
    """The insights of the log, newest first."""
    for index in reversed(console.books.of_kind(source, Insight.KIND)):
        said = statements.of(source, Insight.KIND, index)
        if isinstance(said, Insight):
            yield Told(index, said, _who(source, said))


def _who(source: Source, said: Insight) -> str | None:
    """By its newest call: an insight names the identity that stays the same, such as a role."""
    if not said.caller or not said.evidence:
        return None
    event = Event.parse(source.facets(said.evidence[-1], ("who", "what")))
    return sentence.who(event) if event.who else None


def recent(console: Console, source: Source) -> int:
    """How many were told within a day."""
    since, count = console.served.clock() - DAY, 0
    for index in reversed(console.books.of_kind(source, Insight.KIND)):
        link = source.entry(index)
        if link is None or link.time < since:
            break
        count += 1
    return count


def show(console: Console, request: Request) -> Page:
    """All of them, or those of one kind."""
    state = UrlState.parse(request.query_params.multi_items())
    if state.kind is not None and state.kind not in TYPES:
        raise UsageError(f"no kind {state.kind!r}", hint=f"kinds are {', '.join(TYPES)}")
    with console.source() as source:
        every = list(told(console, source))
        standing = console.served.mutes(source).standing(console.served.clock())
        is_read = console.books.is_read(source)
    found = [each for each in every if state.muted or not quiet(standing, each.said)]
    counted = {kind: sum(each.said.kind == kind for each in found) for kind in TYPES}
    chosen = [each for each in found if state.kind in (None, each.said.kind)]
    options = f"{f' --kind {state.kind}' if state.kind else ''}{' --muted' if state.muted else ''}"
    shown = {
        "insights": [each.to_json() for each in chosen], "complete": is_read,
        "muted": len(every) - len(found), "mutes": [mutes.to_json(*each) for each in standing],
    }  # fmt: skip
    helpers: Mapping[str, object] = {
        "found": chosen[:SHOWN], "more": max(len(chosen) - SHOWN, 0), "counted": counted,
        "kind": state.kind, "total": len(found), "is_read": is_read, "advice": ADVICE,
        "muted_now": standing, "hidden": len(every) - len(found),
    }  # fmt: skip
    return Page(
        template="insights.html", title="Insights", shown=shown, helpers=helpers,
        command=f"apitrail insights{options}",
    )  # fmt: skip


def detail(console: Console, request: Request) -> Page:
    """One insight, with the calls that it rests on and how many there were around it."""
    prefix = str(request.path_params["name"])
    with console.source() as source:
        index, said = insight_list.find(source, prefix)
        there = [each for each in said.evidence if source.facets(each, ("what",))]
        rows = event_rows.rows(source, there[-CALLS:][::-1], COLUMNS)
        chart = _around(source, said)
        document = insight_list.to_json(source, index, said)
        one = Told(index, said, _who(source, said))
        standing = console.served.mutes(source).standing(console.served.clock())
        revoking, refusing = remedies.revoking(source, said), remedies.refusing(source, said)
        differs = drift_detail.differences(source, said)
        runs = _runs(source, there[-CALLS:])
    helpers: Mapping[str, object] = {
        "one": one, "rows": rows, "chart": chart, "figures": event_rows.FIGURES,
        "headings": [(each, event_rows.heading(each)) for each in COLUMNS],
        "usual": insight_list.average(said, "baseline"), "then": insight_list.average(said, "insight"),
        "marks": resource_story.marks(differs[:CALLS]), "is_drift": said.kind == drift_detail.KIND,
        "advice": ADVICE.get(said.kind, ""), "revoking": revoking, "refusing": refusing, "spans": SPANS,
        "choices": choices(said), "reason_length": REASON, "runs": runs, "is_quiet": quiet(standing, said), "rests": len(said.evidence),
        "all": UrlState().having("event-name", one.operation.partition(":")[2]).href(),
    }  # fmt: skip
    return Page(
        template="insight.html", title=f"{one.operation}: {said.name}",
        shown={**document, "runs": runs, **({"differences": [each.to_json() for each in differs]} if differs else {})},
        helpers=helpers, command=f"apitrail insights show {one.id}",
    )  # fmt: skip


def _runs(source: Source, calls: Sequence[int]) -> list[str]:
    """The runs that these calls were of, newest first."""
    events = (Event.parse(source.facets(each, ("who", "what"))) for each in reversed(calls))
    found = (event.who.run.id for event in events if event.who and event.who.run)
    return list(dict.fromkeys(found))[:RUNS]


def _around(source: Source, said: Insight) -> volume.Volume | None:
    """The calls of its operation in the hour before it was told."""
    name = insight_list.operation(said).partition(":")[2]
    since = said.time - insight_list.HOUR
    tally = source.tally(
        Filter(event_name=(name,), since=since, until=said.time + 1), (), limit=100_000
    )
    if not tally.times:
        return None
    return volume.of(tally.times, tally.failed, since=since, until=said.time + 1)
