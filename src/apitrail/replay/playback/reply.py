"""A recorded answer as an HTTP reply, and the error of a call that has none."""

from __future__ import annotations

from dataclasses import dataclass

from apitrail.aws import models
from apitrail.errors import FormatError
from apitrail.replay.playback import answer_body
from apitrail.replay.recorded import REDACTED, Recorded

MISS = "PlaybackMiss"
# Headers about the framing of the recorded connection; the new one has its own.
_FRAMING = frozenset({
    "connection", "keep-alive", "transfer-encoding", "content-length", "trailer", "upgrade",
    "proxy-connection", "te",
})  # fmt: skip
# Headers about the bytes of a body that is written anew.
_OF_BYTES = frozenset({"content-encoding", "content-md5", "x-amz-crc32", "digest", "etag"})
_CHECKSUM = "x-amz-checksum-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Status, headers without Content-Length, and body."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    length: int | None = None
    """The Content-Length of a HEAD's answer, which has no body to be measured."""


class UnplayableError(Exception):
    """Why a recorded answer cannot be given again; one line, lower case."""


def reply(call: Recorded, *, protocol: str, method: str) -> Reply:
    """The recorded answer, in the protocol that it is asked for in now.

    Raises:
        UnplayableError: its body was not kept and cannot be written anew.
    """
    about = call.answered.body
    headers = tuple((n, v) for n, v in call.answered.headers if n.lower() not in _FRAMING)
    status = int(call.status or 200)
    if method == "HEAD":
        return Reply(status=status, headers=headers, length=_length(call))
    kept = about.kept == about.length
    if kept and protocol == call.protocol:
        return Reply(status=status, headers=headers, body=call.response_body)
    data = _written(call, protocol, kept=kept)
    return Reply(status=status, headers=_about_anew(headers, protocol), body=data)


def _written(call: Recorded, protocol: str, *, kept: bool) -> bytes:
    about = call.answered.body
    if call.error is not None:
        return answer_body.error(protocol, call.error, call.message or "", call.event_id)
    if call.result is None or not (kept or about.hmac is not None):
        raise UnplayableError(
            f"of its answer's {'?' if about.length is None else about.length} bytes {about.kept or 0} were kept"
        )
    try:
        operation = models.operation(str(call.service), str(call.operation))
        return answer_body.success(operation, protocol, call.result, call.event_id)
    except (KeyError, FormatError) as error:
        raise UnplayableError(
            f"its answer was redacted and cannot be written anew: {error}"
        ) from error


def _about_anew(headers: tuple[tuple[str, str], ...], protocol: str) -> tuple[tuple[str, str], ...]:
    kept = [
        (name, value)
        for name, value in headers
        if name.lower() not in _OF_BYTES
        and not name.lower().startswith(_CHECKSUM)
        and name.lower() not in ("content-type", "smithy-protocol")
        and REDACTED.search(value) is None
    ]
    return (*kept, *_typed(protocol))


def _typed(protocol: str) -> tuple[tuple[str, str], ...]:
    typed = (("Content-Type", answer_body.TYPES[protocol]),)
    return (*typed, ("smithy-protocol", "rpc-v2-cbor")) if protocol == answer_body.CBOR else typed


def _length(call: Recorded) -> int | None:
    found = next((v for n, v in call.answered.headers if n.lower() == "content-length"), "")
    return int(found) if found.isdigit() else None


def refusal(protocol: str, reason: str, request_id: str) -> Reply:
    """A miss as an error that SDKs show and do not retry."""
    headers = (("x-amzn-RequestId", request_id), *_typed(protocol))
    if protocol in ("json", "rest-json"):
        headers = (*headers, ("x-amzn-ErrorType", MISS))
    return Reply(
        status=400, headers=headers, body=answer_body.error(protocol, MISS, reason, request_id)
    )
