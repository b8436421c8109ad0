"""One event on one screen: who, what was asked, what was answered, and where it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from apitrail.codec import Json
from apitrail.entry import Entry
from apitrail.event import CallFacts, Event
from apitrail.reading import columns, render
from apitrail.reading.event_table import Look

# The most lines shown of each part; the whole has at most 23 lines.
ASKED = 5
ANSWERED = 3
TOUCHED = 2
DOUBTS = 2
DEEPEST = 12
_NAME = 10


@dataclass(frozen=True, slots=True)
class Fact:
    """A line; `name` stands in front of the first of several."""

    name: str
    value: str


def lines(event: Event, index: int, entry: Entry | None, look: Look) -> Iterator[str]:
    """The summary; on a screen no line is longer than it is wide."""
    yield _title(event, look)
    name = ""
    for fact in _facts(event, index, entry):
        shown = fact.name if fact.name != name else ""
        name = fact.name
        text = _cut(f"{shown:<{_NAME}}{render.clean(fact.value)}", look.width)
        head = f"\x1b[{columns.DIM}m{text[:_NAME]}\x1b[0m"
        yield f"{head}{text[_NAME:]}" if look.colour else text


def _cut(text: str, width: int | None) -> str:
    return text if width is None or len(text) <= width else f"{text[: width - 1]}…"


def _title(event: Event, look: Look) -> str:
    outcome, name = render.outcome(event), render.clean(render.operation(event))
    if not look.colour:
        return f"{name}  {render.clean(outcome)}"
    style = columns.by_outcome(outcome)
    return f"\x1b[{columns.BOLD}m{name}\x1b[0m  \x1b[{style}m{render.clean(outcome)}\x1b[0m"


def _facts(event: Event, index: int, entry: Entry | None) -> Iterator[Fact]:
    yield from _who(event)
    yield from _circumstances(event)
    yield from _guarded(event)
    yield from _touched(event)
    asked = event.request.parameters if event.request else None
    yield from _members("asked", asked, ASKED, there=event.request is not None)
    yield from _answered(event)
    problems = event.call.problems
    yield from _few("doubts", list(problems), DOUBTS)
    yield from _kept(event, index, entry)


def _who(event: Event) -> Iterator[Fact]:
    if event.who is None:
        yield Fact("who", "not disclosed, or erased")
        return
    user, identity = event.who.user, event.who.identity
    key = user.get("accessKeyId")
    name = user.get("arn") or user.get("userName") or key or user.get("accountId")
    yield Fact("who", str(name or "not known"))
    operator = event.who.operator
    how = [
        f"operator {operator}" if operator is not None else "",
        f"access key {key}" if key and key != name else "",
        f"identity {identity['known']}" if identity.get("known") else "",
        f"signature {identity['signature']}" if identity.get("signature") else "",
    ]
    if any(how):
        yield Fact("who", ", ".join(filter(None, how)))
    record = event.who.record
    agent = f" with {record['userAgent']}" if record.get("userAgent") else ""
    yield Fact("from", f"{record.get('sourceIPAddress') or 'an unknown address'}{agent}")


def _circumstances(event: Event) -> Iterator[Fact]:
    call, run = event.call, event.who.run if event.who else None
    region = event.record().get("awsRegion")
    yield Fact("when", f"{_moment(call)}{_took(call)}{f', in {region}' if region else ''}")
    if run is not None:
        yield Fact("run", " ".join([run.id, *render.labels(run)]))


def _moment(call: CallFacts) -> str:
    if call.time is None:
        return "not known"
    return f"{datetime.fromtimestamp(call.time / 1000, UTC).astimezone():%Y-%m-%d %H:%M:%S %z}"


def _took(call: CallFacts) -> str:
    if call.ended is None or call.started is None:
        return ""
    return f", took {call.ended - call.started} ms"


def _guarded(event: Event) -> Iterator[Fact]:
    """What a guard did about it, unless it just let it pass."""
    told = event.what.decision if event.what is not None else {}
    effect, ticket = told.get("effect"), told.get("ticket")
    if effect in (None, "allow") and ticket is None:
        return
    done = "not sent: refused" if event.what is not None and event.what.withheld else "marked"
    by = f"{'asked for' if ticket else done} by {told.get('guard')}"
    statement = f", statement {told['statement']}" if told.get("statement") else ""
    yield Fact("guard", f"{by}{statement}: {told.get('action') or told.get('reason')}")
    if ticket is not None:
        sent = "not sent: " if effect == "ask" else ""
        outcome = told.get("outcome") or "approved, and then the recorder was killed"
        yield Fact("approval", f"{sent}{outcome}, ticket {ticket}")
    spent = told.get("spent")
    for key, value in spent.items() if isinstance(spent, Mapping) else ():
        yield Fact("budget", f"{key} would have been {value}")


def _touched(event: Event) -> Iterator[Fact]:
    if event.what is not None and event.what.withheld:
        yield from _few("was about", render.touched(event), TOUCHED)
        return
    yield from _few("touched", render.touched(event), TOUCHED)
    if event.what is not None and event.what.undetermined:
        yield Fact("touched", "what else it touched could not be told")


def _answered(event: Event) -> Iterator[Fact]:
    call, answer = event.call, event.response
    if call.failure:
        yield Fact("answered", f"nothing: {call.failure}")
    elif call.error:
        message = event.record().get("errorMessage")
        yield Fact("answered", f"{call.error}: {message}" if message else call.error)
    else:
        result = answer.result if answer else None
        yield from _members("answered", result, ANSWERED, there=answer is not None)


def _members(name: str, value: Json, most: int, *, there: bool) -> Iterator[Fact]:
    if not there:
        yield Fact(name, "not kept, not disclosed, or erased")
        return
    found = list(flat(value, ""))
    yield from _few(name, [f"{path} = {text}" if path else text for path, text in found], most)
    if not found:
        yield Fact(name, "nothing")


def flat(value: Json, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Members by their path; lists as they are, since each has as many members as it likes."""
    is_redacted = isinstance(value, Mapping) and any(key[:1] == "$" for key in value)
    if isinstance(value, Mapping) and value and depth < DEEPEST and not is_redacted:
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}" if path else str(key), depth + 1)
    elif value is not None and (path or value not in ({}, [])):
        yield path, value if isinstance(value, str) else render.json_line(value)


def _few(name: str, texts: list[str], most: int) -> Iterator[Fact]:
    shown = texts if len(texts) <= most else texts[: most - 1]
    yield from (Fact(name, text) for text in shown)
    if len(texts) > len(shown):
        yield Fact(name, f"… and {len(texts) - len(shown)} more")


def _kept(event: Event, index: int, entry: Entry | None) -> Iterator[Fact]:
    record = event.record()
    kind = f" ({entry.kind})" if entry else ""
    yield Fact("entry", f"{index}{kind}, event {record.get('eventID')}")
    if record.get("requestID"):
        yield Fact("entry", f"request {record['requestID']}")
    if entry is not None:
        yield Fact("entry", f"leaf {entry.hash.hex()}")
    yield Fact("more", "--raw: as on the wire; --output json: all of it; --proof: its place")
