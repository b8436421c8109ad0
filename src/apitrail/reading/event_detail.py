"""Showing one event whole: the record, what was asked, what came back, and where it is kept."""

from __future__ import annotations

import base64
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from apitrail import codec
from apitrail.codec import Json
from apitrail.errors import UsageError
from apitrail.event import Answered, Asked, CallFacts, Event
from apitrail.evidence.bundle.log_tree import tree_of
from apitrail.reading import render
from apitrail.source import Source
from apitrail.tlog.proof import Proof
from apitrail.trail import targets
from apitrail.when import iso


def lines(reader: Source, event_id: str, *, output: str, raw: bool) -> Generator[str]:
    """The event as text for people or as one JSON document."""
    index = targets.find(reader, event_id)
    event = Event.parse(reader.facets(index))
    entry = reader.entry(index)
    if raw:
        yield from _raw(event)
        return
    about = {"index": index, "kind": entry.kind if entry else None, "leafHash": entry.hash.hex() if entry else None}  # fmt: skip
    document = {
        "event": event.record(),
        "identity": event.who.identity if event.who else None,
        "run": codec.encode(event.who.run) if event.who and event.who.run else None,
        "call": codec.encode(event.what.call) if event.what else None,
        "resources": [codec.encode(each) for each in event.resources] if event.what else None,
        "request": _facet(event.request),
        "response": _facet(event.response),
        "entry": about,
    }
    if output == "json":
        yield render.json_document(document)
    else:
        yield from _text(document, event)


def _facet(facet: Asked | Answered | None) -> dict[str, Json] | None:
    """A facet as it is shown: what of it belongs to the record stands there."""
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


def _text(document: dict[str, Any], event: Event) -> Generator[str]:
    record, call = document["event"], event.call
    user = record.get("userIdentity") or {}
    service = str(record.get("eventSource")).partition(".")[0]
    known = (document["identity"] or {}).get("known")
    yield f"{service}:{record.get('eventName')}  {render.outcome(event)}"
    yield ""
    facts = {
        "who": user.get("arn") or user.get("userName") or user.get("accessKeyId") or "not known",
        "access key": user.get("accessKeyId"),
        "how known": known,
        "when": iso(call.time),
        "took": _took(call),
        "from": record.get("sourceIPAddress"),
        "how": record.get("userAgent"),
        "region": record.get("awsRegion"),
        "error": record.get("errorMessage"),
        "no answer": call.failure,
        "event id": record.get("eventID"),
        "request id": record.get("requestID"),
        "entry": f"{document['entry']['index']} ({document['entry']['kind']}), leaf {document['entry']['leafHash']}",
        "doubts": "; ".join(call.problems) or None,
    }
    for name, value in facts.items():
        if value:
            yield f"  {name:<11} {render.clean(str(value))}"
    for resource in event.resources:
        said = " ".join(filter(None, (resource.arn, resource.type, resource.name)))
        yield f"  {'resource':<11} {render.clean(said)}"
    for name in ("request", "response"):
        if document[name]:
            yield ""
            yield name
            yield render.json_document(document[name])
    yield ""
    yield "event"
    yield render.json_document(record)


def _took(call: CallFacts) -> str | None:
    if call.ended is None or call.started is None:
        return None
    return f"{call.ended - call.started} ms"


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
