"""Who may ask: the Host a client names, and the token it shows where strangers could reach us."""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from apitrail import asked_host
from apitrail.errors import UsageError

_SIGNED = re.compile(r"AWS4-\S+ .*?Credential=([^/,\s]+)/")
_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)
_BASIC = re.compile(r"Basic +([A-Za-z0-9+/=]+)", re.IGNORECASE)
_NO_TOKEN = "UnrecognizedClientException"  # noqa: S105  # what CloudTrail calls it
_TOKEN = re.compile(r"[A-Za-z0-9_]{16,128}")


# An approval's link is a secret itself; and what its page looks like is none.
_OPEN = ("/approvals/link/", "/static/")


def new_token() -> str:
    """A token that every client takes for an access key id."""
    return f"APITRAIL{secrets.token_hex(16).upper()}"


def parse_token(text: str) -> str:
    """A token from a file; raises UsageError where no client could send it."""
    token = text.strip()
    if not _TOKEN.fullmatch(token):
        raise UsageError(
            "the token is not 16 to 128 letters, digits and underscores",
            hint="it is sent as an access key id: openssl rand -hex 20",
        )
    return token


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets requests through to `app`.

    A web page must not read a trail: `asked_host` says what is refused. `token` is shown as
    `Authorization: Bearer`, as the password that a browser asks for, or as the access key id of a
    signature, which is what AWS's clients can be told to send; the signature is not checked. To `agents`
    a token that is missing or wrong is told as the Model Context Protocol has it ("Token Handling"): 401.
    """

    app: ASGIApp
    names: frozenset[str] = frozenset()
    token: str | None = None
    agents: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        query = scope["query_string"].decode("latin-1")
        problem = self._problem(
            headers, query, needs_token=not scope.get("path", "").startswith(_OPEN)
        )
        if problem is None:
            await self.app(scope, receive, send)
            return
        if problem[0] == _NO_TOKEN and self.agents:
            await _ask(send, _bearer(headers), b"Show the token as Authorization: Bearer.\n")
        elif problem[0] == _NO_TOKEN and "text/html" in headers.get("accept", ""):
            await _ask(send, _PASSWORD, b"Show the token as the password; the name may be any.\n")
        else:
            await _refuse(send, *problem, is_api="x-amz-target" in headers)

    def _problem(
        self, headers: Mapping[str, str], query: str, *, needs_token: bool
    ) -> tuple[str, str] | None:
        refusal = asked_host.refusal(
            headers, lambda host: asked_host.is_ours(host, self.names), own_pages=True
        )
        if refusal is not None:
            return "AccessDenied", refusal
        if not needs_token:
            return None
        shown = _shown(headers.get("authorization", ""), query)
        if self.token is not None and not hmac.compare_digest(shown.encode(), self.token.encode()):
            return (
                _NO_TOKEN,
                "Show the token as your access key id, or as Authorization: Bearer.",
            )
        return None


def _shown(authorization: str, query: str) -> str:
    if basic := _BASIC.fullmatch(authorization):
        return _password(basic[1])
    match = _SIGNED.match(authorization) or _BEARER.fullmatch(authorization)
    if match:
        return unquote(match[1])
    [credential] = parse_qs(query).get("X-Amz-Credential", [""])[:1]
    return credential.partition("/")[0]


def _password(text: str) -> str:
    """The password that a browser sends, whatever the name beside it."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8").partition(":")[2]
    except ValueError:
        return ""


# A browser asks for a password.
_PASSWORD = b'Basic realm="apitrail", charset="UTF-8"'


def _bearer(headers: Mapping[str, str]) -> bytes:
    """RFC 6750, 3: without an error where no token was shown."""
    wrong = ', error="invalid_token"' if "authorization" in headers else ""
    return f'Bearer realm="apitrail"{wrong}'.encode()


async def _ask(send: Send, challenge: bytes, data: bytes) -> None:
    """401."""
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(data)).encode()),
        (b"www-authenticate", challenge),
    ]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": data})


async def _refuse(send: Send, code: str, message: str, *, is_api: bool) -> None:
    """403, in the form that the client's parser expects."""
    if is_api:
        kind, body = "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})
    else:
        kind = "application/xml"
        body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    data = body.encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(data)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": data})
