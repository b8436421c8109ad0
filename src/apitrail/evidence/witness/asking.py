"""Asking a witness over HTTP, and no longer than one is ready to wait."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from apitrail.address import is_loopback
from apitrail.errors import Error, UsageError
from apitrail.tlog import add_checkpoint

# An answer has a few signature lines, or a checkpoint.
_LONGEST = add_checkpoint.MAX_BODY
_NONE: Mapping[str, str] = {}


class AskingError(Error):
    """A witness could not be asked, or its answer is none."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back."""

    status: int
    kind: str
    body: bytes


def check_url(url: str) -> str:
    """The URL of a witness, with its slash at the end; raises UsageError."""
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or parts.query or parts.fragment or parts.username is not None:
        raise UsageError(
            f"not the URL of a witness: {url!r}", hint="such as https://example.com/w/"
        )
    return url.rstrip("/") + "/"


def ask(url: str, path: str, body: bytes | None = None, *, seconds: float) -> Answered:
    """Ask a witness: POST `body`, or GET where there is none. Raises AskingError."""
    return post(check_url(url) + path, body, kind="text/plain; charset=utf-8", seconds=seconds)


def post(
    url: str, body: bytes | None, *, kind: str, seconds: float, headers: Mapping[str, str] = _NONE
) -> Answered:
    """POST `body` of this content type, or GET where there is none; `headers` are more of them.

    Redirects are not followed: who is asked is where the policy says. Another machine is asked
    through the proxy of the environment, if there is one.

    Raises:
        AskingError: there was no answer in time, or too long a one.
    """
    request = Request(url, data=body, headers={"User-Agent": "apitrail", **headers})  # noqa: S310  # http or https, see check_url
    if body is not None:
        request.add_header("Content-Type", kind)
    deadline = time.monotonic() + seconds
    try:
        with _opener(request).open(request, timeout=seconds) as response:
            return Answered(
                response.status, response.headers.get("content-type", ""), _read(response, deadline)
            )
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        parts = urlsplit(url)
        where = f"{parts.scheme}://{parts.netloc}/"
        raise AskingError(f"{where} did not answer: {reason}") from error


def _read(response: http.client.HTTPResponse, deadline: float) -> bytes:
    content = bytearray()
    # A slow answer may come byte by byte, each in time.
    while part := response.read1(65_536):
        content += part
        if len(content) > _LONGEST:
            raise ValueError("too long an answer")
        if time.monotonic() > deadline:
            raise TimeoutError("timed out")
    if response.length:
        raise http.client.IncompleteRead(bytes(content), response.length)
    return bytes(content)


def _opener(request: Request) -> OpenerDirector:
    """Takes every status for an answer, and follows no redirect."""
    host = urlsplit(request.full_url).hostname or ""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler({}) if is_loopback(host) else ProxyHandler(), HTTPHandler(), HTTPSHandler(),
    ):  # fmt: skip
        opener.add_handler(handler)
    return opener
