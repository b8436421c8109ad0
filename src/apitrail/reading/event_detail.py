"""Showing one event whole: the record, what was asked, what came back, and where it is kept."""

from __future__ import annotations

import base64
from collections.abc import Generator
from dataclasses import replace

from apitrail import codec
from apitrail.codec import Json
from apitrail.entry import Entry
from apitrail.errors import UsageError
from apitrail.event import Answered, Asked, Event
from apitrail.evidence.bundle.log_tree import tree_of
from apitrail.reading import event_summary, render
from apitrail.reading.event_table import PIPED, Look
from apitrail.source import Source
from apitrail.tlog.proof import Proof
from apitrail.trail import targets


def lines(
    reader: Source, event_id: str, *, output: str, raw: bool, look: Look = PIPED
) -> Generator[str]:
    """The event on one screen, as it was on the wire, or as one JSON document."""
    index = targets.find(reader, event_id)
    event = Event.parse(reader.facets(index))
    entry = reader.entry(index)
    if raw:
        yield from _raw(event)
        return
    if output != "json":
        yield from event_summary.lines(event, index, entry, look)
        return
    yield render.json_document(document(event, index, entry))


def document(event: Event, index: int, entry: Entry | None) -> dict[str, object]:
    """All that is known of an event but its bodies, for JSON."""
    about = {"index": index, "kind": entry.kind if entry else None, "leafHash": entry.hash.hex() if entry else None}  # fmt: skip
    return {
        "event": event.record(),
        "identity": event.who.identity if event.who else None,
        "run": codec.encode(event.who.run) if event.who and event.who.run else None,
        "call": codec.encode(event.what.call) if event.what else None,
        "resources": [codec.encode(each) for each in event.resources] if event.what else None,
        "request": _facet(event.request),
        "response": _facet(event.response),
        "entry": about,
    }


def _facet(facet: Asked | Answered | None) -> dict[str, Json] | None:
    """A facet without the fields that are shown in the record."""
    return None if facet is None else codec.encode(replace(facet, record={}))


def proof(reader: Source, event_id: str) -> str:
    """The C2SP tlog-proof of an event's entry, under the newest checkpoint.

    Raises:
        UsageError: there is no such event, or nothing is signed yet.
    """
    index = targets.find(reader, event_id)
    note = reader.tail()
    if note is None:
        raise UsageError("nothing is signed yet")
    return str(Proof(index, tuple(tree_of(reader, note).inclusion(index)), note))


def _raw(event: Event) -> Generator[str]:
    """Start line, headers and kept body of both messages; bytes that are no text as base64."""
    for facet, body in (
        (event.request, event.request_body),
        (event.response, event.response_body),
    ):
        http = facet.http if facet else None
        if http is None:
            continue
        if http.method is not None:
            yield f"{http.method} {http.target} {http.version}"
        else:
            yield f"{http.version} {http.status}"
        yield from (f"{name}: {value}" for name, value in http.headers)
        yield ""
        if body:
            yield _body(body)
        length, kept = http.body.length or 0, http.body.kept or 0
        if kept < length:
            yield f"[{length} bytes, {kept} kept]"
        yield ""


def _body(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(body).decode("ascii")
