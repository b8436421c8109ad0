"""Call → the question that guards are asked about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime

from apitrail.aws.call import Call
from apitrail.cloudtrail.resources import touching
from apitrail.iam.action import Action
from apitrail.iam.authorised import actions
from apitrail.identity.identity import Identity
from apitrail.policy.guard_question import Question
from apitrail.valueclass import valueclass

# Methods of requests about a stand-in itself that only look.
_LOOKS = frozenset({"GET", "HEAD"})


@valueclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known of a call beside the call: who, from where, when. None is "not known".

    `at` is Unix milliseconds, `region` the signature's.
    """

    at: int | None = None
    account: str | None = None
    arn: str | None = None
    type: str | None = None
    principal_id: str | None = None
    user_name: str | None = None
    access_key_id: str | None = None
    mfa: bool | None = None
    source_identity: str | None = None
    source_ip: str | None = None
    user_agent: str | None = None
    secure: bool | None = None
    region: str | None = None
    operator: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def identified(cls, identity: Identity, **others: object) -> Around:
        """The caller as `identity` knows them."""
        session = identity.session
        return cls(
            account=identity.account, arn=identity.arn, type=identity.type,
            principal_id=identity.principal_id, user_name=identity.user_name,
            access_key_id=identity.access_key_id,
            mfa=session.mfa if session else None,
            source_identity=session.source_identity if session else None,
            **others,  # type: ignore[arg-type]  # fields of this class
        )  # fmt: skip


def question(
    call: Call,
    around: Around,
    *,
    method: str | None = None,
    known: Sequence[Action] | None = None,
) -> Question | None:
    """What guards are asked about a call; None where it is no call to AWS and changes nothing.

    `known` are the actions that it asks for, where they were found out before.
    """
    if call.stand_in and method in _LOOKS:
        return None
    who = around.arn or around.access_key_id or "anonymous"
    doubt = _doubt(call)
    if doubt is not None:
        return Question(doubt=doubt, who=who)
    found = _asked(call, around) if known is None else known
    if any(len(each.resources or ()) >= touching.MOST for each in found):
        return Question(doubt="it names more resources than can be told", who=who)
    keys, unknown = _keys(call, around)
    return Question(actions=tuple(found), keys=keys, unknown=unknown, who=who)


def _asked(call: Call, around: Around) -> list[Action]:
    """What each reading of a call asks for."""
    readings = [call] if call.other is None else [replace(call, other=None), call.other]
    return [
        action
        for reading in readings
        for action in actions(reading, account=around.account, region=around.region)
    ]


def _doubt(call: Call) -> str | None:
    """Why nobody can say what a call does."""
    if call.stand_in:
        return "it is about the stand-in itself and may change it"
    if call.ambiguous:
        return call.ambiguous[0]
    if call.service is None or call.operation is None:
        return "which operation it is cannot be told"
    if call.parameters is None:
        return "its parameters cannot be told"
    return call.doubts_asked[0] if call.doubts_asked else None


def _keys(call: Call, around: Around) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """The keys of the call as a whole, and those whose values nobody here knows."""
    time = None if around.at is None else datetime.fromtimestamp(around.at / 1000, UTC)
    region = call.region or around.region
    # What every call has, so that it is unknown where it is not told.
    had = {
        "aws:currenttime": None if time is None else time.isoformat(),
        "aws:epochtime": None if around.at is None else str(around.at // 1000),
        "aws:principalaccount": around.account,
        "aws:principalarn": around.arn,
        "aws:principaltype": around.type,
        "aws:requestedregion": region,
        "aws:securetransport": None if around.secure is None else str(around.secure).lower(),
        "aws:sourceip": around.source_ip,
        "aws:multifactorauthpresent": None if around.mfa is None else str(around.mfa).lower(),
    }
    # What a call may have or not.
    may = {
        "aws:sourceidentity": around.source_identity,
        "aws:useragent": around.user_agent,
        "aws:userid": around.principal_id,
        "aws:username": around.user_name,
        "apitrail:operation": call.operation,
        "apitrail:operator": around.operator,
        "apitrail:service": call.service,
    }
    labels = {f"apitrail:label/{name.lower()}": value for name, value in around.labels.items()}
    told = {**had, **may, **labels}
    keys: dict[str, tuple[str, ...]] = {
        name: (str(value),) for name, value in told.items() if value is not None
    }
    unknown = {name for name, value in had.items() if value is None}
    if around.arn is None:
        unknown |= {"aws:userid", "aws:username", "aws:sourceidentity"} - keys.keys()
    return keys, frozenset(unknown)
