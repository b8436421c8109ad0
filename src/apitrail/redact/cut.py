"""An event cut down to what the policy keeps of it.

It does not know the policy, nor how a level was chosen (`keep.Level` says what each keeps).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from apitrail.event import Event
from apitrail.redact.keep import Level

# Level.NONE: what is left of the record, of the call and of who made it.
BARE_RECORD = (
    "eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "errorCode", "eventID",
    "readOnly", "eventType", "managementEvent", "eventCategory", "recipientAccountId",
)  # fmt: skip
BARE_CALL = (
    "service", "operation", "region", "started", "ended", "status", "error", "failure",
)  # fmt: skip
BARE_CALLER = ("type", "arn", "accountId", "accessKeyId")
BARE_IDENTITY = ("type", "access_key_id", "account", "arn", "known", "signature")

# Level.METADATA: no target, as it may hold parameters, and no headers.
MESSAGE = ("method", "scheme", "version", "status")


def cut(event: Event, level: Level) -> Event:
    """What `level` keeps of an event; what was cut says so in its `what`."""
    if level is Level.FULL:
        return event
    event = replace(
        event,
        what={**(event.what or {}), "kept": level.name.lower()},
        response=_answer(event.response or {}),
        response_body=None,
    )
    if level is Level.REQUEST:
        return event
    event = replace(
        event,
        what=_untold(event.what or {}),
        request={"http": _lengths(event.request or {})},
        response={"http": _lengths(event.response or {})} | _error(event.response or {}),
        request_body=None,
    )
    return event if level is Level.METADATA else _bare(event)


def _untold(what: Mapping[str, Any]) -> dict[str, Any]:
    """Doubts of the decoder quote what they doubt."""
    call = {name: value for name, value in what.get("call", {}).items() if name != "problems"}
    return {**what, "call": call}


def _answer(response: Mapping[str, Any]) -> dict[str, Any]:
    """A response without its result: what went wrong, and the headers."""
    record = _only(response.get("record", {}), ("errorMessage",))
    kept = _only(response, ("error", "failure"))
    http = dict(response.get("http", {}))
    if "body" in http:
        http["body"] = _only(http["body"], ("length",))
    return {"record": record, **kept} | ({"http": http} if http else {})


def _lengths(message: Mapping[str, Any]) -> dict[str, Any]:
    http = message.get("http", {})
    return _only(http, MESSAGE) | {"body": _only(http.get("body", {}), ("length",))}


def _error(response: Mapping[str, Any]) -> dict[str, Any]:
    kept = _only(response, ("failure",))
    if "error" in response:
        kept["error"] = _only(response["error"], ("code", "shape"))
    return kept


def _bare(event: Event) -> Event:
    what, who = event.what or {}, event.who or {}
    seen = who.get("record", {})
    caller = _only(seen.get("userIdentity", {}), BARE_CALLER)
    return replace(
        event,
        who={
            "record": {"userIdentity": caller},
            "identity": _only(who.get("identity", {}), BARE_IDENTITY),
        }
        | _only(who, ("run",)),
        what={
            "record": _only(what.get("record", {}), BARE_RECORD),
            "call": _only(what.get("call", {}), BARE_CALL),
            "resources": [],
            # Which resources it touched is not kept: it may have been any.
            "undetermined": True,
            "kept": what["kept"],
        },
        request=None,
        response=None,
        learned=[],
    )


def _only(fields: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: fields[name] for name in names if name in fields}
