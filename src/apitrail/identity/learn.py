"""What a call teaches about who holds which access key: a table of operations.

A call that failed teaches nothing, but for what the message of a refusal says (`refused`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite
from typing import Any

from apitrail.aws.call import Call, Path
from apitrail.identity import holder, refused
from apitrail.identity.binding import Binding
from apitrail.identity.holder import Lesson, Teach
from apitrail.identity.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """Where an operation shows a key, and how to tell who holds it.

    `item` leads to the structures in the result that `key` and `expires` are members of;
    `key` None is a lesson about a name. `asked` has the key in the parameters, `own` teaches
    about the key that signed, `ends` that the key works no longer.
    """

    teach: Teach
    item: Path = ()
    key: str | None = None
    expires: str | None = None
    asked: bool = False
    own: bool = False
    ends: bool = False


def learn(
    call: Call, caller: Identity, *, at: int, account: str | None = None
) -> tuple[Binding, ...]:
    """Everything that a call, not yet redacted, teaches; never raises for odd values.

    `caller` is who made the call, its key included. `at` is Unix milliseconds. `account`
    is the account that the call was for, where the caller's is not known.
    """
    if call.error is not None:
        return refused.learn(call, caller, at=at)
    rules = _RULES.get((call.service or "", call.operation or ""), ())
    if not rules or call.result is None:
        return ()
    if caller.account is None and account is not None:
        caller = replace(caller, account=account)
    source = f"{call.service}:{call.operation}"
    return tuple(
        binding
        for rule in rules
        for item in _items(call.result, rule.item)
        if (binding := _binding(rule, _lesson(call, item, caller, at), source)) is not None
    )


def _lesson(call: Call, item: Mapping[str, Any], caller: Identity, at: int) -> Lesson:
    return Lesson(
        parameters=call.parameters or {},
        result=call.result or {},
        item=item,
        caller=caller,
        at=at,
    )


def _binding(rule: _Rule, lesson: Lesson, source: str) -> Binding | None:
    identity = rule.teach(lesson)
    if identity is None:
        return None
    key = None
    if rule.own:
        key = lesson.caller.access_key_id
    elif rule.key is not None:
        key = lesson.asked(rule.key) if rule.asked else lesson.field(rule.key)
    if key is None and (rule.own or rule.key is not None):
        return None
    return Binding(
        access_key_id=key,
        identity=replace(
            identity, access_key_id=key, known="learned", signature=None, expired=False, doubts=()
        ),
        learned_at=lesson.at,
        expires_at=lesson.at if rule.ends else _time(lesson.item, rule.expires),
        source=source,
    )


def _items(value: Any, path: Path) -> Iterator[Mapping[str, Any]]:
    if not path:
        if isinstance(value, Mapping):
            yield value
    elif path[0] == "*":
        if isinstance(value, list):
            for each in value:
                yield from _items(each, path[1:])
    elif isinstance(value, Mapping):
        yield from _items(value.get(path[0]), path[1:])


def _time(item: Mapping[str, Any], member: str | None) -> int | None:
    value = item.get(member) if member is not None else None
    if isinstance(value, str):
        # Operations that botocore has no model of.
        with suppress(ValueError):
            value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        milliseconds = int(value.timestamp() * 1000)
    elif isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        milliseconds = int(min(value, 1e15))
    else:
        return None
    return milliseconds if milliseconds >= 0 else None


def _lent(item: str, *members: str, expires: str | None = "expiration") -> tuple[_Rule, ...]:
    path = tuple(item.split(".")) if item else ()
    capital = expires is None or expires[0].isupper()
    key = "AccessKeyId" if capital else "accessKeyId"
    return (_Rule(teach=holder.cut_down(*members), item=path, key=key, expires=expires),)


def _sts(teach: Teach) -> tuple[_Rule, ...]:
    return (_Rule(teach=teach, item=("Credentials",), key="AccessKeyId", expires="Expiration"),)


def _names(teach: Teach, *item: str) -> tuple[_Rule, ...]:
    return (_Rule(teach=teach, item=item),)


_JOBS = _Rule(
    teach=holder.cut_down("jobId"),
    item=("jobDetails", "data", "artifactCredentials"),
    key="accessKeyId",
)

# Every operation that tells who holds a key, from the members of botocore 1.44.5's models named
# accessKeyId; findings and trails of other services (guardduty, cloudtrail ...) tell of others'
# calls and are left out.
_RULES: dict[tuple[str, str], tuple[_Rule, ...]] = {
    ("sts", "AssumeRole"): _sts(holder.assumed_role),
    ("sts", "AssumeRoleWithSAML"): _sts(holder.federated_role),
    ("sts", "AssumeRoleWithWebIdentity"): _sts(holder.federated_role),
    ("sts", "AssumeRoot"): _sts(holder.assumed_root),
    ("sts", "GetSessionToken"): _sts(holder.session_token),
    ("sts", "GetFederationToken"): _sts(holder.federated_user),
    ("sts", "GetDelegatedAccessToken"): _sts(holder.delegated),
    ("sts", "GetCallerIdentity"): (_Rule(teach=holder.caller_identity, own=True),),
    ("sts", "GetAccessKeyInfo"): (_Rule(teach=holder.key_info, key="AccessKeyId", asked=True),),
    ("iam", "CreateAccessKey"): (
        _Rule(teach=holder.key_of_user, item=("AccessKey",), key="AccessKeyId"),
    ),
    ("iam", "ListAccessKeys"): (
        _Rule(teach=holder.key_of_user, item=("AccessKeyMetadata", "*"), key="AccessKeyId"),
    ),
    ("iam", "GetAccessKeyLastUsed"): (
        _Rule(teach=holder.key_of_user, key="AccessKeyId", asked=True),
    ),
    ("iam", "UpdateAccessKey"): (_Rule(teach=holder.key_of_user, key="AccessKeyId", asked=True),),
    ("iam", "DeleteAccessKey"): (
        _Rule(teach=holder.key_of_user, key="AccessKeyId", asked=True, ends=True),
    ),
    ("iam", "CreateUser"): _names(holder.user, "User"),
    ("iam", "GetUser"): (
        *_names(holder.user, "User"),
        _Rule(teach=holder.own_user, item=("User",), own=True),
    ),
    ("iam", "ListUsers"): _names(holder.user, "Users", "*"),
    ("iam", "GetGroup"): _names(holder.user, "Users", "*"),
    ("iam", "CreateRole"): _names(holder.role, "Role"),
    ("iam", "GetRole"): _names(holder.role, "Role"),
    ("iam", "UpdateRoleDescription"): _names(holder.role, "Role"),
    ("iam", "ListRoles"): _names(holder.role, "Roles", "*"),
    ("iam", "GetAccountAuthorizationDetails"): (
        *_names(holder.user, "UserDetailList", "*"),
        *_names(holder.role, "RoleDetailList", "*"),
    ),
    ("rolesanywhere", "CreateSession"): (
        _Rule(
            teach=holder.anywhere,
            item=("credentialSet", "*", "credentials"),
            key="accessKeyId",
            expires="expiration",
        ),
    ),
    ("sso", "GetRoleCredentials"): (
        _Rule(
            teach=holder.sso_role,
            item=("roleCredentials",),
            key="accessKeyId",
            expires="expiration",
        ),
    ),
    ("account-access-runtime", "GetRoleCredentials"): (
        _Rule(
            teach=holder.tenant_role,
            item=("credentialsDetails", "programmaticAccess"),
            key="accessKeyId",
            expires="expiresAt",
        ),
    ),
    ("cognito-identity", "GetCredentialsForIdentity"): _sts(holder.cognito),
    ("s3", "CreateSession"): _sts(holder.bucket_session),
    ("s3control", "GetDataAccess"): _sts(holder.access_grant),
    ("eks-auth", "AssumeRoleForPodIdentity"): (
        _Rule(teach=holder.pod, item=("credentials",), key="accessKeyId", expires="expiration"),
    ),
    ("signin", "CreateOAuth2Token"): (
        _Rule(teach=holder.login, item=("tokenOutput", "accessToken"), key="accessKeyId"),
    ),
    ("ssm", "GetAccessToken"): _lent("Credentials", "AccessRequestId", expires="ExpirationTime"),
    ("lakeformation", "AssumeDecoratedRoleWithSAML"): (
        _Rule(teach=holder.decorated_role, key="AccessKeyId", expires="Expiration"),
    ),
    ("lakeformation", "GetTemporaryGlueTableCredentials"): _lent(
        "", "TableArn", expires="Expiration"
    ),
    ("lakeformation", "GetTemporaryGluePartitionCredentials"): _lent(
        "", "TableArn", expires="Expiration"
    ),
    ("lakeformation", "GetTemporaryGlueFunctionCredentials"): _lent(
        "", "UserDefinedFunctionArn", expires="Expiration"
    ),
    ("lakeformation", "GetTemporaryDataLocationCredentials"): _lent(
        "Credentials", expires="Expiration"
    ),
    ("datazone", "GetEnvironmentCredentials"): _lent(
        "", "domainIdentifier", "environmentIdentifier"
    ),
    ("datazone", "GetConnection"): _lent("connectionCredentials", "domainIdentifier", "identifier"),
    ("deadline", "AssumeFleetRoleForRead"): _lent("credentials", "farmId", "fleetId"),
    ("deadline", "AssumeFleetRoleForWorker"): _lent("credentials", "farmId", "fleetId", "workerId"),
    ("deadline", "AssumeQueueRoleForRead"): _lent("credentials", "farmId", "queueId"),
    ("deadline", "AssumeQueueRoleForUser"): _lent("credentials", "farmId", "queueId"),
    ("deadline", "AssumeQueueRoleForWorker"): _lent("credentials", "farmId", "queueId", "workerId"),
    ("gamelift", "CreateBuild"): _lent("UploadCredentials", "Name", expires=None),
    ("gamelift", "RequestUploadCredentials"): _lent("UploadCredentials", "BuildId", expires=None),
    ("gamelift", "GetComputeAccess"): _lent("Credentials", "FleetId", "ComputeName", expires=None),
    ("codepipeline", "GetJobDetails"): (_JOBS,),
    ("codepipeline", "GetThirdPartyJobDetails"): (_JOBS,),
    ("codepipeline", "PollForJobs"): (
        _Rule(
            teach=holder.cut_down(),
            item=("jobs", "*", "data", "artifactCredentials"),
            key="accessKeyId",
        ),
    ),
    ("cloudwatchomni", "GetSpaceCredentialsForOrganization"): _lent("credentials"),
    ("cloudwatchomni", "GetSpaceDataAccess"): _lent("credentials", "spaceId"),
    ("lightsail", "CreateBucketAccessKey"): (
        _Rule(teach=holder.bucket_key, item=("accessKey",), key="accessKeyId"),
    ),
    ("lightsail", "GetBucketAccessKeys"): (
        _Rule(teach=holder.bucket_key, item=("accessKeys", "*"), key="accessKeyId"),
    ),
}
