"""What is kept of a call: one value for each facet, and the two shapes that calls are shown in.

`Event.parse` is where stored facets become values; after it nothing is looked up by name.
Every value keeps the members that this version does not know (`rest`), so that a trail of a
newer version can be read and written out again.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

import orjson

from apitrail import codec, when
from apitrail.aws.call import Blob, EventStream
from apitrail.codec import ALWAYS, NAME, Json, Object
from apitrail.errors import FormatError
from apitrail.query import NOBODY, Caller, Row, caller_columns, event_id, searchable
from apitrail.valueclass import valueclass

_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)

# Where each field of a CloudTrail record is kept. What is not listed is in `what`.
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
ALWAYS_SHOWN = ("requestParameters", "responseElements")


@valueclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The run that a call belongs to."""

    id: str
    labels: Object = field(default_factory=dict)
    rest: Object = field(default_factory=dict, repr=False)

    @property
    def labelled(self) -> frozenset[tuple[str, str]]:
        """The labels as (key, value) pairs."""
        return frozenset((key, str(value)) for key, value in self.labels.items())


@valueclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who made the call: CloudTrail's fields of the record, and how the identity is known.

    `operator` is who the recorder itself knew: several may share one AWS identity.
    """

    record: Object
    identity: Object = field(default_factory=dict, metadata={ALWAYS: True})
    run: Run | None = None
    operator: str | None = None
    rest: Object = field(default_factory=dict, repr=False)

    @property
    def columns(self) -> Caller:
        """What is searched for of the caller; raises FormatError."""
        return caller_columns(self.record, self.run.id if self.run else None, self.operator)

    @property
    def user(self) -> Object:
        """CloudTrail's userIdentity."""
        found = self.record.get("userIdentity")
        return found if isinstance(found, dict) else {}


@valueclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """The call in few words. Times are Unix milliseconds; None is "not known"."""

    service: str | None = None
    operation: str | None = None
    region: str | None = None
    protocol: str | None = None
    started: int | None = None
    ended: int | None = None
    status: int | None = None
    error: str | None = None
    failure: str | None = None
    upstream: str | None = None
    problems: tuple[str, ...] = ()
    rest: Object = field(default_factory=dict, repr=False)

    @property
    def time(self) -> int | None:
        """When it ended, or began where it never did."""
        return self.started if self.ended is None else self.ended


@valueclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource that a call names; it has a name or an ARN."""

    arn: str = ""
    type: str = ""
    name: str = ""
    rest: Object = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """What lists print of it."""
        return self.name or self.arn


@valueclass(frozen=True, slots=True, kw_only=True)
class What:
    """What happened: the searchable side of the record, the call, the resources it names.

    `undetermined` says that its resources could not be told, `kept` how much of the call was
    kept where that is not all. `stand_in` marks a call about a stand-in for AWS itself, such as
    its health: it is no call to AWS, and touches no resource of it. `decision` is what the guards
    said of the call before it left, where there were any.
    """

    record: Object = field(default_factory=dict, metadata={ALWAYS: True})
    call: CallFacts = field(default=CallFacts(), metadata={ALWAYS: True})
    resources: tuple[Resource, ...] = field(default=(), metadata={ALWAYS: True})
    undetermined: bool = False
    stand_in: bool = field(default=False, metadata={NAME: "standIn"})
    kept: str | None = None
    decision: Object = field(default_factory=dict)
    rest: Object = field(default_factory=dict, repr=False)

    @property
    def withheld(self) -> bool:
        """Did a guard keep the call from leaving?"""
        return self.decision.get("effect") in WITHHOLDING


@valueclass(frozen=True, slots=True, kw_only=True)
class BodyFacts:
    """Length and digest of a body, and how much of it was kept; a redacted one's is keyed."""

    length: int | None = None
    sha256: str | None = None
    hmac: str | None = field(default=None, metadata={NAME: "hmac-sha256"})
    kept: int | None = None
    rest: Object = field(default_factory=dict, repr=False)


@valueclass(frozen=True, slots=True, kw_only=True)
class Http:
    """A message without its body: a request has a method and a target, a response a status."""

    method: str | None = None
    scheme: str | None = None
    host: str | None = None
    target: str | None = None
    status: int | None = None
    version: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    trailers: tuple[tuple[str, str], ...] = ()
    body: BodyFacts = BodyFacts()
    rest: Object = field(default_factory=dict, repr=False)


@valueclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked: CloudTrail's fields, the parameters in the model's words, the message."""

    record: Object = field(default_factory=dict)
    parameters: Json = None
    http: Http | None = None
    rest: Object = field(default_factory=dict, repr=False)


@valueclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A refusal: `code` as on the wire, `shape` as the model names it."""

    code: Json = field(default=None, metadata={ALWAYS: True})
    message: Json = field(default=None, metadata={ALWAYS: True})
    shape: Json = field(default=None, metadata={ALWAYS: True})
    rest: Object = field(default_factory=dict, repr=False)


@valueclass(frozen=True, slots=True, kw_only=True)
class MessagesFacts:
    """What went one way over a WebSocket; the digest is keyed."""

    messages: int = field(default=0, metadata={ALWAYS: True})
    length: int = field(default=0, metadata={ALWAYS: True})
    hmac: str | None = field(default=None, metadata={NAME: "hmac-sha256"})
    rest: Object = field(default_factory=dict, repr=False)


@valueclass(frozen=True, slots=True, kw_only=True)
class WebSocketFacts:
    """What followed a 101, and the code of the frame that closed it, if there was one."""

    sent: MessagesFacts
    received: MessagesFacts
    code: int | None = None
    closed_by: str | None = field(default=None, metadata={NAME: "closedBy"})
    rest: Object = field(default_factory=dict, repr=False)


@valueclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back, or why nothing did."""

    record: Object = field(default_factory=dict)
    result: Json = None
    error: Fault | None = None
    http: Http | None = None
    failure: str | None = None
    websocket: WebSocketFacts | None = None
    rest: Object = field(default_factory=dict, repr=False)


# The facets that are JSON objects, by tag.
FACETS: dict[str, type[Who | What | Asked | Answered]] = {
    "who": Who,
    "what": What,
    "request": Asked,
    "response": Answered,
}
RECORD_TAGS = tuple(FACETS)
"""The facets that hold a call's record."""

type Written = Mapping[str, tuple[object, bytes]]
"""Values of facets with what was written of each, by tag."""

# Effects of a guard that keep a call from leaving.
WITHHOLDING = ("deny", "ask")


@valueclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The facets of one call; a facet that is None was not kept or was erased."""

    who: Who | None = None
    what: What | None = None
    request: Asked | None = None
    response: Answered | None = None
    request_body: bytes | None = None
    response_body: bytes | None = None
    learned: tuple[Object, ...] = ()

    def facets(self, known: Written | None = None) -> dict[str, bytes]:
        """The contents to commit to, by tag, what is `known` as it was written; inverse of `parse`."""
        facets = {
            tag: before[1]
            if known and (before := known.get(tag, (None, b"")))[0] is value
            else dump(codec.encode(value))
            for tag in FACETS
            if (value := getattr(self, tag)) is not None
        }
        if self.learned:
            facets["learned"] = dump(self.learned)
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
        values = {
            tag: codec.decode(kind, load(facets[tag]))
            for tag, kind in FACETS.items()
            if tag in facets
        }
        return cls(
            **values,  # type: ignore[arg-type]  # each is of the class its tag stands for
            learned=_learned(facets.get("learned")),
            request_body=facets.get("reqbody"),
            response_body=facets.get("resbody"),
        )

    @property
    def call(self) -> CallFacts:
        """The call in few words; nothing is known of one whose `what` is gone."""
        return self.what.call if self.what else CallFacts()

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The resources that the call names."""
        return self.what.resources if self.what else ()

    def record(self) -> dict[str, Any]:
        """The CloudTrail record (version 1.11), in CloudTrail's order of fields."""
        facets = (self.what, self.who, self.request, self.response)
        return _merged(facet.record for facet in facets if facet is not None)

    def botocore(self) -> dict[str, Json]:
        """The call in the service model's own words, as boto3 users write them."""
        call, what, who = self.call, self.what or What(), self.who or Who(record={})
        asked, answered = self.request or Asked(), self.response or Answered()
        return {
            "eventID": what.record.get("eventID"),
            "eventTime": when.iso(call.time),
            "service": call.service,
            "operation": call.operation,
            "region": call.region,
            "parameters": asked.parameters,
            "result": answered.result,
            "error": codec.encode(answered.error) if answered.error else None,
            "requestID": what.record.get("requestID"),
            "userAgent": who.record.get("userAgent"),
            "sourceIPAddress": who.record.get("sourceIPAddress"),
            "accessKeyId": who.user.get("accessKeyId"),
            "identity": who.identity if self.who else None,
        }

    def row(self, caller: Caller | None = None) -> Row:
        """What of the event is searchable; without `who` its columns are None.

        `caller` are those columns, where they are at hand. Raises FormatError: it is no event's.
        """
        what, who = self.what or What(), self.who
        called = called_columns(what)
        caller = caller or (who.columns if who else NOBODY)
        return Row(
            id=called[0], time=called[1], read_only=called[2], source=called[3], name=called[4],
            region=called[5], error=called[6], username=caller[0], access_key_id=caller[1],
            source_ip=caller[2], run=caller[3], operator=caller[4],
            resources=frozenset(resource_names(what.resources)),
            labels=who.run.labelled if who and who.run else frozenset(),
            stand_in=what.stand_in, undetermined=what.undetermined,
        )  # fmt: skip


