"""One call: who, what, from where, request and answer, its proof, and the calls around it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import escape
from starlette.requests import Request

from apitrail.codec import Json
from apitrail.errors import Error, UsageError
from apitrail.event import Event, Http
from apitrail.reading import event_detail, event_summary, render
from apitrail.reading.report_page import KNOWN, SIGNATURES
from apitrail.replay.recorded import REDACTED
from apitrail.source import Source
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import targets
from apitrail.web.console import compared, entry_proof, neighbours, sentence
from apitrail.web.console.compared import Pair
from apitrail.web.console.console import Console
from apitrail.web.console.page import Page

# The most members shown of a request or an answer, and of two calls beside each other; the most
# characters of one member; then, as HTML has them, those of one message and of a body. All of it is
# in the JSON.
MEMBERS = 150
PAIRS = 80
LONGEST = 600
ALL = 16_000
BODY = 12_000
# What a page calls a form → what `apitrail export --format` does.
SCRIPTS = {"aws-cli": "script", "boto3": "boto3", "curl": "curl"}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a value; `length` says that it was redacted, and how many bytes it had."""

    text: str
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A member by its path."""

    path: str
    parts: tuple[Part, ...]


def show(console: Console, request: Request) -> Page:
    """The event whose id begins as the URL says."""
    with console.source() as source:
        index = targets.find(source, str(request.path_params["name"]))
        event = Event.parse(source.facets(index))
        return _page(console, source, index, event)


def _page(console: Console, source: Source, index: int, event: Event) -> Page:
    entry = source.entry(index)
    around = list(neighbours.of(source, index, event))
    before = neighbours.last_of_operation(source, index, event)
    earlier = None if before is None else Event.parse(source.facets(before))
    checked = list(entry_proof.checks(source, entry, console.trust())) if entry else []
    pairs = compared.pairs(earlier, event) if earlier else []
    event_id = str(event.record().get("eventID"))
    shown = {
        "sentence": sentence.of(event),
        **event_detail.document(event, index, entry),
        "checks": [each.to_json() for each in checked],
        "redacted": _redacted(event),
        "around": [
            {"same": each.what, "name": each.name, "previous": each.previous, "next": each.next}
            for each in around
        ],
        "lastOfOperation": _id(earlier),
        "differences": [
            {"member": pair.path, "before": pair.before, "now": pair.now}
            for pair in pairs
            if pair.differs
        ],
    }
    helpers: Mapping[str, object] = {
        "event": event, "record": event.record(), "index": index, "entry": entry, "id": event_id,
        "outcome": render.outcome(event), "who": sentence.who(event), "around": around,
        "asked": _members(event.request.parameters if event.request else None),
        "answered": _members(event.response.result if event.response else None),
        "asked_http": _http(event.request.http if event.request else None),
        "answered_http": _http(event.response.http if event.response else None),
        "asked_body": _body(event.request_body), "answered_body": _body(event.response_body),
        "known": KNOWN, "signatures": SIGNATURES, "earlier": earlier, "earlier_id": _id(earlier),
        "pairs": _room_for(pairs), "pair_count": len(pairs), "checks": checked, "scripts": list(SCRIPTS), "labels": _labels(event),
        "vkey": _vkey(console, source), "redacted": _redacted(event), "changes": any(pair.differs for pair in pairs), "parts": parts,
    }  # fmt: skip
    return Page(
        template="event.html", title=sentence.of(event), shown=shown, helpers=helpers,
        command=f"apitrail show {event_id}",
    )  # fmt: skip


def _vkey(console: Console, source: Source) -> str:
    """The key that this server takes for the log's, if it trusts one."""
    note = source.tail()
    origin = Checkpoint.unverified(note).origin if note else None
    try:
        known = (each for each in console.trust().verifiers if each.name == origin)
        return str(next(known, ""))
    except Error:
        return ""


