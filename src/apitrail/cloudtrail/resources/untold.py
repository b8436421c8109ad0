"""Calls that name something and act on something else, which they do not name."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from apitrail.aws.call import Call, Structure, Value
from apitrail.cloudtrail import access
from apitrail.cloudtrail.resources.resource import Resource

# Ends of a bucket's name that make it the alias of an access point ("Using a bucket-style alias
# for your S3 bucket access point", and the same for Object Lambda and FSx).
_ALIASES = ("-s3alias", "--ol-s3")

# Operations that name only what another call made, with the kinds that it stands for. They are told
# where the answer, or the rest of the request, names one of these.
_REFERRING = {
    ("athena", "WorkGroup"): "DeleteNamedQuery StopQueryExecution UpdateNamedQuery",
    ("autoscaling", "AutoScalingGroup"): "DeletePolicy ExecutePolicy SetInstanceHealth",
    ("autoscaling", "Instance"): "CompleteLifecycleAction RecordLifecycleActionHeartbeat",
    ("batch", "JobQueue"): "CancelJob TerminateJob",
    ("cloudformation", "Stack"): "DeleteChangeSet ExecuteChangeSet",
    ("codebuild", "Project"): "BatchDeleteBuilds DeleteBuildBatch RetryBuild RetryBuildBatch "
    "StopBuild StopBuildBatch",
    ("codecommit", "Repository"): "CreatePullRequestApprovalRule DeleteCommentContent "
    "DeletePullRequestApprovalRule OverridePullRequestApprovalRules PostCommentReply "
    "PutCommentReaction UpdateComment UpdatePullRequestApprovalRuleContent "
    "UpdatePullRequestApprovalState UpdatePullRequestDescription UpdatePullRequestStatus "
    "UpdatePullRequestTitle",
    ("codedeploy", "Application"): "ContinueDeployment PutLifecycleEventHookExecutionStatus "
    "SkipWaitTimeForInstanceTermination StopDeployment",
    ("codepipeline", "Pipeline"): "AcknowledgeJob AcknowledgeThirdPartyJob PutJobFailureResult "
    "PutJobSuccessResult PutThirdPartyJobFailureResult PutThirdPartyJobSuccessResult",
    ("cognito-identity", "IdentityPool"): "DeleteIdentities UnlinkIdentity",
    ("cognito-idp", "UserPool"): "ConfirmForgotPassword ConfirmSignUp ForgotPassword "
    "GetTokensFromRefreshToken InitiateAuth ResendConfirmationCode RespondToAuthChallenge "
    "RevokeToken SignUp",
    ("ec2", "EIP"): "AssociateAddress DisassociateAddress ReleaseAddress",
    ("ec2", "Instance"): "DisassociateIamInstanceProfile ReplaceIamInstanceProfileAssociation",
    ("ec2", "NetworkInterface"): "DeleteNetworkInterfacePermission DetachNetworkInterface "
    "DisassociateTrunkInterface",
    ("ec2", "SecurityGroup"): "ModifySecurityGroupRules RevokeSecurityGroupEgress "
    "RevokeSecurityGroupIngress UpdateSecurityGroupRuleDescriptionsEgress "
    "UpdateSecurityGroupRuleDescriptionsIngress",
    ("ec2", "Subnet"): "DisassociateRouteTable DisassociateSubnetCidrBlock "
    "ReplaceNetworkAclAssociation ReplaceRouteTableAssociation",
    ("ec2", "VPC"): "DisassociateVpcCidrBlock",
    ("ecs", "Instance"): "DeregisterContainerInstance UpdateContainerAgent "
    "UpdateContainerInstancesState",
    ("efs", "FileSystem"): "DeleteAccessPoint DeleteMountTarget ModifyMountTargetSecurityGroups",
    ("elbv2", "LoadBalancer"): "DeleteListener DeleteRule ModifyListener ModifyRule "
    "SetRulePriorities",
    ("emr", "Cluster"): "ModifyInstanceGroups",
    ("iam", "User"): "DeactivateMFADevice DeleteAccessKey DeleteServiceSpecificCredential "
    "DeleteSigningCertificate ResetServiceSpecificCredential UpdateAccessKey "
    "UpdateServiceSpecificCredential UpdateSigningCertificate",
    ("kms", "Key"): "DeleteAlias",
    ("lambda", "Function"): "DeleteEventSourceMapping UpdateEventSourceMapping",
    ("logs", "LogGroup"): "CancelExportTask DeleteQueryDefinition StopQuery",
    ("rds", "DBCluster DBInstance"): "DeleteBlueGreenDeployment SwitchoverBlueGreenDeployment",
    ("redshift-data", "Cluster Workgroup"): "CancelStatement",
    ("route53", "HostedZone"): "DeleteTrafficPolicyInstance UpdateTrafficPolicyInstance",
    ("s3control", "Bucket"): "DeleteAccessPoint DeleteAccessPointPolicy DeleteAccessPointScope "
    "DeleteMultiRegionAccessPoint PutAccessPointPolicy PutAccessPointScope "
    "PutMultiRegionAccessPointPolicy",
    (
        "ses",
        "Identity",
    ): "SendBounce SendBulkTemplatedEmail SendEmail SendRawEmail SendTemplatedEmail",
    ("sesv2", "Identity"): "SendBulkEmail SendEmail",
    ("snowball", "Bucket"): "CancelJob UpdateJob",
    ("sns", "Topic"): "ConfirmSubscription SetSubscriptionAttributes Unsubscribe",
    ("ssm", "Instance ManagedInstance"): "CancelCommand DeleteAssociation "
    "DeregisterTargetFromMaintenanceWindow DeregisterTaskFromMaintenanceWindow ResumeSession "
    "SendAutomationSignal StartAssociationsOnce StopAutomationExecution TerminateSession "
    "UpdateAssociation UpdateMaintenanceWindowTarget",
    ("stepfunctions", "StateMachine"): "RedriveExecution SendTaskFailure SendTaskHeartbeat "
    "SendTaskSuccess StopExecution UpdateMapRun",
}
REFERRING = {
    (service, operation): frozenset(kinds.split())
    for (service, kinds), operations in _REFERRING.items()
    for operation in operations.split()
}

# Operations with another side that only this member tells; None where nothing does.
OTHER_SIDE = {
    ("apigatewaymanagementapi", "DeleteConnection"): None,  # the API, which the host names
    ("apigatewaymanagementapi", "PostToConnection"): None,
    ("backup", "StopBackupJob"): None,  # what is backed up
    ("cloudfront", "AssociateAlias"): None,  # the distribution that had the alias
    ("directconnect", "DeleteBGPPeer"): "virtualInterfaceId",
    ("ds", "DeleteSnapshot"): None,  # the directory
    ("ds", "RestoreFromSnapshot"): None,
    ("fis", "StopExperiment"): None,  # what it was done to
    ("fsx", "DeleteVolume"): None,  # the file system
    ("fsx", "UpdateVolume"): None,
    ("identitystore", "DeleteGroupMembership"): None,  # the user and the group
    ("kms", "UpdateAlias"): None,  # the key that had it
    ("quicksight", "DeleteUserByPrincipalId"): None,
    ("servicecatalog", "DeleteProvisionedProductPlan"): None,  # the product
    ("servicecatalog", "ExecuteProvisionedProductPlan"): None,
    ("signer", "RevokeSignature"): None,  # the profile
    ("sqs", "StartMessageMoveTask"): "DestinationArn",  # the queues that the messages came from
    ("wafv2", "AssociateWebACL"): None,  # the list that it had
    ("wafv2", "DisassociateWebACL"): None,
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
    if call.service == "s3" and _is_through_a_point(parameters):
        return True
    if call.service == "kms" and _kinds(touched) == {"Alias"}:
        return True
    if access.read_only(call):
        return False
    asked = (call.service or "", call.operation or "")
    if asked in OTHER_SIDE:
        told = OTHER_SIDE[asked]
        return told is None or not parameters.get(told)
    wanted = REFERRING.get(asked)
    if wanted is not None and not wanted & _kinds(touched):
        return True
    return _is_group_by_name(touched) or any(
        _chooses(name, value) for name, value in parameters.items()
    )


def _kinds(touched: list[Resource]) -> set[str]:
    """The last words of the types of resources: `Instance`."""
    return {(resource.type or "").rpartition("::")[2] for resource in touched}


def _is_group_by_name(touched: list[Resource]) -> bool:
    """A security group that goes by its name, while others name it by its id."""
    groups = [each.name for each in touched if each.type == "AWS::EC2::SecurityGroup"]
    return bool(groups) and not any(name.startswith("sg-") for name in groups)


def _is_through_a_point(parameters: Structure) -> bool:
    source = parameters.get("CopySource")
    copied = unquote(source).removeprefix("/") if isinstance(source, str) else ""
    copied = copied if copied.startswith("arn:") else copied.partition("/")[0]
    return _stands_for_a_bucket(parameters.get("Bucket")) or _stands_for_a_bucket(copied)


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
