"""Which recorded calls can have changed a state that was observed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from apitrail.codec import Json
from apitrail.state import readings
from apitrail.state.alias import all_names
from apitrail.state.differing import Difference, document

SECOND = 1000
# Answers may be of a moment before a write for so long ("Eventual consistency" of EC2 and IAM).
CATCHING_UP = 300 * SECOND

# Services whose writes have AWS change resources of other services, or others than they name.
# Operations by pattern; docs/state.md lists them.
ORCHESTRATORS = {
    "amplify": "", "application-autoscaling": "", "autoscaling": "", "backup": "", "batch": "",
    "cloudcontrol": "", "cloudformation": "", "codebuild": "Start", "codedeploy": "",
    "codepipeline": "", "config": "Start|Put", "controltower": "", "ecs": "", "eks": "",
    "elasticbeanstalk": "", "emr": "", "fis": "Start", "opsworks": "", "proton": "",
    "resource-groups": "Tag|Untag", "resourcegroupstaggingapi": "", "servicecatalog": "",
    "ssm": "StartAutomation|SendCommand|StartChange", "stepfunctions": "Start",
}  # fmt: skip

# What the calls of a customer's data do not change, although they name what the data is in.
_DATA = re.compile(
    r"^(?:PutLogEvents|CreateLogStream|DeleteLogStream|Encrypt|Decrypt|ReEncrypt|GenerateDataKey|"
    r"GenerateMac|GenerateRandom|Sign|Verify|SendMessage|ReceiveMessage|DeleteMessage|"
    r"ChangeMessageVisibility|Publish|PutRecord|PutEvents|PutMetricData|Invoke|PutItem|UpdateItem|"
    r"DeleteItem|BatchWriteItem|TransactWriteItems|PutObject(?!Lock)|DeleteObject|CopyObject|"
    r"UploadPart|CompleteMultipart|AbortMultipart|CreateMultipart|RestoreObject|AssumeRole)"
)
_TAGGING = re.compile(r"^(?:Tag|Untag)[A-Z]|^(?:Create|Delete|Add|Remove)Tags")
_TAGS = re.compile(r"^(?:\w*[Tt]ags?|TagSet|TagList|TagDescriptions|ResourceTags)$")

# What a call that names no values leads to.
_LEADS_TO = {
    "Disable": frozenset({"disabled", "false"}),
    "Enable": frozenset({"enabled", "true"}),
    "Start": frozenset({"running", "available", "true"}),
    "Stop": frozenset({"stopped", "false"}),
    "Terminate": frozenset({"terminated"}),
    "Schedule": frozenset({"pendingdeletion"}),
}
_FLAGS = frozenset({"true", "false"})
# Calls that take something away.
_TAKING = frozenset(
    {
        "Revoke", "Delete", "Remove", "Detach", "Disassociate", "Untag", "Deregister",
        "Unsubscribe", "Release", "Deactivate", "Cancel",
    }
)  # fmt: skip

# Writes that change one part, or some members, and nothing else.
_ONLY = {
    ("ec2", "AuthorizeSecurityGroupIngress"): "IpPermissions",
    ("ec2", "RevokeSecurityGroupIngress"): "IpPermissions",
    ("ec2", "UpdateSecurityGroupRuleDescriptionsIngress"): "IpPermissions",
    ("ec2", "AuthorizeSecurityGroupEgress"): "IpPermissionsEgress",
    ("ec2", "RevokeSecurityGroupEgress"): "IpPermissionsEgress",
    ("ec2", "UpdateSecurityGroupRuleDescriptionsEgress"): "IpPermissionsEgress",
    ("iam", "UpdateAssumeRolePolicy"): "AssumeRolePolicyDocument",
    ("iam", "CreateAccessKey"): "AccessKeys",
    ("iam", "UpdateAccessKey"): "AccessKeys",
    ("iam", "DeleteAccessKey"): "AccessKeys",
    ("iam", "AttachUserPolicy"): "AttachedUserPolicies AttachmentCount",
    ("iam", "DetachUserPolicy"): "AttachedUserPolicies AttachmentCount",
    ("iam", "AttachRolePolicy"): "AttachedRolePolicies AttachmentCount",
    ("iam", "DetachRolePolicy"): "AttachedRolePolicies AttachmentCount",
    ("iam", "AttachGroupPolicy"): "AttachedGroupPolicies AttachmentCount",
    ("iam", "DetachGroupPolicy"): "AttachedGroupPolicies AttachmentCount",
    ("iam", "PutUserPolicy"): "UserPolicy UserPolicies",
    ("iam", "DeleteUserPolicy"): "UserPolicy UserPolicies",
    ("iam", "PutRolePolicy"): "RolePolicy RolePolicies",
    ("iam", "DeleteRolePolicy"): "RolePolicy RolePolicies",
    ("iam", "PutGroupPolicy"): "GroupPolicy GroupPolicies",
    ("iam", "DeleteGroupPolicy"): "GroupPolicy GroupPolicies",
    ("iam", "AddUserToGroup"): "GroupsForUser Group",
    ("iam", "RemoveUserFromGroup"): "GroupsForUser Group",
    ("iam", "CreatePolicyVersion"): "PolicyVersion PolicyVersions DefaultVersionId",
    ("iam", "DeletePolicyVersion"): "PolicyVersion PolicyVersions DefaultVersionId",
    ("iam", "SetDefaultPolicyVersion"): "PolicyVersion PolicyVersions DefaultVersionId",
    ("lambda", "AddPermission"): "FunctionPolicy",
    ("lambda", "RemovePermission"): "FunctionPolicy",
    ("s3", "PutBucketPolicy"): "BucketPolicy BucketPolicyStatus",
    ("s3", "DeleteBucketPolicy"): "BucketPolicy BucketPolicyStatus",
    ("sns", "Subscribe"): "TopicSubscriptions SubscriptionAttributes",
    ("secretsmanager", "PutSecretValue"): "SecretValue VersionIdsToStages SecretVersionsToStages",
}

# Writes of the resource's own service that can change it, where others of the service name it too.
_TOUCHING = {
    ("ec2", "SecurityGroup"): "SecurityGroup|Tags",
    ("ec2", "SecurityGroupRule"): "SecurityGroup|Tags",
    ("ec2", "Snapshot"): "Snapshot|Tags",
    ("ec2", "Volume"): "Volume|Tags|Instance",
    ("ec2", "Vpc"): "Vpc|Tags|DhcpOptions",
    ("ec2", "Subnet"): "Subnet|Tags",
    ("ec2", "KeyPair"): "KeyPair|Tags",
    ("ec2", "Image"): "Image|Tags",
    ("ec2", "Instance"): "Instance|Volume|Address|Interface|Monitor|Tags|Fleet|Spot|Host|Image|Reservation",
    ("iam", "Policy"): "Policy|Tag",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A call that may have changed something. Times are Unix milliseconds."""

    index: int
    started: int
    ended: int
    service: str
    operation: str
    names: frozenset[str] = frozenset()
    undetermined: bool = False
    words: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """What differs between two observations of one thing; `states` are those two."""

    service: str
    aspect: str
    names: frozenset[str]
    found: Sequence[Difference]
    states: Sequence[Json]

    @cached_property
    def members(self) -> frozenset[str]:
        """The members of the state that differ."""
        return frozenset(each.members[0] for each in self.found if each.members)

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """What else the states name."""
        return frozenset(text for state in self.states for text in _identifiers(state))

    @cached_property
    def came(self) -> frozenset[str]:
        """The values that are new."""
        return frozenset(text for each in self.found for text in words(each.now))

    @cached_property
    def went(self) -> frozenset[str]:
        """The values that were there before."""
        return frozenset(text for each in self.found for text in words(each.was))

    @cached_property
    def kept(self) -> frozenset[str]:
        """The values that both states have."""
        return frozenset.intersection(*(frozenset(words(state)) for state in self.states))


