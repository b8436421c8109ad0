"""The facets of calls as they are written: told alike by their bytes, and parsed only as far as needed.

Members are written in one order. Where one is not found, more is compared and parsed, and nothing is taken
for the same that is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from apitrail.codec import Object
from apitrail.event import statement

# Of a call, what is between its protocol and its status.
_TIMES = re.compile(rb',"started":\d+(?:,"ended":\d+)?')
_SERVICE = re.compile(rb'"call":\{"service":"([a-z0-9.-]+)",')
_SENT = re.compile(rb',"http":\{"method":"[A-Z]+","scheme":"[a-z]+",')
_ID = re.compile(
    rb'\{"record":\{(?:"\w+":(?:"[^"\\]*"|true|false|null),)*?"eventID":"([0-9A-Za-z-]+)"'
)
_CALL, _PARAMETERS, _HTTP = b'"call":{', b'"parameters":', b',"http":{'
_NOTHING: Object = {}


type Same = tuple[bytes | None, bytes, bytes, bytes]
"""Who called, what the call is, what became of it, and its parameters."""


def same(facets: Mapping[str, bytes]) -> Same:
    """What calls have in common that are written alike, but for ids, times, HTTP and the answer."""
    written, request = facets.get("what", b""), facets.get("request", b"")
    call = written.find(_CALL)
    times = written.find(b',"started":', call)
    status = written.find(b',"status":', times)
    if not (0 <= call < times < status and _TIMES.fullmatch(written, times, status)):
        call, times, status = 0, len(written), len(written)
    asked = max(request.find(_PARAMETERS), 0)
    http = request.rfind(_HTTP)
    return (
        facets.get("who"), written[call:times], written[status:],
        request[asked : http if http > asked else len(request)],
    )  # fmt: skip


def service(same: Same) -> str | None:
    """Of what service such calls are; None where it is not written as usual."""
    found = _SERVICE.match(same[1])
    return None if found is None else found[1].decode()


def sent(facets: Mapping[str, bytes]) -> bytes:
    """By which method and scheme the request was sent; all of its HTTP where it is not written as usual."""
    request = facets.get("request", b"")
    http = max(request.rfind(_HTTP), 0)
    found = _SENT.match(request, http)
    return request[http:] if found is None else found[0]


def event_id(facets: Mapping[str, bytes]) -> str | None:
    """The id in the record; None where it is not written as usual."""
    found = _ID.match(facets.get("what", b""))
    return None if found is None else found[1].decode()


def what(facets: Mapping[str, bytes]) -> Object:
    """The facet `what` without its record."""
    return _from(facets.get("what"), _CALL)


def parameters(facets: Mapping[str, bytes]) -> Object | None:
    """The parameters of the request, where they were kept."""
    asked = _from(facets.get("request"), _PARAMETERS).get("parameters")
    return asked if isinstance(asked, dict) else None


def object_of(facet: bytes) -> Object:
    """As `event.statement`, but quicker; what only that can read is left to it."""
    try:
        found: object = orjson.loads(facet)
    except ValueError:
        return statement(facet)
    return found if isinstance(found, dict) else statement(facet)


def _from(facet: bytes | None, member: bytes) -> Object:
    """A facet from one of its members on; all of it where that is not known to be its own member."""
    if facet is None:
        return _NOTHING
    start = facet.find(member)
    if start > 0:
        try:
            # Only from a member of the outermost object on are there as many braces as need be.
            found: object = orjson.loads(b"{" + facet[start:])
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
    return object_of(facet)
