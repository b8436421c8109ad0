"""What a client gets whose call was not sent, in the shape its SDK understands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape

UNAVAILABLE = "ServiceUnavailable"
AMBIGUOUS = "InvalidParameterCombination"

_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")

type Refusal = tuple[int, dict[str, str], bytes]
type Shape = Callable[[str, str, str], tuple[dict[str, str], bytes]]


def refuse(headers: Mapping[str, str], reason: str, request_id: str) -> Refusal:
    """The 503 of a call that was not sent; `headers` are the request's, names in lower case.

    Status, headers and body, such that the caller's SDK says why.
    """
    message = f"apitrail cannot record this call, so it was not sent: {reason}"
    return 503, *_shape(headers)(UNAVAILABLE, message, request_id)


def reject(headers: Mapping[str, str], reason: str, request_id: str) -> Refusal:
    """The 403 of a call whose signature is wrong; otherwise like `refuse`."""
    shape = _shape(headers)
    code = INVALID_SIGNATURE.get(shape, "SignatureDoesNotMatch")
    return 403, *shape(code, f"apitrail did not send this call: {reason}", request_id)


def doubt(headers: Mapping[str, str], reason: str, request_id: str) -> Refusal:
    """The 400 of a call that two readers could see as two; otherwise like `refuse`."""
    message = f"apitrail did not send this call: {reason}"
    return 400, *_shape(headers)(AMBIGUOUS, message, request_id)


def deny(headers: Mapping[str, str], reason: str, request_id: str) -> Refusal:
    """The 403 of a call that a guard does not let leave; SDKs do not repeat it."""
    shape = _shape(headers)
    return 403, *shape(ACCESS_DENIED.get(shape, "AccessDenied"), reason, request_id)


def too_long(headers: Mapping[str, str], reason: str, request_id: str) -> Refusal:
    """The 413 of a call whose body is longer than what is decoded; otherwise like `refuse`."""
    message = f"apitrail did not send this call: {reason}"
    return 413, *_shape(headers)("RequestEntityTooLarge", message, request_id)


def unanswered(headers: Mapping[str, str], reason: str, request_id: str) -> Refusal:
    """The 502 of a call that was recorded and got no answer; otherwise like `refuse`."""
    message = f"apitrail got no answer to this call: {reason}"
    return 502, *_shape(headers)("BadGateway", message, request_id)


def _shape(headers: Mapping[str, str]) -> Shape:
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


def _json(code: str, message: str, request_id: str) -> tuple[dict[str, str], bytes]:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "x-amzn-ErrorType": code,
        "x-amzn-RequestId": request_id,
    }
    return headers, json.dumps({"__type": code, "message": message}).encode()


def _cbor(code: str, message: str, request_id: str) -> tuple[dict[str, str], bytes]:
    import cbor2

    headers = {
        "Content-Type": "application/cbor",
        "smithy-protocol": "rpc-v2-cbor",
        "x-amzn-RequestId": request_id,
    }
    return headers, cbor2.dumps({"__type": code, "message": message})


def _query(code: str, message: str, request_id: str) -> tuple[dict[str, str], bytes]:
    return _xml(
        f"<ErrorResponse><Error><Type>Receiver</Type><Code>{code}</Code>"
        f"<Message>{escape(message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>",
        request_id,
    )


def _ec2(code: str, message: str, request_id: str) -> tuple[dict[str, str], bytes]:
    return _xml(
        f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message>"
        f"</Error></Errors><RequestID>{request_id}</RequestID></Response>",
        request_id,
    )


def _s3(code: str, message: str, request_id: str) -> tuple[dict[str, str], bytes]:
    return _xml(
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>",
        request_id,
    )


def _xml(body: str, request_id: str) -> tuple[dict[str, str], bytes]:
    headers = {
        "Content-Type": "text/xml",
        "x-amzn-RequestId": request_id,
        "x-amz-request-id": request_id,
    }
    return headers, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


# Signing names of the services that answer in XML and do not ask in forms (botocore metadata).
SERVICES: dict[str, Shape] = {
    "cloudfront": _query,
    "ec2": _ec2,
    "route53": _query,
    "s3": _s3,
    "s3-object-lambda": _s3,
    "s3-outposts": _s3,
    "s3express": _s3,
}

# What a refusal of permission is called (JSON: "Common errors" of each; S3, query and EC2 otherwise).
ACCESS_DENIED: dict[Shape, str] = {
    _json: "AccessDeniedException",
    _cbor: "AccessDeniedException",
}

# What a wrong signature is called (JSON: "Common errors" of each; elsewhere it does not match).
INVALID_SIGNATURE: dict[Shape, str] = {
    _json: "InvalidSignatureException",
    _cbor: "InvalidSignatureException",
}
