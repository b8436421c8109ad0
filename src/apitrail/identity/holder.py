"""Who holds a key that an operation shows: one function for each way AWS has of telling.

It does not know which operations there are, nor where in their results the key is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from apitrail.aws.arn import Arn
from apitrail.aws.call import Path, Redacted
from apitrail.identity.identity import Identity, Issuer, Session
from apitrail.identity.principal_arn import principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One call with its caller, and the part of its result that a rule looks at."""

    parameters: Mapping[str, Any]
    result: Mapping[str, Any]
    item: Mapping[str, Any]
    caller: Identity
    at: int

    def asked(self, *path: str) -> str | None:
        """A text in the parameters."""
        return _text(self.parameters, path)

    def told(self, *path: str) -> str | None:
        """A text in the result."""
        return _text(self.result, path)

    def field(self, *path: str) -> str | None:
        """A text in the item."""
        return _text(self.item, path)


type Teach = Callable[[Lesson], Identity | None]


def _text(value: Any, path: Path) -> str | None:
    for member in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(member)
    # A redacted key teaches nothing; redaction comes after learning.
    return value if isinstance(value, str) and value and not isinstance(value, Redacted) else None


def same(lesson: Lesson) -> Identity:
    """The caller itself under another key."""
    caller = lesson.caller
    session = caller.session or Session()
    return replace(
        caller,
        assumed_by=caller.link(),
        session=replace(session, created=lesson.at),
    )


def session_token(lesson: Lesson) -> Identity:
    identity = same(lesson)
    assert identity.session is not None
    mfa = lesson.asked("SerialNumber") is not None
    return replace(identity, session=replace(identity.session, mfa=mfa))


def _role_session(
    lesson: Lesson, *, arn: str | None, role: str | None, unique_id: str | None
) -> Identity:
    """A session of a role; who asked for it is its link to what came before."""
    named = principal(arn)
    issued = principal(role)
    account = (named or issued or Identity()).account
    issuer = Issuer(
        type="Role",
        arn=role,
        account=account,
        principal_id=unique_id.partition(":")[0] if unique_id else None,
        user_name=issued.user_name if issued else None,
    )
    if role is None and named is not None and named.session and named.session.issuer:
        issuer = replace(named.session.issuer, principal_id=issuer.principal_id)
    return Identity(
        type="AssumedRole",
        arn=arn,
        account=account,
        principal_id=unique_id,
        session=Session(issuer=issuer, created=lesson.at),
        assumed_by=lesson.caller.link(),
    )


def assumed_role(lesson: Lesson) -> Identity:
    identity = _role_session(
        lesson,
        arn=lesson.told("AssumedRoleUser", "Arn"),
        role=lesson.asked("RoleArn"),
        unique_id=lesson.told("AssumedRoleUser", "AssumedRoleId"),
    )
    assert identity.session is not None
    # A source identity stays with every session that is assumed from it (STS API reference).
    inherited = lesson.caller.session.source_identity if lesson.caller.session else None
    source = lesson.told("SourceIdentity") or lesson.asked("SourceIdentity") or inherited
    mfa = lesson.asked("SerialNumber") is not None
    return replace(identity, session=replace(identity.session, source_identity=source, mfa=mfa))


def anywhere(lesson: Lesson) -> Identity | None:
    """IAM Roles Anywhere's session (`CreateSession`), for whoever holds a certificate."""
    sets = lesson.result.get("credentialSet")
    given = next(
        (
            each
            for each in (sets if isinstance(sets, list) else ())
            if isinstance(each, Mapping) and each.get("credentials") is lesson.item
        ),
        {},
    )
    arn = _text(given, ("assumedRoleUser", "arn"))
    if arn is None:
        return None
    identity = _role_session(
        lesson,
        arn=arn,
        role=_text(given, ("roleArn",)) or lesson.asked("roleArn"),
        unique_id=_text(given, ("assumedRoleUser", "assumedRoleId")),
    )
    assert identity.session is not None
    source = _text(given, ("sourceIdentity",))
    return replace(identity, session=replace(identity.session, source_identity=source))


def federated_role(lesson: Lesson) -> Identity:
    identity = assumed_role(lesson)
    assert identity.session is not None
    provider = lesson.told("Provider")
    session = replace(identity.session, mfa=False, federated_provider=provider)
    return replace(identity, session=session)


def assumed_root(lesson: Lesson) -> Identity | None:
    target = lesson.asked("TargetPrincipal") or ""
    named = Arn.parse(target)
    account = named.owner if named else target if target.isdigit() else None
    if account is None:
        return None
    arn = str(named or Arn(service="iam", account=account, resource="root"))
    return Identity(
        type="Root",
        arn=arn,
        account=account,
        principal_id=account,
        session=Session(
            issuer=Issuer(type="Root", arn=arn, account=account, principal_id=account),
            created=lesson.at,
            assumed_root=True,
            scope=_text(lesson.parameters.get("TaskPolicyArn"), ("arn",)),
        ),
        assumed_by=lesson.caller.link(),
    )


def federated_user(lesson: Lesson) -> Identity | None:
    arn = lesson.told("FederatedUser", "Arn")
    named = principal(arn)
    if named is None:
        return None
    caller = lesson.caller
    issuer = Issuer(
        type=caller.type or "IAMUser",
        arn=caller.arn,
        account=caller.account,
        principal_id=caller.principal_id,
        user_name=caller.user_name,
    )
    return replace(
        named,
        principal_id=lesson.told("FederatedUser", "FederatedUserId") or named.principal_id,
        session=Session(issuer=issuer, created=lesson.at, mfa=False),
        assumed_by=caller.link(),
    )


