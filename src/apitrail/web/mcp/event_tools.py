"""`events` (also as `lookup_events`) and `show`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from apitrail.codec import Json, Object
from apitrail.errors import UsageError
from apitrail.event import RECORD_TAGS, Event
from apitrail.query import Filter, caller
from apitrail.reading import event_detail, event_list, filter_words
from apitrail.trail import targets
from apitrail.trail.reader import Reader
from apitrail.web.mcp import pages
from apitrail.web.mcp.plain_data import plain, texts
from apitrail.web.mcp.tool import Given, Schema, Tool, flag, many, perhaps, text, thing
from apitrail.web.mcp.visible import Visible

# LookupEvents' attributes → options of a filter.
ATTRIBUTES = {
    "EventId": "event-id",
    "EventName": "event-name",
    "ReadOnly": "read-only",
    "Username": "username",
    "ResourceType": "resource-type",
    "ResourceName": "resource-name",
    "EventSource": "event-source",
    "AccessKeyId": "access-key-id",
}
_WHEN = "ISO 8601, or relative: 15m, 2h, 1 day ago, yesterday."
TIMES: dict[str, Schema] = {
    "start_time": text(f"Only from this time on. {_WHEN}"),
    "end_time": text(f"Only before this time. {_WHEN}"),
}
# Characters of an error message, and names of resources, in a list.
_MESSAGE = 300
_RESOURCES = 5


def times(given: Given) -> dict[str, list[str]]:
    """The words of a filter for the times that were given."""
    words = {"since": given.text("start_time"), "until": given.text("end_time")}
    return {name: [value] for name, value in words.items() if value is not None}


def parse(words: filter_words.Words, seen: Visible) -> Filter:
    """The filter in these words; a time of day without a zone is in UTC."""
    return filter_words.parse(words, now=datetime.fromtimestamp(seen.clock() / 1000, UTC))


def _filter(seen: Visible, given: Given) -> Filter:
    words = times(given)
    key, value = given.text("attribute_key"), given.text("attribute_value")
    if (key is None) != (value is None):
        raise UsageError("attribute_key and attribute_value belong together")
    if key is not None and value is not None:
        words[ATTRIBUTES[key]] = [value.lower() if key == "ReadOnly" else value]
    if (region := given.text("region")) is not None:
        words["region"] = [region]
    if given.flag("errors_only"):
        words["error"] = [filter_words.ANY]
    return parse(words, seen)


def summary(index: int, event: Event, *, run: bool) -> Object:
    """A call in a list, in CloudTrail's words; `run` says whose it is, where there are several."""
    record, call = event.record(), event.call
    names = [each.arn or each.name for each in event.resources]
    message = record.get("errorMessage")
    told: dict[str, Json] = {
        "eventID": record.get("eventID"), "eventTime": record.get("eventTime"),
        "eventSource": record.get("eventSource"), "eventName": record.get("eventName"),
        "awsRegion": record.get("awsRegion"), "username": caller(event.who.user if event.who else {}),
        "readOnly": record.get("readOnly"), "errorCode": record.get("errorCode"),
        "errorMessage": message[:_MESSAGE] if isinstance(message, str) else None,
        "failure": call.failure, "resources": names[:_RESOURCES] or None,
        "refusedByGuard": True if event.what is not None and event.what.withheld else None,
        "run": event.who.run.id if run and event.who and event.who.run else None, "entry": index,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def _listed(source: Reader, where: Filter, before: int | None, *, run: bool) -> Iterator[tuple[int, Json]]:  # fmt: skip
    for index in source.select(where, before=before):
        yield index, dict(summary(index, Event.parse(source.facets(index, RECORD_TAGS)), run=run))


def events(seen: Visible, given: Given) -> Object:
    """The calls that match, newest first."""
    where, notes = _filter(seen, given), list[str]()
    with seen.source() as source:
        resolved = event_list.resolve(source, where, notes.append)
        found = _listed(source, resolved, pages.start(given), run=seen.run is None)
        shown, token = pages.page(found, given)
    return {"events": shown, "next_token": token, "notes": texts(notes)}


def show(seen: Visible, given: Given) -> Object:
    """All that is kept of one call, but its bodies."""
    with seen.source() as source:
        index = find(source, given.needed("event_id"))
        event = Event.parse(source.facets(index))
        found, cut = plain(event_detail.document(event, index, source.entry(index)))
    return {"cut": cut, **(found if isinstance(found, dict) else {})}


def find(source: Reader, event_id: str) -> int:
    """The entry of a call that is shown; what is not shown is not there."""
    try:
        return targets.find(source, event_id)
    except UsageError as error:
        several = "begin with" in str(error)
        hint = "give more of the id" if several else "events lists those that can be seen"
        raise UsageError(str(error), hint=hint) from error


_TAKES: dict[str, Schema] = {
    **TIMES,
    "attribute_key": text("What to look for, as LookupEvents has it.", enum=[*ATTRIBUTES]),
    "attribute_value": text("The value of attribute_key. * stands for any text in names; ReadOnly takes true or false."),
    "region": text("Only calls in this region."),
    "errors_only": flag("Only calls that failed or were refused."),
    **pages.TAKES,
}  # fmt: skip

EVENTS = Tool(
    name="events", title="List recorded AWS calls",
    about="List recorded AWS calls, newest first, a page at a time, in CloudTrail's field names.",
    takes=_TAKES, run=events,
    returns={
        "events": many("Calls: eventID, eventTime, eventSource, eventName, username, errorCode, resources, …; refusedByGuard means that it was not sent."),
        "notes": many("What in the question cannot match anything here.", "string"), **pages.RETURNS,
    },
)  # fmt: skip

LOOKUP_EVENTS = replace(
    EVENTS, name="lookup_events", about="The same as events, under the name that AWS's own CloudTrail server has."
)  # fmt: skip

SHOW = Tool(
    name="show", title="Show one recorded call",
    about="Show one recorded call: CloudTrail's record, who made it, parameters, result or error, the guard's decision.",
    takes={"event_id": text("An event id, or the start of one.")}, required=("event_id",), run=show,
    returns={
        "event": thing("CloudTrail's record of the call."),
        "call": perhaps(thing("The call in few words, with doubts of the decoder.")),
        "request": perhaps(thing("Parameters and headers, without secrets.")),
        "response": perhaps(thing("Result or error, and headers.")),
        "entry": thing("Its place in the log."), "cut": flag("Was something left out because it is long?"),
    },
)  # fmt: skip
