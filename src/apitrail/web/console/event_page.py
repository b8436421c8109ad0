"""One call: who, what, from where, request and answer, its proof, and the calls around it."""

from __future__ import annotations

import base64
from collections.abc import Mapping

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
from apitrail.web.console import call_changes, compared, entry_proof, neighbours, sentence
from apitrail.web.console.compared import Pair
from apitrail.web.console.console import Console
from apitrail.web.console.page import Page
from apitrail.web.console.shown_members import ALL, LONGEST, Member, parts, shortened, weight

# The most members shown of two calls beside each other; the most characters of a body, as HTML has
# them. All of it is in the JSON.
PAIRS = 80
BODY = 12_000
# What a page calls a form → what `apitrail export --format` does.
SCRIPTS = {"aws-cli": "script", "boto3": "boto3", "curl": "curl"}


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
    changed = list(call_changes.of(source, index, event))
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
        "changed": [each.to_json() for each in changed],
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
        "vkey": _vkey(console, source), "redacted": _redacted(event), "hides": {each.partition(" ")[0]: True for each in _redacted(event)}, "changes": any(pair.differs for pair in pairs), "parts": parts,
        "changed": changed,
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
    return sum(weight(text[:LONGEST]) for text in (pair.path, pair.before or "", pair.now or ""))


def _id(event: Event | None) -> str | None:
    return None if event is None else str(event.record().get("eventID"))


def _labels(event: Event) -> list[str]:
    run = event.who.run if event.who else None
    return render.labels(run) if run else []


def _members(value: Json) -> list[Member]:
    return shortened(list(event_summary.flat(value, "")))


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
    room = BODY * len(text) // max(weight(text), BODY)
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
