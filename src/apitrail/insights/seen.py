"""One call as the detectors see it, read from its CloudTrail record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from sys import intern

from apitrail.codec import Json, Object
from apitrail.insights import caller
from apitrail.insights.granted import granted
from apitrail.insights.operations import plain_name, reads
from apitrail.insights.variants import varied
from apitrail.remembered import remembered
from apitrail.valueclass import valueclass

# What CloudTrail and services write where a call was refused for want of a permission.
REFUSED = ("AccessDenied", "Unauthorized", "Client.UnauthorizedOperation", "NotAuthorized")

# Operation → the parameter that names what it is about, where an old caller with a new one of
# these is worth a look.
TARGETS = {
    "GetSecretValue": "secretId",
    "GetParameter": "name",
    "GetParameters": "names",
    "GetParametersByPath": "path",
    "BatchGetSecretValue": "secretIdList",
    "GetObject": "bucketName",
    "CopyObject": "bucketName",
    "PutObject": "bucketName",
    "DeleteObject": "bucketName",
    "DeleteObjects": "bucketName",
    "Decrypt": "keyId",
    "CreateAccessKey": "userName",
    "CreateLoginProfile": "userName",
    "UpdateLoginProfile": "userName",
    "UpdateAssumeRolePolicy": "roleName",
    "UpdateFunctionCode": "functionName",
    "PutBucketPolicy": "bucketName",
    "PutBucketLifecycle": "bucketName",
    "Scan": "tableName",
}  # fmt: skip

# Operation → the parameter that names the role that it takes: to be, or to pass to a service
# (Service Authorization Reference, dependent actions `iam:PassRole`).
ROLES = {
    "AssumeRole": "roleArn",
    "CreateFunction": "role",
    "UpdateFunctionConfiguration": "role",
    "RegisterTaskDefinition": "taskRoleArn",
    "CreateStack": "roleARN",
    "UpdateStack": "roleARN",
    "CreateChangeSet": "roleARN",
    "CreateStackSet": "administrationRoleARN",
    "RunInstances": "iamInstanceProfile",
    "RunInstancesLarge": "iamInstanceProfile",
    "AssociateIamInstanceProfile": "iamInstanceProfile",
    "ReplaceIamInstanceProfileAssociation": "iamInstanceProfile",
    "CreateDevEndpoint": "roleArn",
    "CreateNotebookInstance": "roleArn",
    "CreateTrainingJob": "roleArn",
    "CreateProcessingJob": "roleArn",
    "CreateProject": "serviceRole",
    "UpdateProject": "serviceRole",
    "CreateJob": "role",
    "CreateStateMachine": "roleArn",
    "UpdateStateMachine": "roleArn",
    "CreatePipeline": "roleArn",
    "StartAutomationExecution": "automationAssumeRole",
    "CreateEnvironment": "serviceRole",
    "CreateCluster": "roleArn",
    "PutTargets": "roleArn",
    "CreateAgent": "agentResourceRoleArn",
    "CreateSchedule": "roleArn",
    "SubmitJob": "jobRoleArn",
}
_NAMED = TARGETS | ROLES

# What services call the token of the next page.
PAGE_TOKENS = ("nextToken", "NextToken", "marker", "Marker", "startToken", "continuation-token")


@valueclass(frozen=True, slots=True)
class Seen:
    """A call: who, what, from where, with what outcome. `time` is Unix milliseconds."""

    time: int
    id: str
    caller: str
    arn: str
    kind: str
    person: bool
    service: str
    name: str
    operation: str
    region: str
    network: str
    agent: str
    error: str
    refused: bool
    read_only: bool
    target: str
    grants: tuple[str, ...]
    category: str
    key: str
    account: str
    paged: bool
    run: str
    user_agent: str


def read(
    record: Object,
    *,
    time: int | None = None,
    run: str = "",
    operator: str = "",
    labels: str = "",
) -> Seen:
    """The call in a CloudTrail record; what is missing in it is empty.

    Args:
        record: as CloudTrail writes it.
        time: Unix milliseconds, where it is known better than the record says.
        run: the id of its run.
        operator: who used the recorder.
        labels: the labels of the run that do not number it.

    Raises:
        ValueError: it has no eventTime, and no time was given.
    """
    user = _object(record.get("userIdentity"))
    agent = str(record.get("userAgent") or "")
    family = caller.agent_family(agent)
    name, source = str(record.get("eventName") or ""), str(record.get("eventSource") or "")
    parameters = record.get("requestParameters")
    account = str(record.get("recipientAccountId") or user.get("accountId") or "")
    variant = _variant(plain_name(name), record, parameters)
    error = _error(record)
    flag = record.get("readOnly")
    who = caller.stable_identity(user)
    if operator or labels:
        who = "|".join(part for part in (who, operator, labels) if part)
    key = user.get("accessKeyId")
    return Seen(
        milliseconds(str(record.get("eventTime") or "")) if time is None else time,
        str(record.get("eventID") or ""),
        # The same text for the same caller: what is looked up again and again is found sooner.
        intern(who),
        str(user.get("arn") or user.get("invokedBy") or ""),
        str(user.get("type") or ""),
        caller.is_person(user, family),
        source,
        variant,
        operation(source, variant),
        str(record.get("awsRegion") or ""),
        caller.network(str(record.get("sourceIPAddress") or "")),
        family,
        error,
        error.startswith(REFUSED) or "Unauthorized" in error,
        flag if isinstance(flag, bool) else reads(name),
        _target(variant, parameters),
        granted(variant, parameters, account),
        str(record.get("eventCategory") or "Management"),
        str(key or ""),
        account,
        isinstance(parameters, Mapping) and any(parameters.get(each) for each in PAGE_TOKENS),
        run,
        agent,
    )


@remembered(4096)
def operation(source: str, name: str) -> str:
    """`iam.amazonaws.com` and `CreateUser` → `iam:CreateUser`."""
    return f"{source.partition('.')[0]}:{name}"


def _object(value: Json) -> Object:
    return value if isinstance(value, dict) else {}


@lru_cache(maxsize=1024)
def _seconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {text!r}")
    return round(moment.timestamp() * 1000)


def milliseconds(text: str) -> int:
    """Unix milliseconds of `2026-11-23T09:30:00Z`, with or without a fraction.

    Raises:
        ValueError: it is no such time.
    """
    return _seconds(text)


def _variant(name: str, record: Object, parameters: Json) -> str:
    """A name that says more where parameters make it another thing altogether."""
    if name != "ConsoleLogin":
        return varied(name, parameters)
    extra = _object(record.get("additionalEventData"))
    provider = "SamlProviderArn" in extra or _object(record.get("userIdentity")).get("type") == "AssumedRole"  # fmt: skip
    no_mfa = extra.get("MFAUsed") == "No" and not provider and not _error(record)
    return "ConsoleLoginWithoutMFA" if no_mfa else name


def _error(record: Object) -> str:
    if code := record.get("errorCode"):
        return str(code)
    answer = record.get("responseElements")
    if record.get("eventName") == "ConsoleLogin" and _object(answer).get("ConsoleLogin") == "Failure":  # fmt: skip
        return "Failed authentication"
    return ""


def _target(name: str, parameters: Json) -> str:
    member = _NAMED.get(name)
    if member is None or not isinstance(parameters, dict):
        return ""
    value = parameters.get(member)
    if value is None and name == "Decrypt":
        value = _object(parameters.get("encryptionContext")).get("SecretARN")
    if isinstance(value, dict):  # an instance profile
        value = value.get("arn") or value.get("name")
    if isinstance(value, list):
        return ",".join(sorted(str(each) for each in value))
    return str(value or "")
