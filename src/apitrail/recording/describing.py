"""The event of a call: an exchange and its call, redacted, as the facets that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apitrail.aws.call import Call
from apitrail.codec import Json, Object
from apitrail.event import (
    REQUEST_FIELDS,
    RESPONSE_FIELDS,
    WHO_FIELDS,
    Answered,
    Asked,
    BodyFacts,
    CallFacts,
    Event,
    Fault,
    Http,
    Resource,
    Run,
    What,
    Who,
    plain,
)
from apitrail.exchange import Body, Exchange, Request, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What was found out about a call besides its exchange; all of it already redacted.

    `record` is the CloudTrail record; `error` is the code the call is found under;
    `undetermined` says that its resources could not be told.
    """

    record: Mapping[str, Json]
    identity: Object
    resources: tuple[Resource, ...] = ()
    undetermined: bool = False
    error: str | None = None
    run: Run | None = None
    learned: tuple[Object, ...] = ()


def describe(exchange: Exchange, call: Call, about: Description) -> Event:
    """The event of an exchange, decoded and redacted."""
    record = dict(about.record)
    who = {name: record.pop(name) for name in WHO_FIELDS if name in record}
    asked = {name: record.pop(name) for name in REQUEST_FIELDS if name in record}
    answered = {name: record.pop(name) for name in RESPONSE_FIELDS if name in record}
    answer = exchange.response
    return Event(
        who=Who(record=who, identity=about.identity, run=about.run),
        what=What(
            record=record,
            call=_facts(exchange, call, about),
            resources=about.resources,
            undetermined=about.undetermined,
            stand_in=call.stand_in,
        ),
        request=Asked(
            record=asked, parameters=plain(call.parameters), http=_request(exchange.request)
        ),
        response=Answered(
            record=answered,
            result=plain(call.result),
            error=_fault(call),
            http=_response(answer) if answer else None,
            failure=exchange.failure,
        ),
        request_body=exchange.request.body.data or None,
        response_body=(answer.body.data or None) if answer else None,
        learned=about.learned,
    )


def _facts(exchange: Exchange, call: Call, about: Description) -> CallFacts:
    return CallFacts(
        service=call.service,
        operation=call.operation,
        region=call.region,
        protocol=call.protocol,
        started=exchange.started,
        ended=exchange.ended,
        status=exchange.response.status if exchange.response else None,
        error=about.error,
        failure=exchange.failure,
        upstream=exchange.upstream,
        problems=call.problems,
    )


def _fault(call: Call) -> Fault | None:
    error = call.error
    if error is None:
        return None
    return Fault(code=error.code, message=error.message, shape=error.shape)


def _request(request: Request) -> Http:
    return Http(
        method=request.method,
        scheme=request.scheme,
        host=request.host,
        target=request.target,
        version=request.http_version,
        headers=request.headers,
        trailers=request.trailers,
        body=_body(request.body),
    )


def _response(response: Response) -> Http:
    return Http(
        status=response.status,
        version=response.http_version,
        headers=response.headers,
        trailers=response.trailers,
        body=_body(response.body),
    )


def _body(body: Body) -> BodyFacts:
    digest = body.sha256.hex()
    return BodyFacts(
        length=body.length,
        sha256=None if body.redacted else digest,
        hmac=digest if body.redacted else None,
        kept=len(body.data),
    )
