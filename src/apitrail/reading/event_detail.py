"""Showing one event whole: the record, what was asked, what came back, and where it is kept.

It does not know SQL, and nothing about recording.
"""

from __future__ import annotations

import base64
from collections.abc import Generator
from typing import Any

from apitrail.errors import UsageError
from apitrail.event import Event, iso
from apitrail.evidence.bundle.log_tree import tree_of
from apitrail.reading import render
from apitrail.source import Source
from apitrail.tlog.proof import Proof


def find(reader: Source, event_id: str) -> int:
    """The index of the one event whose id begins so.

    Raises:
        UsageError: none does, or several do.
    """
    match reader.find(event_id):
        case [index]:
            return index
        case []:
            raise UsageError(
                f"no event {event_id!r}",
                hint="`apitrail events` lists them; the start of an id will do",
            )
        case several:
            raise UsageError(
                f"{len(several)} events begin with {event_id!r}", hint="give more of the id"
            )


def lines(reader: Source, event_id: str, *, output: str, raw: bool) -> Generator[str]:
    """The event as text for people or as one JSON document."""
    index = find(reader, event_id)
    event = Event.parse(reader.facets(index))
    entry = reader.entry(index)
    if raw:
        yield from _raw(event)
        return
    about = {"index": index, "kind": entry.kind if entry else None, "leafHash": entry.hash.hex() if entry else None}  # fmt: skip
    document = {
        "event": event.record(),
        "identity": (event.who or {}).get("identity"),
        "run": (event.who or {}).get("run"),
        "call": (event.what or {}).get("call"),
        "resources": (event.what or {}).get("resources"),
        "request": event.request and {k: v for k, v in event.request.items() if k != "record"},
        "response": event.response and {k: v for k, v in event.response.items() if k != "record"},
        "entry": about,
    }
    if output == "json":
        yield render.json_document(document)
    else:
        yield from _text(document, event)


def proof(reader: Source, event_id: str) -> str:
    """The C2SP tlog-proof of an event's entry, under the newest checkpoint.

    Raises:
        UsageError: there is no such event, or nothing is signed yet.
    """
    index = find(reader, event_id)
    note = reader.tail()
    if note is None:
        raise UsageError("nothing is signed yet")
    return str(Proof(index, tuple(tree_of(reader, note).inclusion(index)), note))


def _text(document: dict[str, Any], event: Event) -> Generator[str]:
    record, call = document["event"], document["call"] or {}
    user = record.get("userIdentity") or {}
    service = str(record.get("eventSource")).partition(".")[0]
    known = (document["identity"] or {}).get("known")
    yield f"{service}:{record.get('eventName')}  {render.outcome(event)}"
    yield ""
    facts = {
        "who": user.get("arn") or user.get("userName") or user.get("accessKeyId") or "not known",
        "access key": user.get("accessKeyId"),
        "how known": known,
        "when": iso(call.get("ended") or call.get("started")),
        "took": f"{call['ended'] - call['started']} ms" if call.get("ended") else None,
        "from": record.get("sourceIPAddress"),
        "how": record.get("userAgent"),
        "region": record.get("awsRegion"),
        "error": record.get("errorMessage"),
        "no answer": call.get("failure"),
        "event id": record.get("eventID"),
        "request id": record.get("requestID"),
        "entry": f"{document['entry']['index']} ({document['entry']['kind']}), leaf {document['entry']['leafHash']}",
        "doubts": "; ".join(call.get("problems", ())) or None,
    }
    for name, value in facts.items():
        if value:
            yield f"  {name:<11} {render.clean(str(value))}"
    for resource in document["resources"] or ():
        yield f"  {'resource':<11} {render.clean(' '.join(str(v) for v in resource.values()))}"
    for name in ("request", "response"):
        if document[name]:
            yield ""
            yield name
            yield render.json_document(document[name])
    yield ""
    yield "event"
    yield render.json_document(record)


def _raw(event: Event) -> Generator[str]:
    """Start line, headers and kept body of both messages; bytes that are no text as base64."""
    for facet, body in (
        (event.request, event.request_body),
        (event.response, event.response_body),
    ):
        http = (facet or {}).get("http")
        if not http:
            continue
        if "method" in http:
            yield f"{http['method']} {http['target']} {http['version']}"
        else:
            yield f"{http['version']} {http['status']}"
        yield from (f"{name}: {value}" for name, value in http["headers"])
        yield ""
        if body:
            yield _body(body)
        if http["body"]["kept"] < http["body"]["length"]:
            yield f"[{http['body']['length']} bytes, {http['body']['kept']} kept]"
        yield ""


def _body(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(body).decode("ascii")