def _redacted(event: Event) -> list[str]:
    """The members of what was asked and answered in which something was redacted."""
    asked = event.request.parameters if event.request else None
    answered = event.response.result if event.response else None
    return [
        f"{what} {path}".rstrip()
        for what, value in (("asked", asked), ("answered", answered))
        for path, text in event_summary.flat(value, "")
        if REDACTED.search(text)
    ]


def _room_for(pairs: list[Pair]) -> list[Pair]:
    """What a page has room for: differences first where it is not all."""
    if len(pairs) <= PAIRS and sum(map(_both, pairs)) <= ALL:
        return pairs
    shown, length = list[Pair](), 0
    for pair in sorted(pairs, key=lambda each: not each.differs)[:PAIRS]:
        length += _both(pair)
        if length > ALL:
            break
        shown.append(pair)
    return shown


def _both(pair: Pair) -> int:
    return sum(_weight(text[:LONGEST]) for text in (pair.path, pair.before or "", pair.now or ""))


def _weight(text: str) -> int:
    """How long it is in HTML."""
    return len(escape(text))


def _id(event: Event | None) -> str | None:
    return None if event is None else str(event.record().get("eventID"))


def _labels(event: Event) -> list[str]:
    run = event.who.run if event.who else None
    return render.labels(run) if run else []


def _members(value: Json) -> list[Member]:
    return shortened(list(event_summary.flat(value, "")))


def shortened(found: Sequence[tuple[str, str]], most: int = MEMBERS) -> list[Member]:
    """As many members as a page has room for, and how many more there are."""
    shown, length = list[Member](), 0
    for path, text in found[:most]:
        member = Member(path, tuple(parts(text)))
        length += _weight(path) + sum(_weight(part.text) for part in member.parts)
        if shown and length > ALL:
            break
        shown.append(member)
    if len(found) > len(shown):
        shown.append(Member("", (Part(f"… and {len(found) - len(shown)} more, in the JSON"),)))
    return shown


def parts(text: str) -> Iterator[Part]:
    """What of a text is as it was, and what was redacted."""
    at = 0
    for match in REDACTED.finditer(text):
        if match.start() > at:
            yield Part(_cut(text[at : match.start()]))
        yield Part(match[0], int(match["length"]))
        at = match.end()
    if at < len(text):
        yield Part(_cut(text[at:]))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"


def _http(http: Http | None) -> list[Member]:
    """The start line and the headers."""
    if http is None:
        return []
    start = f"{http.method} {http.target}" if http.method else f"{http.status}"
    return shortened([("", f"{start} {http.version or ''}".rstrip()), *http.headers])


def _body(body: bytes | None) -> list[str]:
    """The body's lines, as text where it is text."""
    if not body:
        return []
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = base64.b64encode(body).decode("ascii")
    room = BODY * len(text) // max(_weight(text), BODY)
    more = [f"… ({len(text)} characters)"] if len(text) > room else []
    return [*text[:room].splitlines(), *more]


def script(console: Console, request: Request) -> Page:
    """The call as a command or a program that makes it again."""
    # botocore is loaded only by whoever asks for this.
    from apitrail.replay.recorded import read
    from apitrail.replay.scripts import formats

    name, form = str(request.path_params["name"]), str(request.path_params["form"])
    if form not in SCRIPTS:
        raise UsageError(
            f"no form {form!r} to write a call in", hint=f"there are {', '.join(SCRIPTS)}"
        )
    with console.source() as source:
        index = targets.find(source, name)
        event = Event.parse(source.facets(index))
        lines = list(formats.lines(SCRIPTS[form], read(source, [index])))
    event_id = str(event.record().get("eventID"))
    return Page(
        template="script.html", title=f"{render.operation(event)} as {form}",
        shown={"form": form, "lines": lines, "eventID": event_id},
        helpers={"id": event_id, "scripts": list(SCRIPTS), "sentence": sentence.of(event)},
        command=f"apitrail export {event_id} --format {SCRIPTS[form]}",
    )  # fmt: skip
