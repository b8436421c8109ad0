"""Whom a call lets in: accounts, the world, and administrators' policies, from its parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from apitrail.insights.operation_rules import lets_in

# Operations whose parameters say who may do something (AWS API references of each service).
GRANTING = frozenset(
    [
        "ModifySnapshotAttribute",
        "ModifyImageAttribute",
        "ModifyDBSnapshotAttribute",
        "ModifyDBClusterSnapshotAttribute",
        "ModifyDocumentPermission",
        "PutBucketPolicy",
        "PutBucketAcl",
        "PutObjectAcl",
        "PutKeyPolicy",
        "CreateGrant",
        "AddPermission",
        "AddLayerVersionPermission",
        "UpdateAssumeRolePolicy",
        "CreateRole",
        "PutResourcePolicy",
        "SetRepositoryPolicy",
        "PutRegistryPolicy",
        "CreateResourceShare",
        "AssociateResourceShare",
        "SetTopicAttributes",
        "SetQueueAttributes",
        "AuthorizeSecurityGroupIngress",
        "ModifySecurityGroupRules",
        "AttachUserPolicy",
        "AttachRolePolicy",
        "AttachGroupPolicy",
        "PutUserPolicy",
        "PutRolePolicy",
        "PutGroupPolicy",
        "CreatePolicyVersion",
        "PutBucketReplication",
        "ModifyDBInstance",
        "CreateFunctionUrlConfig",
        "PutFileSystemPolicy",
        "SetVaultAccessPolicy",
        "PutBackupVaultAccessPolicy",
        "CreateVpcPeeringConnection",
        "AssociateAccessPolicy",
        "PutDestinationPolicy",
        "PutResourcePolicy",
        "PutSubscriptionFilter",
        "ModifyVpcEndpointServicePermissions",
    ]
)
# Ports that nobody opens to the world on purpose.
_USUAL_PORTS = ("80", "443")
_ACCOUNT = re.compile(r"(?<![0-9A-Za-z-])(\d{12})(?![0-9A-Za-z-])")
_WORLD_PRINCIPAL = re.compile(r'"(?:AWS|Principal)"\s*:\s*\[?\s*"\*"')
_ALL_ALLOWED = re.compile(r'"Action"\s*:\s*\[?\s*"(?:\*|\*:\*|iam:\*)"')
_ADMIN = re.compile(r"policy/(AdministratorAccess|IAMFullAccess|PowerUserAccess)\b")
_ADMIN_EKS = re.compile(r"cluster-access-policy/(AmazonEKSClusterAdminPolicy)\b")
_PORT = re.compile(r'"fromPort"\s*:\s*"?(-?\d+)')
_WORLD = ('"all"', "/AllUsers", "/AuthenticatedUsers", '"NONE"')


def granted(name: str, parameters: Any, own: str) -> tuple[str, ...]:
    """What a call lets in that is worth knowing; `own` is the account that it is made in."""
    if not isinstance(parameters, Mapping) or not (name in GRANTING or lets_in(name)):
        return ()
    text = json.dumps(parameters).replace('\\"', '"')
    found = _found(text, own)
    return found if name != "Subscribe" else (*found, *_subscribed(parameters))


def _subscribed(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a topic's messages go that leave AWS."""
    protocol, endpoint = parameters.get("protocol"), str(parameters.get("endpoint") or "")
    if protocol in {"http", "https"}:
        return (f"host {endpoint.split('/')[2]}",) if endpoint.count("/") > 1 else ()
    return (
        (f"mail to {endpoint.rpartition('@')[2]}",) if protocol in {"email", "email-json"} else ()
    )


@lru_cache(maxsize=512)
def _found(text: str, own: str) -> tuple[str, ...]:
    found = {f"account {number}" for number in _ACCOUNT.findall(text) if number != own}
    if _WORLD_PRINCIPAL.search(text) or any(mark in text for mark in _WORLD):
        found.add("everybody")
    if "0.0.0.0/0" in text or '"::/0"' in text:
        found |= {
            f"the internet on port {port}"
            for port in _PORT.findall(text) or ["any"]
            if port not in _USUAL_PORTS
        }
    if match := _ADMIN.search(text) or _ADMIN_EKS.search(text):
        found.add(match[1])
    if _ALL_ALLOWED.search(text):
        found.add("a policy that allows everything")
    return tuple(sorted(found))
