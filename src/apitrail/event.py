"""What is kept of a call: facets of plain JSON, and the two shapes they are shown in.

It does not know bytes on disk, hashes or SQL.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apitrail.aws.call import Blob, Call, EventStream
from apitrail.errors import FormatError
from apitrail.exchange import Body, Exchange, Request, Response

# Where each field of a CloudTrail record is kept. What is not listed goes with `what`.
WHO_FIELDS = ("userIdentity", "sourceIPAddress", "userAgent")
REQUEST_FIELDS = ("requestParameters",)
RESPONSE_FIELDS = ("errorMessage", "responseElements", "additionalEventData")

# CloudTrail's own order of fields (reference: "Every field" in CloudTrail's record contents).
ORDER = (
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion",
    "sourceIPAddress", "userAgent", "errorCode", "errorMessage", "requestParameters",
    "responseElements", "additionalEventData", "requestID", "eventID", "readOnly", "resources",
    "eventType", "apiVersion", "managementEvent", "recipientAccountId", "sharedEventID",
    "vpcEndpointId", "vpcEndpointAccountId", "eventCategory", "tlsDetails",
)  # fmt: skip
ALWAYS = ("requestParameters", "responseElements")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The facets of one call as JSON values; a facet that is None was not kept or was erased."""

    who: dict[str, Any] | None = None
    what: dict[str, Any] | None = None
    request: dict[str, Any] | None = None
    response: dict[str, Any] | None = None
    request_body: bytes | None = None
    response_body: bytes | None = None
    learned: list[dict[str, Any]] = field(default_factory=list)

    def facets(self) -> dict[str, bytes]:
        """The contents to commit to, by tag; inverse of `parse`."""
        contents = {
            "who": self.who,
            "what": self.what,
            "request": self.request,
            "response": self.response,
            "learned": self.learned or None,
        }
        facets = {tag: dump(value) for tag, value in contents.items() if value is not None}
        if self.request_body:
            facets["reqbody"] = self.request_body
        if self.response_body:
            facets["resbody"] = self.response_body
        return facets

    @classmethod
    def parse(cls, facets: Mapping[str, bytes]) -> Event:
        """The event in these facets.

        Raises:
            FormatError: a facet is not JSON of the right kind.
        """
        try:
            values = {
                tag: json.loads(facets[tag])
                for tag in ("who", "what", "request", "response", "learned")
                if tag in facets
            }
        except (ValueError, RecursionError) as error:
            raise FormatError("a facet is not JSON") from error
        if not all(isinstance(value, dict | list) for value in values.values()):
            raise FormatError("a facet is not an object")
        return cls(
            **values, request_body=facets.get("reqbody"), response_body=facets.get("resbody")
        )

    def record(self) -> dict[str, Any]:
        """The CloudTrail record (version 1.11), in CloudTrail's order of fields."""
        merged: dict[str, Any] = dict.fromkeys(ALWAYS)
        for facet in (self.what, self.who, self.request, self.response):
            merged |= (facet or {}).get("record", {})
        return {name: merged[name] for name in ORDER if name in merged}

    def botocore(self) -> dict[str, Any]:
        """The call in the service model's own words, as boto3 users write them."""
        what, who = self.what or {}, self.who or {}
        call, record = what.get("call", {}), what.get("record", {})
        seen = who.get("record", {})
        response = self.response or {}
        return {
            "eventID": record.get("eventID"),
            "eventTime": iso(call.get("ended") or call.get("started")),
            "service": call.get("service"),
            "operation": call.get("operation"),
            "region": call.get("region"),
            "parameters": (self.request or {}).get("parameters"),
            "result": response.get("result"),
            "error": response.get("error"),
            "requestID": record.get("requestID"),
            "userAgent": seen.get("userAgent"),
            "sourceIPAddress": seen.get("sourceIPAddress"),
            "accessKeyId": (seen.get("userIdentity") or {}).get("accessKeyId"),
            "identity": who.get("identity"),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What the edges found out about a call besides its exchange; all of it already redacted.

    `record` is the CloudTrail record; `identity` and `run` are JSON values; `error` is the code
    the call is found under; `undetermined` says that its resources could not be told.
    """

    record: Mapping[str, Any]
    identity: Mapping[str, Any]
    resources: tuple[Mapping[str, Any], ...] = ()
    undetermined: bool = False
    error: str | None = None
    run: Mapping[str, Any] | None = None
    learned: tuple[Mapping[str, Any], ...] = ()


def describe(exchange: Exchange, call: Call, about: Description) -> Event:
    """The event of an exchange, decoded and redacted."""
    record = dict(about.record)
    who = {name: record.pop(name) for name in WHO_FIELDS if name in record}
    asked = {name: record.pop(name) for name in REQUEST_FIELDS if name in record}
    answered = {name: record.pop(name) for name in RESPONSE_FIELDS if name in record}
    return Event(
        who={"record": who, "identity": about.identity}
        | ({"run": about.run} if about.run is not None else {}),
        what={
            "record": record,
            "call": _call(exchange, call, about),
            "resources": list(about.resources),
        }
        | ({"undetermined": True} if about.undetermined else {}),
        request={
            "record": asked,
            "parameters": plain(call.parameters),
            "http": _request(exchange.request),
        },
        response={"record": answered} | _answer(exchange, call),
        request_body=exchange.request.body.data or None,
        response_body=(exchange.response.body.data or None) if exchange.response else None,
        learned=[dict(item) for item in about.learned],
    )


def _call(exchange: Exchange, call: Call, about: Description) -> dict[str, Any]:
    fields = {
        "service": call.service,
        "operation": call.operation,
        "region": call.region,
        "protocol": call.protocol,
        "started": exchange.started,
        "ended": exchange.ended,
        "status": exchange.response.status if exchange.response else None,
        "error": about.error,
        "failure": exchange.failure,
        "upstream": exchange.upstream,
        "problems": list(call.problems) or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _answer(exchange: Exchange, call: Call) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if call.result is not None:
        answer["result"] = plain(call.result)
    if call.error is not None:
        error = {"code": call.error.code, "message": call.error.message, "shape": call.error.shape}
        answer["error"] = error
    if exchange.response is not None:
        answer["http"] = _response(exchange.response)
    if exchange.failure is not None:
        answer["failure"] = exchange.failure
    return answer


def _request(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "scheme": request.scheme,
        "host": request.host,
        "target": request.target,
        "version": request.http_version,
    } | _message(request)


def _response(response: Response) -> dict[str, Any]:
    return {"status": response.status, "version": response.http_version} | _message(response)


def _message(message: Request | Response) -> dict[str, Any]:
    fields: dict[str, Any] = {"headers": [list(header) for header in message.headers]}
    if message.trailers:
        fields["trailers"] = [list(trailer) for trailer in message.trailers]
    return fields | {"body": body(message.body)}


def body(value: Body) -> dict[str, Any]:
    """Length and digest of a body, and how much of it was kept; a redacted one's is keyed."""
    digest = "hmac-sha256" if value.redacted else "sha256"
    return {"length": value.length, digest: value.sha256.hex(), "kept": len(value.data)}


def plain(value: Any) -> Any:
    """A decoded value as JSON: bytes as base64, times as ISO 8601, NaN and infinities as strings."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case bytes() | bytearray():
            return base64.b64encode(value).decode("ascii")
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case Blob(length=length, sha256=digest):
            return {"length": length, "sha256": digest.hex()}
        case EventStream(counts=counts):
            return {"events": dict(counts)}
        case _:
            return str(value)


def iso(milliseconds: int | None) -> str | None:
    """Unix milliseconds as ISO 8601 in UTC."""
    if milliseconds is None:
        return None
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def dump(value: Any) -> bytes:
    """JSON as it is stored; lone surrogates, which JSON strings may hold, stay escaped."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")
