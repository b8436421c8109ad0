"""A recorded call as what it is to whoever wants it again: asked this, answered that."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from apitrail.aws.call import Structure, Value
from apitrail.codec import Json
from apitrail.event import Answered, Asked, CallFacts, Event, Fault, Http
from apitrail.source import Source

REDACTED = re.compile(r"redacted:hmac-sha256:[0-9a-f]{8}:[\w-]{43}:(?P<length>\d+)")
"""What stands for a secret (`redact.Redactor`)."""

_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})(?:;[^\r\n]*)?\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One recorded call; what was not kept or could not be told is None.

    `parameters` and `result` are JSON in the service model's own words; `error` is the code as
    on the wire; `asked` and `answered` are the messages' start lines, headers and body lengths;
    `started` and `ended` are Unix milliseconds; `upstream` is `scheme://host:port`.
    """

    event_id: str
    started: int
    ended: int | None = None
    service: str | None = None
    operation: str | None = None
    region: str | None = None
    protocol: str | None = None
    account: str | None = None
    upstream: str | None = None
    parameters: Structure | None = None
    result: Structure | None = None
    error: str | None = None
    message: str | None = None
    status: int | None = None
    asked: Http = field(default_factory=Http)
    answered: Http = field(default_factory=Http)
    request_body: bytes = b""
    response_body: bytes = b""

    @classmethod
    def parse(cls, event: Event) -> Recorded:
        """The call of an event."""
        call, record = event.call, event.record()
        user = record.get("userIdentity") or {}
        request, response = event.request or Asked(), event.response or Answered()
        fault = response.error or Fault()
        return cls(
            event_id=str(record.get("eventID")),
            started=call.started or 0,
            ended=call.ended,
            service=call.service,
            operation=call.operation,
            region=call.region,
            protocol=call.protocol,
            account=user.get("accountId"),
            upstream=call.upstream,
            parameters=_object(request.parameters),
            result=None if _unread(call) else _object(response.result),
            error=_text(fault.code) or call.error,
            message=_text(fault.message),
            status=call.status,
            asked=request.http or Http(),
            answered=response.http or Http(),
            request_body=event.request_body or b"",
            response_body=event.response_body or b"",
        )

    @property
    def name(self) -> str:
        """`service:Operation`, as far as it is known."""
        return f"{self.service or '?'}:{self.operation or '?'}"

    @property
    def was_answered(self) -> bool:
        """Did a response come?"""
        return self.status is not None

    def payload(self, blob: Value) -> bytes | None:
        """The bytes of a streamed parameter, known by its length and digest; None if not kept."""
        if not isinstance(blob, Mapping):
            return None
        for data in (self.request_body, unchunked(self.request_body)):
            if data is not None and hashlib.sha256(data).hexdigest() == blob.get("sha256"):
                return data
        return None


# Doubts of the decoder (`aws.response`) that leave a result's body unread.
_UNREAD = re.compile(r"(?:compressed )?response body |decoding the response failed")


def _unread(call: CallFacts) -> bool:
    return any(_UNREAD.match(problem) for problem in call.problems)


def _object(value: Json) -> Structure | None:
    return value if isinstance(value, dict) else None


def _text(value: Json) -> str | None:
    return None if value is None else str(value)


def unchunked(data: bytes) -> bytes | None:
    """The content of an aws-chunked body; None where it is not one."""
    found: list[bytes] = []
    at = 0
    while (head := _CHUNK_SIZE.match(data, at)) is not None:
        size = int(head[1], 16)
        if size == 0:
            return b"".join(found)
        at = head.end() + size
        if data[at : at + 2] != b"\r\n":
            return None
        found.append(data[head.end() : at])
        at += 2
    return None


def in_order(source: Source, indexes: Iterable[int]) -> list[int]:
    """The calls at these indexes, in the order in which they were made."""
    return sorted(indexes, key=lambda index: (_started(source, index), index))


def _started(source: Source, index: int) -> int:
    return Event.parse(source.facets(index, ("what",))).call.started or 0


def read(source: Source, indexes: list[int]) -> Iterator[Recorded]:
    """The calls at these indexes, one at a time."""
    for index in indexes:
        yield Recorded.parse(Event.parse(source.facets(index)))


def redactions(value: Value) -> Iterator[str]:
    """Each redacted value in a JSON value, in order, repeated as it is."""
    if isinstance(value, str):
        yield from (match[0] for match in REDACTED.finditer(value))
    elif isinstance(value, dict):
        for item in value.values():
            yield from redactions(item)
    elif isinstance(value, list):
        for item in value:
            yield from redactions(item)


def places(
    value: Value, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each text in a JSON value with its path, in order."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from places(item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, (*path, number))
