"""Calls that name something and act on something else, which they do not name."""

from __future__ import annotations

from collections.abc import Iterator

from apitrail.aws.call import Call, Structure, Value
from apitrail.cloudtrail import access
from apitrail.cloudtrail.resources.resource import Resource

# Ends of a bucket's name that make it the alias of an access point ("Using a bucket-style alias
# for your S3 bucket access point", and the same for Object Lambda and FSx).
_ALIASES = ("-s3alias", "--ol-s3")

# Operations that name only what another call made, with the kind that it stands for. They are told
# where the answer, or the rest of the request, names one of the kind.
REFERRING = {
    ("cloudformation", "DeleteChangeSet"): "Stack",
    ("cloudformation", "ExecuteChangeSet"): "Stack",
    ("ec2", "DetachNetworkInterface"): "NetworkInterface",
    ("ec2", "DisassociateAddress"): "EIP",
    ("ec2", "DisassociateIamInstanceProfile"): "Instance",
    ("ec2", "DisassociateRouteTable"): "Subnet",
    ("ec2", "DisassociateSubnetCidrBlock"): "Subnet",
    ("ec2", "DisassociateTrunkInterface"): "NetworkInterface",
    ("ec2", "DisassociateVpcCidrBlock"): "VPC",
    ("ec2", "ModifySecurityGroupRules"): "SecurityGroup",
    ("ec2", "ReplaceIamInstanceProfileAssociation"): "Instance",
    ("ec2", "ReplaceNetworkAclAssociation"): "Subnet",
    ("ec2", "ReplaceRouteTableAssociation"): "Subnet",
    ("ec2", "RevokeSecurityGroupEgress"): "SecurityGroup",
    ("ec2", "RevokeSecurityGroupIngress"): "SecurityGroup",
    ("ec2", "UpdateSecurityGroupRuleDescriptionsEgress"): "SecurityGroup",
    ("ec2", "UpdateSecurityGroupRuleDescriptionsIngress"): "SecurityGroup",
    ("elbv2", "DeleteListener"): "LoadBalancer",
    ("elbv2", "DeleteRule"): "LoadBalancer",
    ("elbv2", "ModifyListener"): "LoadBalancer",
    ("elbv2", "ModifyRule"): "LoadBalancer",
    ("elbv2", "SetRulePriorities"): "LoadBalancer",
    ("lambda", "DeleteEventSourceMapping"): "Function",
    ("lambda", "UpdateEventSourceMapping"): "Function",
    ("sns", "ConfirmSubscription"): "Topic",
    ("sns", "SetSubscriptionAttributes"): "Topic",
    ("sns", "Unsubscribe"): "Topic",
    ("stepfunctions", "SendTaskFailure"): "StateMachine",
    ("stepfunctions", "SendTaskHeartbeat"): "StateMachine",
    ("stepfunctions", "SendTaskSuccess"): "StateMachine",
}

# Members that choose by a rule what is acted on: `Targets: [{Key: "tag:env", Values: […]}]`.
_CHOOSING = frozenset({"Targets", "targets"})
_EXPLICIT_KEYS = frozenset({"InstanceIds", "WindowTargetIds", "ParameterValues"})
_TAG_MEMBERS = frozenset({
    "TagFilters", "ec2TagFilters", "ec2TagSet", "onPremisesInstanceTagFilters", "resourceTags",
    "tagFilters",
})  # fmt: skip


def untold(call: Call, touched: list[Resource]) -> bool:
    """Does the call act on resources that neither it nor its answer names?"""
    parameters = call.parameters or {}
    if call.service == "s3" and _stands_for_a_bucket(parameters.get("Bucket")):
        return True
    if access.read_only(call):
        return False
    kind = REFERRING.get((call.service or "", call.operation or ""))
    kinds = {(resource.type or "").rpartition("::")[2] for resource in touched}
    if kind is not None and kind not in kinds:
        return True
    return any(_chooses(name, value) for name, value in parameters.items())


def _stands_for_a_bucket(bucket: Value) -> bool:
    """An access point's ARN or alias, or that of several Regions: the bucket behind is not told."""
    return isinstance(bucket, str) and (
        bucket.endswith((*_ALIASES, ".mrap"))
        or (bucket.startswith("arn:") and ("accesspoint" in bucket or "access-point" in bucket))
    )


def _chooses(name: str, value: Value) -> bool:
    if name in _TAG_MEMBERS:
        return bool(value)
    if name not in _CHOOSING:
        return False
    return any(
        target.get("Key") not in _EXPLICIT_KEYS or "*" in (target.get("Values") or ())
        for target in _structures(value)
        if "Key" in target
    )


def _structures(value: Value) -> Iterator[Structure]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item
