"""What to do about an insight: take the caller's access away, or have a guard refuse such calls."""

from __future__ import annotations

import json
import shlex

from apitrail.codec import Json, Object
from apitrail.event import Event
from apitrail.iam.authorised import actions
from apitrail.policy.kept_call import KeptCall
from apitrail.source import Source
from apitrail.trail.statements import Insight
from apitrail.when import iso


def revoking(source: Source, said: Insight) -> str | None:
    """The command that takes the caller's key, or its role's sessions, away."""
    event = _newest(source, said)
    user = _object(event.record().get("userIdentity")) if event else {}
    key, name = user.get("accessKeyId"), user.get("userName")
    if user.get("type") == "IAMUser" and key and name:
        return shlex.join(
            ("aws", "iam", "update-access-key", "--user-name", str(name), "--access-key-id", str(key),
             "--status", "Inactive")
        )  # fmt: skip
    role = _object(_object(user.get("sessionContext")).get("sessionIssuer")).get("userName")
    if event is None or user.get("type") != "AssumedRole" or not role:
        return None
    # "Revoke IAM role temporary security credentials" of the IAM User Guide.
    until = {"DateLessThan": {"aws:TokenIssueTime": iso(event.call.time or said.time)}}
    denied = {"Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": until}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    return shlex.join(
        ("aws", "iam", "put-role-policy", "--role-name", str(role),
         "--policy-name", "AWSRevokeOlderSessions", "--policy-document", policy)
    )  # fmt: skip


def refusing(source: Source, said: Insight) -> str | None:
    """A guard that lets all pass but what IAM calls the operation, by this caller."""
    if _newest(source, said) is None:
        return None
    kept = KeptCall.parse(source.facets(said.evidence[-1], ("who", "what", "request")))
    asked = actions(kept.call, account=kept.around.account, region=kept.around.region)
    names = sorted({each.name for each in asked if each.known})
    callers = patterns(said.caller)
    if not names or not callers:
        return None
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": names, "Resource": "*", "Condition": {"StringLike": {"aws:PrincipalArn": callers}}},
    ]  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def patterns(caller: str) -> list[str]:
    """The caller as its ARN, and as those of its sessions where it is a role."""
    arn = caller.partition("|")[0]
    if not arn.startswith("arn:"):
        return []
    place, is_role, name = arn.partition(":role/")
    account = place.rpartition(":")[2]
    session = f"{place.split(':iam:')[0]}:sts::{account}:assumed-role/{name.rpartition('/')[2]}/*"
    return [arn, session] if is_role else [arn]


def _newest(source: Source, said: Insight) -> Event | None:
    """The newest call that it rests on, of one caller."""
    if not said.caller or not said.evidence:
        return None
    event = Event.parse(source.facets(said.evidence[-1], ("who", "what", "request")))
    return event if event.what is not None else None


def _object(value: Json) -> Object:
    return value if isinstance(value, dict) else {}