type Called = tuple[str, int, bool | None, str | None, str | None, str | None, str | None]


def called_columns(what: What) -> Called:
    """What is searched for of a call: id, time, read_only, source, name, region, error.

    Raises:
        FormatError: it is no call's facet.
    """
    record, call = what.record, what.call
    try:
        return (
            event_id(str(record["eventID"])), _time(call), _flag(record.get("readOnly")),
            searchable(record["eventSource"]), searchable(record["eventName"]),
            searchable(record.get("awsRegion")), searchable(call.error),
        )  # fmt: skip
    except (KeyError, ValueError) as error:
        raise FormatError("malformed event facets") from error


def _time(call: CallFacts) -> int:
    if call.time is None:
        raise FormatError("malformed event facets: the call is of no time")
    return call.time


def _flag(value: Json) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise FormatError(f"malformed event facets: readOnly is {value!r}")


def resource_names(resources: tuple[Resource, ...]) -> set[tuple[str, str]]:
    """What resources are found by: each name and ARN, with its type."""
    return {
        (searchable(name) or "", searchable(item.type) or "")
        for item in resources
        for name in (item.name, item.arn)
        if name
    }


def record_of(facets: Mapping[str, bytes]) -> dict[str, Any]:
    """`Event.parse(facets).record()` in half the time: nothing else of the event is read.

    Raises:
        FormatError: a facet is not JSON of the right kind.
    """
    return _merged([_record(facets[tag]) for tag in _WITH_RECORD if tag in facets])


# In this order a later facet's fields count.
_WITH_RECORD = ("what", "who", "request", "response")


def _record(facet: bytes) -> dict[str, Any]:
    said = load(facet)
    found = said.get("record", {}) if isinstance(said, dict) else None
    if not isinstance(found, dict):
        raise FormatError("a facet's record is not an object")
    return found


def _merged(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = dict.fromkeys(ALWAYS_SHOWN)
    for part in parts:
        merged |= part
    return {name: merged[name] for name in ORDER if name in merged}


def load(content: bytes) -> Json:
    """A facet's JSON.

    Raises:
        FormatError: it is none.
    """
    try:
        # The faster parser makes other numbers of those with more than 64 bits.
        if _LONG not in content.translate(_DIGITS):
            return orjson.loads(content)  # type: ignore[no-any-return]
    except ValueError:
        pass  # the other one takes more
    try:
        return json.loads(content)  # type: ignore[no-any-return]
    except (ValueError, RecursionError) as error:
        raise FormatError("a facet is not JSON") from error


# Every digit as `0`, and as many of them as a number of 64 bits may not have.
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG = b"0" * 19


def statement(content: bytes) -> dict[str, Any]:
    """What a book-keeping entry says.

    Raises:
        FormatError: it is not a JSON object.
    """
    said = load(content)
    if not isinstance(said, dict):
        raise FormatError("a facet is not an object")
    return said


def _learned(content: bytes | None) -> tuple[Object, ...]:
    said = load(content) if content is not None else []
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        raise FormatError("a facet is not a list of objects")
    return tuple(said)


_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def plain(value: Any) -> Json:
    """A decoded value as JSON: bytes as base64, times as ISO 8601, NaN and infinities as strings."""
    # The usual values first: `match` asks for one class after the other.
    if type(value) in _AS_THEY_ARE:
        return value  # type: ignore[no-any-return]
    if isinstance(value, dict):
        return {
            key if type(key) is str else str(key): item
            if type(item) in _AS_THEY_ARE
            else plain(item)
            for key, item in value.items()
        }
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case list() | tuple():
            return [plain(item) for item in value]
        case bytes() | bytearray():
            return base64.b64encode(value).decode("ascii")
        case datetime():
            return when.iso_exact(value)
        case Blob(length=length, sha256=digest):
            return {"length": length, "sha256": digest.hex()}
        case EventStream(counts=counts):
            return {"events": dict(counts)}
        case _:
            return str(value)


def dump(value: Any) -> bytes:
    """The JSON that is stored."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # What JSON may hold and UTF-8 may not: half a surrogate pair, which stays escaped here;
        # and numbers of more than 64 bits.
        return _JSON.encode(value).encode("ascii")
