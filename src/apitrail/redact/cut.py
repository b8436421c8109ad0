"""An event cut down to what the policy keeps of it; `keep.Level` says what each level keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from apitrail.aws.call import Blob, Call, Redacted, Structure
from apitrail.codec import Object
from apitrail.event import Answered, Asked, BodyFacts, CallFacts, Event, Fault, Http, What, Who
from apitrail.exchange import Body, Exchange
from apitrail.redact.keep import Level

# Values up to this length stay as they are, even where a body is cut.
_SHORT = 4096

# Level.NONE: what is left of the record, of the call and of who made it.
BARE_RECORD = (
    "eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "errorCode", "eventID",
    "readOnly", "eventType", "managementEvent", "eventCategory", "recipientAccountId",
)  # fmt: skip
BARE_CALLER = ("type", "arn", "accountId", "accessKeyId")
BARE_IDENTITY = ("type", "access_key_id", "account", "arn", "known", "signature")


def cut(event: Event, level: Level) -> Event:
    """What `level` keeps of an event; what was cut says so in its `what`."""
    if level is Level.FULL:
        return event
    what = replace(event.what or What(), kept=level.name.lower())
    response = event.response or Answered()
    if level is Level.REQUEST:
        return replace(event, what=what, response=_unanswered(response), response_body=None)
    asked = event.request or Asked()
    event = replace(
        event,
        # The decoder's doubts quote the values they are about.
        what=replace(what, call=replace(what.call, problems=())),
        request=Asked(http=_lengths(asked.http)),
        response=Answered(
            http=_lengths(response.http), error=_fault(response.error), failure=response.failure
        ),
        request_body=None,
        response_body=None,
    )
    return event if level is Level.METADATA else _bare(event)


def limited(exchange: Exchange, call: Call, limit: int) -> tuple[Exchange, Call]:
    """Both with `limit` bytes of each body, which may have been decoded whole.

    Of a body that is longer, a value that takes a quarter of the limit or more is told by its
    length and digest.
    """
    asked, answered = exchange.request, exchange.response
    if asked.body.length > limit:
        exchange = replace(exchange, request=replace(asked, body=_first(asked.body, limit)))
        call = replace(call, parameters=_short(call.parameters, limit))
    if answered is not None and answered.body.length > limit:
        exchange = replace(exchange, response=replace(answered, body=_first(answered.body, limit)))
        call = replace(call, result=_short(call.result, limit))
    return exchange, call


def _first(body: Body, limit: int) -> Body:
    return body if len(body.data) <= limit else replace(body, data=body.data[:limit])


def _short(values: Structure | None, limit: int) -> Structure | None:
    if values is None:
        return None
    long = max(limit // 4, _SHORT)
    return {name: _told(value, long) for name, value in values.items()}


def _told(value: Any, long: int) -> Any:
    match value:
        case Redacted():
            return value
        case str() | bytes() if len(value) >= long:
            data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
            return Blob(length=len(data), sha256=hashlib.sha256(data).digest())
        case dict():
            return type(value)((name, _told(item, long)) for name, item in value.items())
        case list():
            return [_told(item, long) for item in value]
        case _:
            return value


def _unanswered(response: Answered) -> Answered:
    """A response without its result: what went wrong, and the headers."""
    http = response.http
    return Answered(
        record=_only(response.record, ("errorMessage",)),
        error=response.error,
        failure=response.failure,
        http=http and replace(http, body=BodyFacts(length=http.body.length)),
    )


def _lengths(message: Http | None) -> Http:
    """No target, as it may hold parameters, and no headers."""
    if message is None:
        return Http()
    return Http(
        method=message.method,
        scheme=message.scheme,
        status=message.status,
        version=message.version,
        body=BodyFacts(length=message.body.length),
    )


def _fault(fault: Fault | None) -> Fault | None:
    return fault and replace(fault, message=None, rest={})


def _bare(event: Event) -> Event:
    what, who = event.what or What(), event.who or Who(record={})
    return Event(
        who=Who(
            record={"userIdentity": _only(who.user, BARE_CALLER)},
            identity=_only(who.identity, BARE_IDENTITY),
            run=who.run,
            operator=who.operator,
        ),
        what=What(
            record=_only(what.record, BARE_RECORD),
            call=_bare_call(what.call),
            # The resources are not kept, so it may have touched any.
            undetermined=not (what.stand_in or what.withheld),
            stand_in=what.stand_in,
            kept=what.kept,
            decision=what.decision,
        ),
    )


def _bare_call(call: CallFacts) -> CallFacts:
    return CallFacts(
        service=call.service,
        operation=call.operation,
        region=call.region,
        started=call.started,
        ended=call.ended,
        status=call.status,
        error=call.error,
        failure=call.failure,
    )


def _only(fields: Object, names: Iterable[str]) -> Object:
    return {name: fields[name] for name in names if name in fields}
