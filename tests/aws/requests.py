"""Requests by hand, signed as far as a decoder can see."""

from __future__ import annotations

from typing import Any

from apitrail.aws import decode
from apitrail.aws.call import Call
from apitrail.aws.sign import auth
from apitrail.exchange import Body, Request

SCOPE = "AKIAQYLPMN5HFIQR7XYA/20260101/{region}/{service}/aws4_request"
FORM = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
JSON = ("Content-Type", "application/x-amz-json-1.1")


def request(
    method: str,
    target: str,
    *headers: tuple[str, str],
    host: str = "localhost:4566",
    body: bytes | Body = b"",
    service: str | None = None,
    region: str = "eu-west-1",
    version: str = "HTTP/1.1",
) -> Request:
    """A request that is signed for `service`, or not at all."""
    if service:
        credential = SCOPE.format(region=region, service=service)
        value = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00"
        headers = (*headers, ("Authorization", value))
    return Request(
        method=method,
        scheme="https",
        host=host,
        target=target,
        http_version=version,
        headers=tuple(headers),
        body=body if isinstance(body, Body) else Body.of(body),
    )


def decoded(made: Request) -> Call:
    """What a request means."""
    return decode.request(made, auth.read(made))


def target(name: str) -> tuple[str, str]:
    """The header that names an operation of DynamoDB's."""
    return "X-Amz-Target", f"DynamoDB_20120810.{name}"


def call(method: str, target: str, *headers: tuple[str, str], **options: Any) -> Call:
    """The decoded call of `request(...)`."""
    return decoded(request(method, target, *headers, **options))


def named(found: Call) -> tuple[str | None, str | None]:
    """Service and operation."""
    return found.service, found.operation