def has_no_effect(
    *, operation: str, status: int | None, error: str, failed: bool, management: bool
) -> bool:
    """Is it a call that changed no resource's state for sure: refused, or about data alone?"""
    if error and not failed and status is not None and 400 <= status < 500:
        return True
    return not management or _DATA.match(operation) is not None


def orchestrates(service: str, operation: str) -> bool:
    """Does AWS change other resources on behalf of this call?"""
    pattern = ORCHESTRATORS.get(service)
    return pattern is not None and re.match(pattern, operation) is not None


def can_have_made(write: Write, made: Change, since: int, until: int) -> bool:
    """Can a write have made the change that was seen between two calls?

    Args:
        write: a call that had an effect, or may have had one.
        made: the change.
        since: when the first observation was asked for.
        until: when the second was answered.
    """
    if write.started > until or write.ended < since - CATCHING_UP or not _reaches(write, made):
        return False
    # A write that was answered before the first observation was asked for shows in it, unless the
    # answer was of a moment before. Then what it asked for is what differs.
    return write.ended >= since or _explains(write, made)


def _explains(write: Write, made: Change) -> bool:
    """Is the change what the write asked for? A call that takes something away explains what went."""
    if write.words is None or orchestrates(write.service, write.operation):
        return True
    verb, _ = readings.verb_and_noun(write.operation)
    if verb in _LEADS_TO:
        return bool(_LEADS_TO[verb] & {text.lower() for text in made.came})
    asked = write.words | made.kept | _FLAGS
    if verb in _TAKING:
        return bool(made.went) and made.went <= asked and made.came <= made.kept
    return bool(made.came - _FLAGS) and made.came <= asked


def _reaches(write: Write, made: Change) -> bool:
    if not write.service or orchestrates(write.service, write.operation):
        return True
    if write.service != made.service:
        return False
    if not write.operation:
        return True
    if not is_about(made.service, write.operation, made.aspect, made.members):
        return False
    if write.undetermined or not write.names:
        return True
    if not write.names.isdisjoint(made.names):
        return True
    # IAM's things mention others and do not change with them, but for the roles in a profile.
    alone = made.service == "iam" and made.aspect != "InstanceProfile"
    return not (alone or write.names.isdisjoint(made.mentioned))


def is_about(service: str, operation: str, aspect: str, members: Iterable[str]) -> bool:
    """Can a write change these members of a part of a resource, by its name?

    One about tags changes tags, one about a part of a resource that part.
    """
    if _TAGGING.match(operation):
        return "Tag" in aspect or any(map(_TAGS.match, members))
    only = _ONLY.get((service, operation))
    if only is not None:
        return not {aspect, *members}.isdisjoint(only.split())
    part = readings.part_of(service, operation)
    if part is not None:
        return part == aspect
    touching = _TOUCHING.get((service, aspect))
    return touching is None or re.search(touching, operation) is not None


def words(value: Json) -> Iterator[str]:
    """Every value in it that says something, as text."""
    value = document(value)
    if isinstance(value, dict):
        for inner in value.values():
            yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner)
    elif isinstance(value, bool):
        yield str(value).lower()
    elif value not in (None, ""):
        yield str(value)


def _identifiers(value: Json) -> Iterator[str]:
    """Texts in a state that may name another resource."""
    for text in words(value):
        if len(text) >= 3 and not text.isdigit() and " " not in text:
            yield from all_names((text,))
