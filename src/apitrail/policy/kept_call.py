"""A recorded call as guards and policies need it, read off its facets without more than that.

A trail may have millions. What was kept is without its secrets, so a pattern that asks for one does not
find it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from itertools import batched

import orjson

from apitrail.aws.call import Call, Error, Map, Structure
from apitrail.codec import Json, Object
from apitrail.event import RECORD_TAGS, WITHHOLDING
from apitrail.iam.action import Action
from apitrail.iam.authorised import actions
from apitrail.policy.alike import object_of
from apitrail.policy.guarding import Around
from apitrail.policy.weighed import answered, weighed
from apitrail.query import Filter
from apitrail.remembered import Bounded
from apitrail.source import Source
from apitrail.valueclass import valueclass

# DynamoDB's batches have tables for keys.
_MAPS = frozenset({"RequestItems"})
_NOTHING: Object = {}


@valueclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """What was kept of a call.

    `touched` are the ARNs that it touches, its answer's too. `result` is None unless the answer was read.
    `withheld` says that a guard refused it, `cut` that not all of it was kept. `length` is of its body;
    `headers` are its answer's, names in lower case, where the answer was read.
    """

    call: Call
    around: Around
    event_id: str
    method: str | None = None
    run: str | None = None
    error: str | None = None
    withheld: bool = False
    cut: bool = False
    touched: tuple[str, ...] = field(default=())
    length: int | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def answered(self) -> Call:
        """The call with its refusal, where it was refused."""
        return self.call if self.error is None else replace(self.call, error=Error(code=self.error))

    @classmethod
    def parse(cls, facets: Mapping[str, bytes]) -> KeptCall:
        """The call in these facets: `what`, and as far as they are there `who`, `request`, `response`.

        Raises:
            FormatError: one of them is no JSON object.
        """
        read = {tag: object_of(facets[tag]) for tag in RECORD_TAGS if tag in facets}
        what, asked = read.get("what", _NOTHING), read.get("request", _NOTHING)
        facts, who = _object(what.get("call")), read.get("who", _NOTHING)
        http, run = _object(asked.get("http")), _object(who.get("run"))
        result = read.get("response", _NOTHING).get("result")
        return cls(
            call=Call(
                service=_text(facts.get("service")),
                operation=_text(facts.get("operation")),
                region=_text(facts.get("region")),
                protocol=_text(facts.get("protocol")),
                parameters=_parameters(asked.get("parameters")),
                result=result if isinstance(result, dict) else None,
                stand_in=what.get("standIn") is True,
            ),
            around=_around(who, facts, run, http),
            event_id=str(_object(what.get("record")).get("eventID")),
            method=_text(http.get("method")),
            run=_text(run.get("id")),
            error=_text(facts.get("error")),
            withheld=_object(what.get("decision")).get("effect") in WITHHOLDING,
            cut=what.get("kept") is not None,
            touched=tuple(_arns(what.get("resources"))),
            length=_whole(_object(http.get("body")).get("length")),
            headers=_headers(_object(read.get("response", _NOTHING).get("http")).get("headers")),
        )  # fmt: skip


ASKED = ("who", "what", "request")
"""The facets that it takes to ask a guard."""
TOGETHER = 256
"""Calls that are read at once."""


def calls(
    source: Source, where: Filter, tags: tuple[str, ...], start: int = 0
) -> Iterator[tuple[int, KeptCall]]:
    """Index and call of each that matches from entry `start` on, oldest first; facets of these tags
    are read."""
    for index, facets in contents(source, where, tags, start):
        yield index, KeptCall.parse(facets)


def contents(
    source: Source, where: Filter, tags: tuple[str, ...], start: int = 0
) -> Iterator[tuple[int, Mapping[str, bytes]]]:
    """Index and facets of each that matches from entry `start` on, oldest first."""
    chosen = source.select(where, after=start - 1, ascending=True)
    for some in batched(chosen, TOGETHER, strict=False):
        found = dict(source.many(some, tags))
        for index in some:
            yield index, found.get(index, {})


class Memory:
    """What calls asked for, by their parameters: a trail has many that are alike."""

    def __init__(self) -> None:
        self._known = Bounded[object, list[Action]](_REMEMBERED)

    def actions(self, kept: KeptCall) -> list[Action]:
        """What IAM would authorise for a call; see `authorised.actions`."""
        call, around = kept.call, kept.around
        asked = call.parameters
        touched = kept.touched if asked is None else None
        key = (
            call.service, call.operation, call.region, around.account, touched,
            _written(None if asked is None else weighed(call.service, asked)),
            _written(answered(call.result)),
        )  # fmt: skip
        found = self._known.get(key)
        if found is None:
            asks = actions(call, account=around.account, region=around.region, touched=touched)
            found = self._known.keep(key, asks)
        return found


_REMEMBERED = 50_000


def _written(values: Object | None) -> bytes | None:
    return None if values is None else orjson.dumps(values, default=str)


def _around(who: Object, facts: Object, run: Object, http: Object) -> Around:
    record, identity = _object(who.get("record")), _object(who.get("identity"))
    session, at = _object(identity.get("session")), facts.get("started")
    mfa, scheme = session.get("mfa"), http.get("scheme")
    return Around(
        at=at if type(at) is int else None,
        account=_text(identity.get("account")),
        arn=_text(identity.get("arn")),
        type=_text(identity.get("type")),
        principal_id=_text(identity.get("principal_id")),
        user_name=_text(identity.get("user_name")),
        access_key_id=_text(_object(record.get("userIdentity")).get("accessKeyId")),
        mfa=mfa if isinstance(mfa, bool) else None,
        source_identity=_text(session.get("source_identity")),
        source_ip=_text(record.get("sourceIPAddress")),
        user_agent=_text(record.get("userAgent")),
        secure=None if scheme is None else scheme == "https",
        region=_text(facts.get("region")),
        operator=_text(who.get("operator")),
        labels={name: str(value) for name, value in _object(run.get("labels")).items()},
    )


def _parameters(kept: Json) -> Structure | None:
    """What was asked. Of maps that name resources by their keys the type was not kept."""
    if not isinstance(kept, dict):
        return None
    for name in _MAPS & kept.keys():
        if isinstance(kept[name], dict):
            kept[name] = Map(kept[name])
    return kept


def _arns(resources: Json) -> Iterator[str]:
    for each in resources if isinstance(resources, list) else ():
        arn = each.get("arn") if isinstance(each, dict) else None
        if isinstance(arn, str) and arn:
            yield arn


def _whole(value: Json) -> int | None:
    return value if type(value) is int else None


def _headers(value: Json) -> tuple[tuple[str, str], ...]:
    pairs = value if isinstance(value, list) else ()
    return tuple(
        [
            (str(pair[0]).lower(), str(pair[1]))
            for pair in pairs
            if isinstance(pair, list) and len(pair) == 2
        ]
    )


def _object(value: Json) -> Object:
    return value if isinstance(value, dict) else _NOTHING


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
