"""Exchanges and calls for the tests of CloudTrail's records."""

from __future__ import annotations

from typing import Any

from apitrail.aws.call import Call
from apitrail.aws.sign.credential import Credential
from apitrail.cloudtrail.record import record
from apitrail.exchange import Body, Exchange, Headers, Request, Response, Tls

ACCOUNT = "123456789012"
REGION = "eu-west-1"
SIGV4 = Credential(scheme="sigv4", access_key_id="AKIAEXAMPLE", region=REGION)
IDENTITY = {"type": "IAMUser", "userName": "mary"}


def exchange(
    host: str = "service.eu-west-1.amazonaws.com",
    target: str = "/",
    *,
    method: str = "POST",
    headers: Headers = (),
    body: bytes = b"",
    status: int | None = 200,
    answer_headers: Headers = (),
    answer: bytes = b"",
    tls: Tls | None = None,
    **fields: Any,
) -> Exchange:
    """One over the wire; without a `status` it had no response."""
    response = None
    if status is not None:
        response = Response(
            status=status, http_version="HTTP/1.1", headers=answer_headers, body=Body.of(answer)
        )
    return Exchange(
        **{
            "id": "a3d0c1e2-0000-4000-8000-000000000001",
            "started": 1_689_801_447_900,
            "ended": 1_689_801_448_100,
            "client": "192.0.2.7",
            "upstream": f"https://{host}:443",
            "tls": tls,
            "response": response,
            "request": Request(
                method=method,
                scheme="https",
                host=host,
                target=target,
                http_version="HTTP/1.1",
                headers=(("User-Agent", "aws-cli/2.13"), *headers),
                body=Body.of(body),
            ),
        }
        | fields
    )


def call(service: str, operation: str, parameters: Any = None, **fields: Any) -> Call:
    """A call as it is decoded, with an empty result where none is given."""
    names = {"signing_name": service, "endpoint_prefix": service, "region": REGION}
    return Call(
        **{"service": service, "operation": operation, "parameters": parameters or {}}
        | {"result": None if "error" in fields else {}}
        | names
        | fields
    )


def recorded(made: Call, sent: Exchange | None = None, **options: Any) -> dict[str, Any]:
    """The whole record."""
    arguments = {"user_identity": IDENTITY, "account": ACCOUNT} | options
    return record(sent or exchange(), made, arguments.pop("credential", SIGV4), **arguments)