def delegated(lesson: Lesson) -> Identity | None:
    arn = lesson.told("AssumedPrincipal")
    named = principal(arn)
    if named is None:
        return None
    session = replace(named.session or Session(), created=lesson.at)
    return replace(named, session=session, assumed_by=lesson.caller.link())


def caller_identity(lesson: Lesson) -> Identity | None:
    """AWS's own answer to "who am I"; what is known of the session stays."""
    arn, account = lesson.told("Arn"), lesson.told("Account")
    if arn is None or account is None:
        return None
    named = principal(arn) or Identity(arn=arn)
    caller = lesson.caller
    same = caller.arn in (None, arn)
    return replace(
        named,
        account=account,
        principal_id=lesson.told("UserId") or named.principal_id,
        session=(caller.session if same and caller.session else named.session),
        assumed_by=caller.assumed_by if same else (),
    )


def key_info(lesson: Lesson) -> Identity | None:
    account = lesson.told("Account")
    return Identity(account=account) if account else None


def key_of_user(lesson: Lesson) -> Identity | None:
    """A long-term key of an IAM user in the caller's account."""
    name = lesson.field("UserName") or lesson.told("UserName") or lesson.asked("UserName")
    caller = lesson.caller
    if name is None:
        # Without a name IAM means the user that signs; root has no name.
        return replace(caller, session=None, assumed_by=()) if caller.arn else None
    if caller.type == "IAMUser" and caller.user_name == name:
        return replace(caller, session=None, assumed_by=())
    return Identity(type="IAMUser", account=caller.account, user_name=name)


def user(lesson: Lesson) -> Identity | None:
    arn = lesson.field("Arn")
    named = principal(arn)
    return replace(named, principal_id=lesson.field("UserId")) if named else None


def own_user(lesson: Lesson) -> Identity | None:
    """GetUser without a name answers about the key that signed it."""
    if lesson.asked("UserName") is not None:
        return None
    named = user(lesson)
    session, chain = lesson.caller.session, lesson.caller.assumed_by
    return replace(named, session=session, assumed_by=chain) if named else None


def role(lesson: Lesson) -> Identity | None:
    arn = lesson.field("Arn")
    named = principal(arn)
    return replace(named, principal_id=lesson.field("RoleId")) if named else None


def sso_role(lesson: Lesson) -> Identity:
    """A permission set's session: the role's name ends in letters that nobody tells."""
    account, name = lesson.asked("accountId"), lesson.asked("roleName")
    issuer = Issuer(type="Role", account=account)
    scope = f"permission set {name}" if name else None
    return Identity(
        type="AssumedRole",
        account=account,
        session=Session(issuer=issuer, created=lesson.at, scope=scope),
        assumed_by=lesson.caller.link(),
    )


def tenant_role(lesson: Lesson) -> Identity:
    role, name = lesson.asked("roleArn"), lesson.asked("sessionName")
    issuer, issued = Arn.parse(role or ""), principal(role)
    arn = None
    if issuer and issued and name:
        session = f"assumed-role/{issued.user_name}/{name}"
        arn = str(replace(issuer, service="sts", resource=session))
    return _role_session(lesson, arn=arn, role=role, unique_id=None)


def cognito(lesson: Lesson) -> Identity:
    identity = _role_session(lesson, arn=None, role=lesson.asked("CustomRoleArn"), unique_id=None)
    assert identity.session is not None
    identity_id = lesson.told("IdentityId") or lesson.asked("IdentityId")
    pairs = (("cognito-identity.amazonaws.com:sub", identity_id),) if identity_id else ()
    session = replace(
        identity.session,
        federated_provider="cognito-identity.amazonaws.com",
        federation=pairs,
    )
    return replace(identity, session=session)


def pod(lesson: Lesson) -> Identity:
    identity = _role_session(
        lesson,
        arn=lesson.told("assumedRoleUser", "arn"),
        role=None,
        unique_id=lesson.told("assumedRoleUser", "assumeRoleId"),
    )
    assert identity.session is not None
    place = (
        lesson.asked("clusterName"),
        lesson.told("subject", "namespace"),
        lesson.told("subject", "serviceAccount"),
    )
    scope = "/".join(part for part in place if part) or None
    return replace(identity, session=replace(identity.session, scope=scope))


def login(lesson: Lesson) -> Identity:
    """A console login turned into keys (`aws login`): whose, only GetCallerIdentity tells."""
    return Identity(session=Session(created=lesson.at), assumed_by=lesson.caller.link())


def bucket_session(lesson: Lesson) -> Identity:
    return _scoped(same(lesson), lesson.asked("Bucket"))


def bucket_key(lesson: Lesson) -> Identity:
    bucket = lesson.asked("bucketName")
    return Identity(account=None, session=Session(scope=bucket), assumed_by=lesson.caller.link())


def access_grant(lesson: Lesson) -> Identity:
    holder = Identity(
        account=lesson.asked("AccountId"),
        session=Session(created=lesson.at),
        assumed_by=lesson.caller.link(),
    )
    return _scoped(holder, lesson.told("MatchedGrantTarget") or lesson.asked("Target"))


def decorated_role(lesson: Lesson) -> Identity:
    return _role_session(lesson, arn=None, role=lesson.asked("RoleArn"), unique_id=None)


def cut_down(*members: str) -> Teach:
    """A credential that a service lends for one resource; its principal is the service's."""

    def teach(lesson: Lesson) -> Identity:
        named = [value for member in members if (value := lesson.asked(member))]
        holder = Identity(session=Session(created=lesson.at), assumed_by=lesson.caller.link())
        return _scoped(holder, "/".join(named) or None)

    return teach


def _scoped(identity: Identity, scope: str | None) -> Identity:
    return replace(identity, session=replace(identity.session or Session(), scope=scope))
