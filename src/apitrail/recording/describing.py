"""The event of a call: an exchange and its call, redacted, as the facets that are kept.

The request is described when it comes. When its answer is there, only the answer's half is added;
of the request's half only what the answer changes is described anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from apitrail import codec
from apitrail.aws.call import Call
from apitrail.aws.sign.credential import Credential
from apitrail.cloudtrail import access, error_code, parameters, record
from apitrail.cloudtrail.resources import touching
from apitrail.codec import Json, Object
from apitrail.event import (
    FACETS,
    Answered,
    Asked,
    BodyFacts,
    CallFacts,
    Event,
    Fault,
    Http,
    MessagesFacts,
    Resource,
    Run,
    WebSocketFacts,
    What,
    Who,
    dump,
    plain,
)
from apitrail.exchange import Body, Exchange, Passed, Request, Response, WebSocket
from apitrail.identity.identity import Identity
from apitrail.query import Caller as Columns
from apitrail.query import Row
from apitrail.recording.settings import BODY_LIMIT
from apitrail.redact import Redactor
from apitrail.redact.case import Asked as Redacted
from apitrail.redact.cut import cut, limited
from apitrail.redact.keep import Keep, Level
from apitrail.valueclass import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Described:
    """An event, its facets' bytes, and what the answer's half is built on.

    `redacted` and `whole` are None where nothing but the bare call is kept.
    """

    event: Event
    facets: Mapping[str, bytes]
    level: Level
    identity: Identity
    redacted: Redacted | None = None
    whole: Event | None = None
    touched: tuple[touching.Resource, ...] = ()
    caller: _Caller | None = None

    @property
    def row(self) -> Row:
        """What of the event is searchable; raises FormatError."""
        known = self.caller
        same = known is not None and self.event.who is known.who
        return self.event.row(known.columns if known is not None and same else None)


@valueclass(frozen=True, slots=True)
class _Caller:
    """Who made calls, as a facet says it: the same for all calls of a client."""

    who: Who
    facet: bytes
    columns: Columns


class _Run:
    """A run as it is given, told from others by its identity."""

    __slots__ = ("fields",)

    def __init__(self, fields: Object) -> None:
        self.fields = fields

    def __hash__(self) -> int:
        return id(self.fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Run) and other.fields is self.fields


@valueclass(frozen=True, slots=True)
class Describer:
    """Describes calls: without their secrets, cut down to what `keep` wants.

    Of a body that was decoded whole, `limit` bytes are kept.
    """

    redactor: Redactor
    keep: Keep
    limit: int = BODY_LIMIT

    def describe(
        self,
        exchange: Exchange,
        call: Call,
        credential: Credential,
        identity: Identity,
        *,
        run: Object | None = None,
        operator: str | None = None,
        learned: tuple[Object, ...] = (),
        decision: Object | None = None,
        before: Described | None = None,
    ) -> Described:
        """The event of a call. `before` is what was described of the request alone.

        `decision` is what the guards said of it.
        """
        level = self.keep.level(call.service, call.operation, identity.arn)
        account = identity.account or credential.account
        if level is Level.NONE:
            bare = _decided(_bare(exchange, call, credential, account), decision)
            who = _who(self.redactor, identity, run, operator, None)
            event = cut(replace(bare, who=who), level)
            return Described(event=event, facets=event.facets(), level=level, identity=identity)
        redacted: Redacted | None
        long = exchange.request.body.length > self.limit
        if long:
            before = None  # a value that is cut is not the value that was redacted
        safe, safe_call, redacted = self.redactor.halves(
            exchange, call, before.redacted if before else None
        )
        if call.other is not None:
            # What either reading takes for a secret is redacted in both.
            safe, other = self.redactor.both(safe, call.other)
            safe_call, redacted = replace(safe_call, other=other), None
        safe, safe_call = limited(safe, safe_call, self.limit)
        touched = _touched(safe_call, account, credential, before)
        caller = _caller_before(identity, before) or self._caller(safe, identity, run, operator)
        whole = Event(
            who=caller.who,
            what=_what(safe, safe_call, credential, account, touched, decision),
            request=_asked(safe, safe_call, before),
            response=_answered(safe, safe_call, credential),
            request_body=safe.request.body.data or None,
            response_body=(safe.response.body.data or None) if safe.response else None,
            learned=tuple([self._told(each) for each in learned]),
        )
        event = cut(whole, level)
        known = {"who": (caller.who, caller.facet)}
        if before is not None:
            # Only what changed since the intent is written again.
            facets = before.facets
            known |= {
                tag: (getattr(before.event, tag), facets[tag]) for tag in FACETS if tag in facets
            }
        return Described(
            event=event, facets=event.facets(known), level=level, identity=identity,
            redacted=redacted, whole=whole, touched=tuple(touched), caller=caller,
        )  # fmt: skip

    def _caller(
        self, exchange: Exchange, identity: Identity, run: Object | None, operator: str | None
    ) -> _Caller:
        agent = exchange.request.header("user-agent")
        ask = _known_caller if agent is None or len(agent) <= _USUAL else _told_caller
        known = None if run is None else _Run(run)
        return ask(self.redactor, identity, known, operator, exchange.client, agent)

    def _told(self, fields: Object) -> Object:
        return {name: self.redactor.texts(value) for name, value in fields.items()}


_USUAL = 512
"""Characters of a client's name for itself up to which it is remembered."""


def _told_caller(
    redactor: Redactor,
    identity: Identity,
    run: _Run | None,
    operator: str | None,
    client: str,
    agent: str | None,
) -> _Caller:
    """Who made a call, with what is written of it."""
    given = None if run is None else run.fields
    who = _who(redactor, identity, given, operator, (client, agent))
    return _Caller(who, dump(codec.encode(who)), who.columns)


