"""Recorded exchanges as an HTTP archive (HAR 1.2), for browsers' and proxies' tools."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from http import client
from urllib.parse import parse_qsl

from apitrail import __version__
from apitrail.aws.call import Structure
from apitrail.event import Http
from apitrail.replay.recorded import Recorded
from apitrail.when import iso

_HEAD = {"version": "1.2", "creator": {"name": "apitrail", "version": __version__}}


def lines(calls: Iterable[Recorded]) -> Iterator[str]:
    """The archive's lines, an entry each, so that none but one is in memory."""
    yield f'{{"log": {{{json.dumps(_HEAD)[1:-1]}, "entries": ['
    held: str | None = None
    for call in calls:
        if held is not None:
            yield f"{held},"
        held = json.dumps(entry(call))
    if held is not None:
        yield held
    yield "]}}"


def entry(call: Recorded) -> Structure:
    """One exchange; custom fields begin with an underscore, as HAR has it."""
    took = max((call.ended or call.started) - call.started, 0)
    return {
        "startedDateTime": iso(call.started),
        "time": took,
        "request": _request(call),
        "response": _response(call),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "_apitrail": {
            "eventID": call.event_id,
            "service": call.service,
            "operation": call.operation,
            "region": call.region,
            "errorCode": call.error,
        },
    }


def _request(call: Recorded) -> Structure:
    asked = call.asked
    target = asked.target or "/"
    query = parse_qsl(target.partition("?")[2], keep_blank_values=True)
    fields: Structure = {
        "method": asked.method or "",
        "url": f"{asked.scheme or 'https'}://{asked.host or ''}{target}",
        "httpVersion": asked.version or "",
        "cookies": [],
        "headers": _headers(asked),
        "queryString": [{"name": name, "value": value} for name, value in query],
        "headersSize": -1,
        "bodySize": _size(asked),
    }
    if _size(asked) > 0:
        fields["postData"] = {
            "mimeType": _type(asked), **_text(call.request_body, asked, encoding="_encoding")
        }  # fmt: skip
    return fields


def _response(call: Recorded) -> Structure:
    answered = call.answered
    status = answered.status or call.status or 0
    location = next((v for n, v in answered.headers if n.lower() == "location"), "")
    return {
        "status": status,
        "statusText": client.responses.get(status, ""),
        "httpVersion": answered.version or "",
        "cookies": [],
        "headers": _headers(answered),
        "content": {
            "size": max(_size(answered), 0),
            "mimeType": _type(answered),
            **_text(call.response_body, answered, encoding="encoding"),
        },
        "redirectURL": location,
        "headersSize": -1,
        "bodySize": _size(answered),
    }


def _headers(message: Http) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in message.headers]


def _size(message: Http) -> int:
    return -1 if message.body.length is None else message.body.length


def _type(message: Http) -> str:
    types = (v for n, v in message.headers if n.lower() == "content-type")
    return next(types, "application/octet-stream")


def _text(data: bytes, message: Http, *, encoding: str) -> dict[str, str]:
    length, kept = message.body.length or 0, message.body.kept or 0
    fields: dict[str, str] = {}
    if message.body.hmac is not None:
        fields["comment"] = f"{length} bytes, redacted"
    elif kept != length:
        fields["comment"] = f"{length} bytes, {kept} kept"
    try:
        return fields | {"text": data.decode()}
    except UnicodeDecodeError:
        return fields | {"text": base64.b64encode(data).decode(), encoding: "base64"}
