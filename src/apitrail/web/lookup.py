"""LookupEvents: from its members to a page of events, newest first."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from apitrail.cloudtrail.selectors import Selectors
from apitrail.event import RECORD_TAGS, Event, Resource
from apitrail.evidence.bundle import Bundle
from apitrail.query import Filter, username
from apitrail.trail.reader import Reader
from apitrail.web import insights_api, members, paging
from apitrail.web.api_error import Fault
from apitrail.web.content import Served
from apitrail.web.members import Document, Members

PAGE = 50
# A page ends before its events take more; one that is larger makes a page alone.
PAGE_BYTES = 4 * 1024**2
VALUE_LIMIT = 2000
# How many calls are looked at for one page. A page may be short, or even empty, and still have a
# next one.
LOOK = 20_000
MANAGEMENT = frozenset({"Management"})
# What EventCategory may be. CloudTrail has `insight` alone; the others are ours.
CATEGORIES: dict[str | None, frozenset[str]] = {
    None: MANAGEMENT,
    "management": MANAGEMENT,
    "data": frozenset({"Data"}),
    "all": frozenset({"Management", "Data"}),
    "insight": frozenset(),
}

type Narrow = Callable[[str], Filter | None]
"""The filter of an attribute's value; None where nothing can match."""


def _event_id(value: str) -> Filter | None:
    try:
        return Filter(event_id=(str(uuid.UUID(value)),))
    except ValueError:
        return None


def _read_only(value: str) -> Filter:
    if value.lower() not in ("true", "false"):
        raise Fault("InvalidLookupAttributesException", "ReadOnly is either true or false.")
    return Filter(read_only=value.lower() == "true")


