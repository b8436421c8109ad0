"""The guards that come with apitrail, as policies: `apitrail guard show NAME` prints one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apitrail.errors import UsageError

# Services without regions, from "AWS: Denies access to AWS based on the requested Region" (IAM user
# guide); their calls are signed for us-east-1 wherever they are made.
_GLOBAL = (
    "account:*", "artifact:*", "aws-portal:*", "billing:*", "budgets:*", "ce:*", "chatbot:*",
    "cloudfront:*", "consolidatedbilling:*", "cur:*", "fms:*", "freetier:*",
    "globalaccelerator:*", "health:*", "iam:*", "invoicing:*", "networkmanager:*",
    "organizations:*", "payments:*", "pricing:*", "route53:*", "route53-recovery-control-config:*",
    "route53domains:*", "s3:GetAccountPublicAccessBlock", "s3:ListAllMyBuckets",
    "s3:PutAccountPublicAccessBlock", "savingsplans:*", "shield:*", "sso:*", "sts:*", "support:*",
    "supportapp:*", "sustainability:*", "tag:*", "tax:*", "trustedadvisor:*", "waf:*", "waf-regional:*",
    "wafv2:*",
)  # fmt: skip

# Actions whose calls hold SQL. IAM says that they write; one plain SELECT does not.
_SQL = (
    "athena:StartQueryExecution", "rds-data:BatchExecuteStatement", "rds-data:ExecuteSql",
    "rds-data:ExecuteStatement", "redshift-data:BatchExecuteStatement",
    "redshift-data:ExecuteStatement",
)  # fmt: skip

# Who may do what: IAM itself, and the services that keep its users, accounts and permissions.
_IDENTITY = (
    "account:*", "cognito-identity:*", "identitystore:*", "iam:*", "organizations:*",
    "rolesanywhere:*", "sso:*", "sso-directory:*",
)  # fmt: skip

# Changes of who may do what that IAM's access levels call Write: policies of resources in newer services, what
# is shared with other accounts, and who may enter a cluster.
_PERMISSIONS = (
    "*:*AccessPolicy", "*:*ClusterPolicy", "*:*EndpointPolicy", "*:*GroupPolicy", "*:*Permission*",
    "*:*ResourcePolicy*", "*:PutSinkPolicy", "*:Put*DestinationPolicy", "aoss:*SecurityPolicy",
    "eks:*AccessEntry", "mediapackagev2:*Policy", "ram:*", "rekognition:*ProjectPolicy",
    "serverlessrepo:PutApplicationPolicy",
)  # fmt: skip

_READS = {"apitrail:AccessLevel": ["List", "Read"]}

type Statement = dict[str, Any]


def _read_only(_: str) -> list[Statement]:
    return [
        {
            "Sid": "Reads", "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {
                "StringEquals": _READS,
                "Bool": {"apitrail:ActsElsewhere": "false"},
                "BoolIfExists": {"apitrail:PlainSelect": "true"},
            },
        },
        {
            "Sid": "PlainSelects", "Effect": "Allow", "Action": list(_SQL), "Resource": "*",
            "Condition": {"Bool": {"apitrail:PlainSelect": "true"}},
        },
    ]  # fmt: skip


def _no_delete(_: str) -> list[Statement]:
    return [
        {
            "Sid": "NoDelete", "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"Bool": {"apitrail:Deletes": "true"}},
        },
        {
            "Sid": "NoDeleteInSql", "Effect": "Deny", "Action": list(_SQL), "Resource": "*",
            "Condition": {"Bool": {"apitrail:PlainSelect": "false"}},
        },
    ]  # fmt: skip


def _no_iam(_: str) -> list[Statement]:
    return [
        {
            "Sid": "NoIdentities", "Effect": "Deny", "Action": list(_IDENTITY), "Resource": "*",
            "Condition": {"StringNotEquals": _READS},
        },
        {
            "Sid": "NoPermissions", "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {"apitrail:AccessLevel": "Permissions management"}},
        },
        {
            "Sid": "NoPolicies", "Effect": "Deny", "Action": list(_PERMISSIONS), "Resource": "*",
            "Condition": {"StringNotEquals": _READS},
        },
    ]  # fmt: skip


def _one_region(region: str) -> list[Statement]:
    return [
        {
            "Sid": "OneRegion", "Effect": "Deny", "NotAction": list(_GLOBAL), "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": region}},
        },
    ]  # fmt: skip


def _sandbox_account(account: str) -> list[Statement]:
    return [
        {
            "Sid": "OneCaller", "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:PrincipalAccount": account}},
        },
        {
            "Sid": "OneOwner", "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {
                "StringNotEquals": {"aws:ResourceAccount": [account, "aws"]},
                "Null": {"aws:ResourceAccount": "false"},
            },
        },
        {
            "Sid": "NoWayOut", "Effect": "Deny", "Resource": "*",
            "Action": ["organizations:LeaveOrganization", "account:CloseAccount"],
        },
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """A guard that is made for a value: a region, an account, or none.

    `variable` are those of the environment that may have the value.
    """

    about: str
    make: Any
    value: str | None = None
    example: str = ""
    variables: tuple[str, ...] = ()


BUILT_IN: dict[str, BuiltIn] = {
    "read-only": BuiltIn(about="only what lists and reads", make=_read_only),
    "no-delete": BuiltIn(about="nothing is deleted, terminated or purged", make=_no_delete),
    "no-iam": BuiltIn(about="no identity and no permission is changed", make=_no_iam),
    "one-region": BuiltIn(
        about="calls to one region, and to services without regions",
        make=_one_region, value="a region", example="eu-west-1",
        variables=("AWS_REGION", "AWS_DEFAULT_REGION"),
    ),
    "sandbox-account": BuiltIn(
        about="callers and resources of one account",
        make=_sandbox_account, value="an account", example="111122223333",
        variables=("AWS_ACCOUNT_ID",),
    ),
}  # fmt: skip


def text(spec: str, environment: Mapping[str, str]) -> str | None:
    """The policy of `NAME` or `NAME=VALUE`; None where no guard comes with apitrail by that name.

    Raises:
        UsageError: it takes a value and has none, or takes none and has one.
    """
    name, equals, value = spec.partition("=")
    found = BUILT_IN.get(name)
    if found is None:
        return None
    if found.value is None and equals:
        raise UsageError(f"guard {name!r} takes no value: {spec!r}", hint=f"write {name}")
    if found.value is not None and not value:
        given = (environment.get(variable) for variable in found.variables)
        value = next((text for text in given if text), "")
        if not value:
            raise UsageError(
                f"guard {name!r} takes {found.value}", hint=f"write {name}={found.example}"
            )
    policy = {"Version": "2012-10-17", "Statement": found.make(value)}
    return json.dumps(policy, indent=2) + "\n"
