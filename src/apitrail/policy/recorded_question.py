"""A recorded call → the question that guards would have been asked about it.

What was kept is without its secrets, so a pattern that asks for one does not find it.
"""

from __future__ import annotations

from dataclasses import replace

from apitrail.aws.call import Call, Map, Structure
from apitrail.codec import Json, Object
from apitrail.event import Event
from apitrail.policy.guard_question import Question
from apitrail.policy.guarding import Around, question

# DynamoDB's batches have tables for keys.
_MAPS = frozenset({"RequestItems"})

TAGS = ("who", "what", "request")
"""The facets that it rests on."""


def recorded_call(event: Event) -> Call:
    """The call as far as it was kept: its request, and no doubts of its answer."""
    facts, asked = event.call, event.request
    parameters = _parameters(asked.parameters if asked is not None else None)
    return Call(
        service=facts.service,
        operation=facts.operation,
        region=facts.region,
        protocol=facts.protocol,
        parameters=parameters,
        result=_result(event),
        stand_in=event.what is not None and event.what.stand_in,
    )


def recorded_around(event: Event) -> Around:
    """Who made the call, from where and when."""
    who = event.who
    identity: Object = who.identity if who is not None else {}
    user: Object = who.user if who is not None else {}
    record: Object = who.record if who is not None else {}
    session = identity.get("session")
    session = session if isinstance(session, dict) else {}
    http = event.request.http if event.request is not None else None
    run = who.run if who is not None else None
    mfa = session.get("mfa")
    return Around(
        at=event.call.started,
        account=_text(identity.get("account")), arn=_text(identity.get("arn")),
        type=_text(identity.get("type")), principal_id=_text(identity.get("principal_id")),
        user_name=_text(identity.get("user_name")), access_key_id=_text(user.get("accessKeyId")),
        mfa=mfa if isinstance(mfa, bool) else None,
        source_identity=_text(session.get("source_identity")),
        source_ip=_text(record.get("sourceIPAddress")), user_agent=_text(record.get("userAgent")),
        secure=None if http is None or http.scheme is None else http.scheme == "https",
        region=event.call.region, operator=who.operator if who is not None else None,
        labels={} if run is None else {name: str(value) for name, value in run.labels.items()},
    )  # fmt: skip


def touched(event: Event) -> list[str]:
    """The ARNs that the call touches, its answer's too."""
    return [each.arn for each in event.resources if each.arn]


def of_event(event: Event) -> Question | None:
    """What guards would have been asked; None where it was no call to AWS and changed nothing."""
    http = event.request.http if event.request is not None else None
    found = question(
        recorded_call(event),
        recorded_around(event),
        method=None if http is None else http.method,
    )
    if found is None or found.doubt is None or event.what is None or event.what.kept is None:
        return found
    return replace(found, doubt="its parameters were not kept")


def _parameters(kept: Json) -> Structure | None:
    """What was asked. Of maps that name resources by their keys the type was not kept."""
    if not isinstance(kept, dict):
        return None
    found = dict(kept)
    for name in _MAPS & found.keys():
        if isinstance(found[name], dict):
            found[name] = Map(found[name])
    return found


def _result(event: Event) -> Structure | None:
    result = event.response.result if event.response is not None else None
    return dict(result) if isinstance(result, dict) else None


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