ATTRIBUTES: dict[str, Narrow] = {
    "EventId": _event_id,
    "EventName": lambda value: Filter(event_name=(value,)),
    "ReadOnly": _read_only,
    "Username": lambda value: Filter(username=(value,)),
    "ResourceType": lambda value: Filter(resource_type=(value,)),
    "ResourceName": lambda value: Filter(resource_name=(value,)),
    "EventSource": lambda value: Filter(event_source=(value,)),
    "AccessKeyId": lambda value: Filter(access_key_id=(value,)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A lookup. `where` is answered by an index; `others` filter its results.

    `asked` is a digest of everything that a token must be used again with; entries from `before`
    on were given already.
    """

    where: Filter
    others: tuple[Filter, ...] = ()
    categories: frozenset[str] = MANAGEMENT
    impossible: bool = False
    most: int = PAGE
    before: int | None = None
    asked: str = ""

    @classmethod
    def parse(cls, given: Members) -> Question:
        """Raises Fault."""
        asked = paging.digest(given)
        filters = [_attribute(item) for item in members.objects(given, "LookupAttributes")]
        where, *others = [*(item for item in filters if item is not None)] or [Filter()]
        merged, rest = _merge(where, others)
        category = members.text(given, "EventCategory")
        category = category and category.lower()
        if category not in CATEGORIES:
            raise Fault(
                "InvalidEventCategoryException",
                "EventCategory is insight, management, data or all.",
            )
        since, until = _times(given)
        return cls(
            where=replace(merged, since=since, until=until), others=tuple(rest),
            categories=CATEGORIES[category], impossible=None in filters, most=paging.most(given, PAGE),
            before=paging.before(members.text(given, "NextToken"), asked), asked=asked,
        )  # fmt: skip


def lookup(served: Served, given: Members) -> Document:
    """A page; raises Fault."""
    if (members.text(given, "EventCategory") or "").lower() == "insight":
        return insights_api.lookup(served, given)
    question = Question.parse(given)
    if question.impossible or not question.categories:
        return {"Events": []}
    with served.source() as source:
        return _page(source, question, served.selectors())


@dataclass(slots=True)
class _Scan:
    """Goes backwards over candidates; `last` is where it got to, `ended` if there are no more."""

    source: Reader | Bundle
    question: Question
    selectors: Selectors
    last: int = 0
    ended: bool = False
    left: int = field(default_factory=lambda: LOOK)

    def __iter__(self) -> Iterator[int]:
        for index in self.source.select(self.question.where, before=self.question.before):
            if self.left == 0:
                return
            self.left -= 1
            if self._is_wanted(index):
                yield index
            self.last = index
        self.ended = True

    def _is_wanted(self, index: int) -> bool:
        event = Event.parse(self.source.facets(index, ("who", "what")))
        record = event.record()
        if event.what is None or record.get("eventCategory") not in self.question.categories:
            return False
        if not self.selectors.matches(record):
            return False
        others = self.question.others
        return not others or _all_match(others, event)


def _all_match(filters: tuple[Filter, ...], event: Event) -> bool:
    row = event.row()
    return all(item.matches(row) for item in filters)


def _page(source: Reader | Bundle, question: Question, chosen: Selectors) -> Document:
    scan = _Scan(source, question, chosen)
    found: list[Document] = []
    size, last = 0, 0
    for index in scan:
        if len(found) == question.most:
            return _answer(found, question, after=last)
        event = _event(source, index)
        size += _size(event)
        if found and size > PAGE_BYTES:
            return _answer(found, question, after=last)
        found.append(event)
        last = index
    return _answer(found, question, after=None if scan.ended else scan.last)


def _size(event: Document) -> int:
    """About how many bytes it is in the answer."""
    return len(event["CloudTrailEvent"]) + sum(
        len(value) for resource in event["Resources"] for value in resource.values()
    )


def _answer(found: list[Document], question: Question, *, after: int | None) -> Document:
    answer: Document = {"Events": found}
    if after is not None:
        answer["NextToken"] = paging.token(after, question.asked)
    return answer


def _event(source: Reader | Bundle, index: int) -> Document:
    """An `Event` of the service model; what is not known is left out."""
    event = Event.parse(source.facets(index, RECORD_TAGS))
    record = event.record()
    user = record.get("userIdentity") or {}
    ended = event.call.time
    fields = {
        "EventId": record.get("eventID"),
        "EventName": record.get("eventName"),
        "ReadOnly": str(bool(record.get("readOnly"))).lower(),
        "AccessKeyId": user.get("accessKeyId") or None,
        "EventTime": None if ended is None else ended // 1000,
        "EventSource": record.get("eventSource"),
        "Username": username(user),
        "Resources": [_resource(item) for item in event.resources],
        "CloudTrailEvent": json.dumps(record, separators=(",", ":")),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _resource(item: Resource) -> dict[str, str]:
    named = {"ResourceType": item.type, "ResourceName": item.label}
    return {key: value for key, value in named.items() if value}


# -- members ---------------------------------------------------------------------------------


def _attribute(item: Members) -> Filter | None:
    key, value = members.text(item, "AttributeKey"), members.text(item, "AttributeValue")
    if key not in ATTRIBUTES or value is None:
        raise Fault(
            "InvalidLookupAttributesException",
            f"AttributeKey is one of {', '.join(ATTRIBUTES)}, and has an AttributeValue.",
        )
    # CloudTrail counts these characters twice ("LookupAttribute" in its API reference).
    if not value or len(value) + sum(value.count(letter) for letter in "_ ,\n") > VALUE_LIMIT:
        raise Fault("InvalidLookupAttributesException", f"{key} is empty, or too long.")
    return ATTRIBUTES[key](value)


_NOTHING = Filter()


def _merge(where: Filter, others: list[Filter]) -> tuple[Filter, list[Filter]]:
    """One filter that an index answers, and those that ask again for what it asks already."""
    rest = []
    for other in others:
        [name] = [n for n in Filter.__slots__ if getattr(other, n) != getattr(_NOTHING, n)]
        if getattr(where, name) != getattr(_NOTHING, name):
            rest.append(other)
        else:
            where = replace(where, **{name: getattr(other, name)})
    return where, rest


def _times(given: Members) -> tuple[int | None, int | None]:
    """Milliseconds, the end excluded: an event is of the second that its record tells."""
    start, end = members.moment(given, "StartTime"), members.moment(given, "EndTime")
    if start is not None and end is not None and start > end:
        raise Fault("InvalidTimeRangeException", "StartTime is after EndTime.")
    return (
        None if start is None else math.ceil(start * 1000),
        None if end is None else int(end) * 1000 + 1000 if end == int(end) else int(end * 1000) + 1,
    )
