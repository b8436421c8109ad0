"""The 503 a client gets when its call could not be recorded, in the shape its SDK understands.

It does not know why, and tells the protocol from the headers alone: what failed may have been the
decoder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape

CODE = "ServiceUnavailable"
STATUS = 503

_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")

type Refusal = tuple[dict[str, str], bytes]


def refuse(headers: Mapping[str, str], message: str, request_id: str) -> Refusal:
    """Headers and body of the refusal; `headers` are the request's, names in lower case."""
    return _shape(headers)(message, request_id)


def _shape(headers: Mapping[str, str]) -> Callable[[str, str], Refusal]:
    if "smithy-protocol" in headers:
        return _cbor
    content_type = headers.get("content-type", "")
    if "x-amz-target" in headers or "json" in content_type:
        return _json
    scope = _SCOPE.search(headers.get("authorization", ""))
    service = scope[1] if scope else ""
    if service in SERVICES:
        return SERVICES[service]
    return _query if "x-www-form-urlencoded" in content_type else _json


def _json(message: str, request_id: str) -> Refusal:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "x-amzn-ErrorType": CODE,
        "x-amzn-RequestId": request_id,
    }
    return headers, json.dumps({"__type": CODE, "message": message}).encode()


def _cbor(message: str, request_id: str) -> Refusal:
    import cbor2

    headers = {
        "Content-Type": "application/cbor",
        "smithy-protocol": "rpc-v2-cbor",
        "x-amzn-RequestId": request_id,
    }
    return headers, cbor2.dumps({"__type": CODE, "message": message})


def _query(message: str, request_id: str) -> Refusal:
    return _xml(
        f"<ErrorResponse><Error><Type>Receiver</Type><Code>{CODE}</Code>"
        f"<Message>{escape(message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>",
        request_id,
    )


def _ec2(message: str, request_id: str) -> Refusal:
    return _xml(
        f"<Response><Errors><Error><Code>{CODE}</Code><Message>{escape(message)}</Message>"
        f"</Error></Errors><RequestID>{request_id}</RequestID></Response>",
        request_id,
    )


def _s3(message: str, request_id: str) -> Refusal:
    return _xml(
        f"<Error><Code>{CODE}</Code><Message>{escape(message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>",
        request_id,
    )


def _xml(body: str, request_id: str) -> Refusal:
    headers = {
        "Content-Type": "text/xml",
        "x-amzn-RequestId": request_id,
        "x-amz-request-id": request_id,
    }
    return headers, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


# Signing names of the services that answer in XML and do not ask in forms (botocore metadata).
SERVICES: dict[str, Callable[[str, str], Refusal]] = {
    "cloudfront": _query,
    "ec2": _ec2,
    "route53": _query,
    "s3": _s3,
    "s3-object-lambda": _s3,
    "s3-outposts": _s3,
    "s3express": _s3,
}
