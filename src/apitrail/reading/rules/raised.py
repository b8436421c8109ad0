"""Alerts: what rules found in the entries of a log, and the document that is sent of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from apitrail.codec import Json, Object
from apitrail.errors import Error, FormatError
from apitrail.reading.rules import looked_at
from apitrail.reading.rules.alert_rule import About, Hit
from apitrail.reading.rules.expression_rule import RuleError
from apitrail.reading.rules.looked_at import LookedAt
from apitrail.reading.rules.rule_tables import Watched
from apitrail.source import Source
from apitrail.when import iso

# Ids are made of the entry's hash and the rule (RFC 9562, version 5): the same alert has the same id
# however often it is found.
_SPACE = uuid.UUID("6b6f0f5c-6f0a-5d0e-9a55-6d1f6a0b7c11")

type Failed = Callable[[str, Error], None]
"""Told of a rule that could not judge an entry, by the name of its alert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An alert: of which rule, on which entries. The last entry completed it, at `time`.

    Nothing of the calls themselves is in it: that is read from the log when it is sent.
    """

    id: str
    alert: str
    about: About
    entries: tuple[int, ...]
    count: int
    time: int


def ignore(_name: str, _error: Error) -> None:
    """Say nothing."""


def of(
    source: Source, watched: Iterable[Watched], seen: LookedAt, failed: Failed = ignore
) -> Iterator[Raised]:
    """The alerts that this entry raises."""
    for each in watched:
        for finder in each.finders:
            try:
                hit = finder.find(seen)
            except RuleError as error:
                failed(each.name, error)
                continue
            if hit is not None:
                yield _raised(source, each.name, hit, seen)


def _raised(source: Source, name: str, hit: Hit, seen: LookedAt) -> Raised:
    link = source.entry(seen.index)
    digest = "" if link is None else link.hash.hex()
    number = uuid.uuid5(_SPACE, f"{digest}\n{name}\n{hit.about.name}\n{hit.about.title}")
    return Raised(
        id=str(number), alert=name, about=hit.about, entries=hit.entries, count=hit.count,
        time=seen.time,
    )  # fmt: skip


def document(source: Source, raised: Raised, origin: str | None) -> dict[str, Json]:
    """What is sent: the alert, and the record of the call or insight that completed it.

    The record is read now, redacted as the log has it. What was erased meanwhile is not in it.
    """
    last = raised.entries[-1]
    seen = _seen(source, last)
    record = None if seen is None else seen.record
    return {
        "id": raised.id, "alert": raised.alert, "title": raised.about.title,
        "level": raised.about.level, "rule": raised.about.name, "time": iso(raised.time),
        "log": origin, "entry": last, "entries": list(raised.entries), "count": raised.count,
        "summary": "the record was erased" if record is None else summary(record),
        "eventIDs": [_id(source, index) for index in raised.entries],
        **_around(seen), "record": record,
    }  # fmt: skip


def line(document: Object) -> bytes:
    """A document as sinks get it."""
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def summary(record: Object) -> str:
    """`iam:CreateUser by mary from 192.0.2.7 in us-east-1: AccessDenied`."""
    user = record.get("userIdentity")
    identity = user if isinstance(user, dict) else {}
    who = identity.get("arn") or identity.get("userName") or identity.get("accessKeyId")
    details = record.get("insightDetails")
    about = details if isinstance(details, dict) else record
    source, name = str(about.get("eventSource")).partition(".")[0], about.get("eventName")
    parts = [f"{source}:{name}"]
    if details is not None:
        return f"unusual: {parts[0]}"
    for word, value in (("by", who), ("from", record.get("sourceIPAddress")), ("in", record.get("awsRegion"))):  # fmt: skip
        if value:
            parts.append(f"{word} {value}")
    text = " ".join(parts)
    return f"{text}: {record['errorCode']}" if record.get("errorCode") else text


def _seen(source: Source, index: int) -> LookedAt | None:
    link = source.entry(index)
    try:
        return None if link is None else looked_at.one(source, index, link.kind)
    except FormatError:
        return None


def _id(source: Source, index: int) -> str | None:
    seen = _seen(source, index)
    return None if seen is None else seen.id


def _around(seen: LookedAt | None) -> dict[str, Json]:
    """Who the recorder itself knew: the operator and the run."""
    who = seen.event.who if seen is not None and seen.event is not None else None
    run = who.run if who is not None else None
    return {
        "operator": who.operator if who is not None else None,
        "run": run.id if run is not None else None,
        "labels": dict(run.labels) if run is not None else {},
    }