_known_caller = lru_cache(maxsize=1024)(_told_caller)


def _who(
    redactor: Redactor,
    identity: Identity,
    run: Object | None,
    operator: str | None,
    client: tuple[str, str | None] | None,
) -> Who:
    """`client` is where a call came from, and its program's name."""
    user, known = _named(redactor, identity)
    return Who(
        record=record.caller(user, *client) if client else {"userIdentity": user},
        identity=known,
        run=codec.decode(Run, run) if run is not None else None,
        operator=operator,
    )


@lru_cache(maxsize=1024)
def _named(redactor: Redactor, identity: Identity) -> tuple[dict[str, Json], Object]:
    """CloudTrail's userIdentity and ours; names may hold secrets as any text may (`token=…`)."""
    user = {name: redactor.texts(each) for name, each in identity.user_identity().items()}
    encoded = codec.encode(identity)
    return user, {name: redactor.texts(each) for name, each in encoded.items()}


def _touched(
    call: Call, account: str | None, credential: Credential, before: Described | None
) -> list[touching.Resource]:
    """What a call touches; a read's answer adds nothing but what stands at its top, an empty one nothing."""
    if (
        before is not None
        and before.redacted is not None
        and call.parameters is not None
        and call.parameters is before.redacted.safe_parameters
        and account == (before.identity.account or credential.account)
        and (not call.result or (access.read_only(call) and not touching.own_answer(call)))
    ):
        return list(before.touched)
    return touching.resources(call, account=account, region=credential.region)


def _caller_before(identity: Identity, before: Described | None) -> _Caller | None:
    """Who made the call, as the request's half said it, unless the answer told another."""
    if before is None:
        return None
    same = identity is before.identity or identity == before.identity
    return before.caller if same else None


def _what(
    exchange: Exchange,
    call: Call,
    credential: Credential,
    account: str | None,
    touched: list[touching.Resource],
    decision: Object | None,
) -> What:
    # Doubts about the credential are doubts about the call.
    doubted = call
    if credential.problems:
        doubted = replace(call, problems=(*call.problems, *credential.problems))
    what = What(
        record=record.head(exchange, call, credential, account=account)
        | record.details(exchange, call, touched),
        call=_facts(exchange, doubted),
        resources=tuple([_resource(item) for item in touched]),
        undetermined=touching.undetermined(call, touched),
        stand_in=call.stand_in,
    )
    if decision is None:
        return what
    what = replace(what, decision=decision)
    # What never left has touched nothing.
    return replace(what, undetermined=False) if what.withheld else what


def _asked(exchange: Exchange, call: Call, before: Described | None) -> Asked:
    told = parameters.request_parameters(exchange, call) if _may_differ(call, before) else None
    if before is not None and before.whole is not None and before.redacted is not None:
        asked = before.whole.request
        assert asked is not None
        if exchange.request is before.redacted.safe_request:
            if not _may_differ(call, before) or asked.record == {"requestParameters": told}:
                return asked
            return replace(asked, record={"requestParameters": told})
    return Asked(
        record={"requestParameters": told or parameters.request_parameters(exchange, call)},
        parameters=plain(call.parameters),
        http=_request(exchange.request),
    )


def _may_differ(call: Call, before: Described | None) -> bool:
    """Does CloudTrail tell the parameters of a refused call otherwise?"""
    return before is None or call.error is not None


def _answered(exchange: Exchange, call: Call, credential: Credential) -> Answered:
    return Answered(
        record=record.answer(exchange, call, credential),
        result=plain(call.result),
        error=_fault(call),
        http=_response(exchange.response) if exchange.response else None,
        failure=exchange.failure,
        websocket=_websocket(exchange.websocket) if exchange.websocket else None,
    )


def _websocket(seen: WebSocket) -> WebSocketFacts:
    by = None if seen.by_client is None else "client" if seen.by_client else "server"
    return WebSocketFacts(
        sent=_messages(seen.sent), received=_messages(seen.received), code=seen.code, closed_by=by
    )


def _messages(passed: Passed) -> MessagesFacts:
    return MessagesFacts(messages=passed.messages, length=passed.length, hmac=passed.sha256.hex())


def _bare(exchange: Exchange, call: Call, credential: Credential, account: str | None) -> Event:
    """That a call happened (`Level.NONE`). Which resources it touched is not told."""
    return Event(
        what=What(
            record=record.head(exchange, call, credential, account=account),
            call=_facts(exchange, call),
            stand_in=call.stand_in,
        ),
    )


def _decided(event: Event, decision: Object | None) -> Event:
    what = event.what
    return (
        event
        if decision is None or not what
        else replace(event, what=replace(what, decision=decision))
    )


def _resource(resource: touching.Resource) -> Resource:
    return Resource(arn=resource.arn or "", type=resource.type or "", name=resource.name or "")


def _error(exchange: Exchange, call: Call) -> str | None:
    """The code the call is found under."""
    status = exchange.response.status if exchange.response else None
    code = error_code.error_code(call, status)
    if code is None and exchange.response is None and exchange.failure is not None:
        return "NoResponse"
    return code


def _facts(exchange: Exchange, call: Call) -> CallFacts:
    return CallFacts(
        service=call.service,
        operation=call.operation,
        region=call.region,
        protocol=call.protocol,
        started=exchange.started,
        ended=exchange.ended,
        status=exchange.response.status if exchange.response else None,
        error=_error(exchange, call),
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
