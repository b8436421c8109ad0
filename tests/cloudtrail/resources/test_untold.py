"""Ways to touch a resource without naming it: each is undetermined, unless it is told after all."""

from __future__ import annotations

import pytest

from apitrail.aws.call import Call
from apitrail.cloudtrail.resources.touching import resources, undetermined
from aws.requests import call as asked

ACCOUNT = "123456789012"
RULE = {"SecurityGroupRuleIds": ["sgr-0123456789abcdef0"]}
UUID = "a1b2c3d4-5678-90ab-cdef-11111EXAMPLE"


def made(service: str, operation: str, parameters: dict, result: dict | None = None) -> Call:
    return Call(
        service=service, operation=operation, region="eu-west-1", endpoint_prefix=service,
        parameters=parameters, result=result or {},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("ssm", "SendCommand", {"DocumentName": "d", "Targets": [{"Key": "tag:env", "Values": ["prod"]}]}),
        ("ssm", "SendCommand", {"DocumentName": "d", "Targets": [{"Key": "resource-groups:Name", "Values": ["g"]}]}),
        ("ssm", "SendCommand", {"DocumentName": "d", "Targets": [{"Key": "InstanceIds", "Values": ["*"]}]}),
        ("ssm", "StartAutomationExecution", {"DocumentName": "d", "Targets": [{"Key": "tag:a", "Values": ["b"]}]}),
        ("ssm", "CreateAssociation", {"Name": "d", "Targets": [{"Key": "tag:a", "Values": ["b"]}]}),
        ("ssm", "RegisterTargetWithMaintenanceWindow", {"WindowId": "mw-1", "Targets": [{"Key": "tag:a", "Values": ["b"]}]}),
        ("codedeploy", "CreateDeployment", {"applicationName": "a", "tagFilters": [{"Key": "env"}]}),
        ("s3", "PutObject", {"Bucket": "ap-abcdefg-s3alias", "Key": "k"}),
        ("s3", "GetObject", {"Bucket": "ap-abcdefg-s3alias", "Key": "k"}),
        ("s3", "GetObject", {"Bucket": "ap-abcdefg--ol-s3", "Key": "k"}),
        ("s3", "GetObject", {"Bucket": "arn:aws:s3:eu-west-1:123456789012:accesspoint/ap", "Key": "k"}),
        ("s3", "DeleteObject", {"Bucket": "mfzwi23gnjvgw.mrap", "Key": "k"}),
        ("ec2", "RevokeSecurityGroupIngress", RULE),
        ("ec2", "RevokeSecurityGroupEgress", RULE),
        ("ec2", "UpdateSecurityGroupRuleDescriptionsIngress", RULE),
        ("ec2", "DisassociateAddress", {"AssociationId": "eipassoc-0123456789abcdef0"}),
        ("ec2", "DisassociateRouteTable", {"AssociationId": "rtbassoc-0123456789abcdef0"}),
        ("ec2", "ReplaceRouteTableAssociation", {"AssociationId": "rtbassoc-01234567", "RouteTableId": "rtb-01234567"}),
        ("ec2", "ReplaceNetworkAclAssociation", {"AssociationId": "aclassoc-01234567", "NetworkAclId": "acl-01234567"}),
        ("ec2", "DisassociateIamInstanceProfile", {"AssociationId": "iip-assoc-01234567"}),
        ("ec2", "DetachNetworkInterface", {"AttachmentId": "eni-attach-01234567"}),
        ("ec2", "DisassociateSubnetCidrBlock", {"AssociationId": "subnet-cidr-assoc-01234567"}),
        ("ec2", "DisassociateVpcCidrBlock", {"AssociationId": "vpc-cidr-assoc-01234567"}),
        ("lambda", "DeleteEventSourceMapping", {"UUID": UUID}),
        ("cloudformation", "ExecuteChangeSet", {"ChangeSetName": "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c/1"}),
        ("stepfunctions", "SendTaskSuccess", {"taskToken": "t", "output": "{}"}),
        ("iam", "ChangePassword", {}),
        ("iam", "DeleteAccessKey", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}),
        ("iam", "DeleteSigningCertificate", {"CertificateId": "c"}),
        ("iam", "DeactivateMFADevice", {"SerialNumber": "arn:aws:iam::123456789012:mfa/m"}),
        ("kms", "RetireGrant", {"GrantToken": "t"}),
        ("kms", "Encrypt", {"KeyId": "alias/a"}),
        ("kms", "DescribeKey", {"KeyId": "alias/a"}),
        ("kms", "DeleteAlias", {"AliasName": "alias/a"}),
        ("kms", "UpdateAlias", {"AliasName": "alias/a", "TargetKeyId": UUID}),
        ("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "ap-abcdefg-s3alias/k"}),
        ("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "/arn%3Aaws%3As3:eu-west-1:123456789012:accesspoint/ap/object/k"}),
        ("s3control", "DeleteAccessPoint", {"Name": "ap"}),
        ("s3control", "PutAccessPointPolicy", {"Name": "ap", "Policy": "{}"}),
        ("sqs", "StartMessageMoveTask", {"SourceArn": "arn:aws:sqs:eu-west-1:123456789012:dead"}),
        ("sqs", "CancelMessageMoveTask", {"TaskHandle": "h"}),
        ("ssm", "TerminateSession", {"SessionId": "alice-0123"}),
        ("ssm", "CancelCommand", {"CommandId": UUID}),
        ("ssm", "StartAssociationsOnce", {"AssociationIds": [UUID]}),
        ("ssm", "StopAutomationExecution", {"AutomationExecutionId": UUID}),
        ("autoscaling", "SetInstanceHealth", {"InstanceId": "i-01234567", "HealthStatus": "Unhealthy"}),
        ("autoscaling", "ExecutePolicy", {"PolicyName": "p"}),
        ("emr", "ModifyInstanceGroups", {"InstanceGroups": [{"InstanceGroupId": "ig-1"}]}),
        ("codepipeline", "PutJobSuccessResult", {"jobId": UUID}),
        ("cognito-idp", "InitiateAuth", {"ClientId": "c", "AuthFlow": "USER_SRP_AUTH"}),
        ("cognito-idp", "GlobalSignOut", {"AccessToken": "t"}),
        ("route53", "DeleteTrafficPolicyInstance", {"Id": UUID}),
        ("cloudfront", "AssociateAlias", {"TargetDistributionId": "E1", "Alias": "www.example.com"}),
        ("backup", "StopBackupJob", {"BackupJobId": UUID}),
        ("ec2", "AuthorizeSecurityGroupIngress", {"GroupName": "default"}),
        ("ec2", "DeleteSecurityGroup", {"GroupName": "web"}),
        ("ec2", "AssociateAddress", {"PublicIp": "192.0.2.1", "InstanceId": "i-01234567"}),
        ("ec2", "ReleaseAddress", {"PublicIp": "192.0.2.1"}),
        ("cloudcontrol", "CancelResourceRequest", {"RequestToken": UUID}),
        ("ses", "SendRawEmail", {"RawMessage": {"Data": b"no header"}}),
        ("ses", "SendTemplatedEmail", {"Template": "t"}),
        ("sesv2", "SendEmail", {"Content": {"Template": {"TemplateName": "t"}}}),
        ("apigatewaymanagementapi", "PostToConnection", {"ConnectionId": "c", "Data": b"x"}),
        ("athena", "StopQueryExecution", {"QueryExecutionId": UUID}),
        ("autoscaling", "CompleteLifecycleAction", {"LifecycleHookName": "h", "AutoScalingGroupName": "g",
         "LifecycleActionToken": UUID, "LifecycleActionResult": "ABANDON"}),
        ("batch", "TerminateJob", {"jobId": UUID, "reason": "r"}),
        ("codecommit", "UpdatePullRequestStatus", {"pullRequestId": "1", "pullRequestStatus": "CLOSED"}),
        ("codedeploy", "StopDeployment", {"deploymentId": "d-1"}),
        ("cognito-identity", "UnlinkIdentity", {"IdentityId": f"eu-west-1:{UUID}", "Logins": {}, "LoginsToRemove": []}),
        ("ds", "RestoreFromSnapshot", {"SnapshotId": "s-1234567890"}),
        ("dynamodb", "ExecuteStatement", {"Statement": "SELECT"}),
        ("ecs", "DeregisterContainerInstance", {"cluster": "c", "containerInstance": UUID}),
        ("efs", "DeleteMountTarget", {"MountTargetId": "fsmt-01234567"}),
        ("efs", "DeleteAccessPoint", {"AccessPointId": "fsap-01234567"}),
        ("fis", "StopExperiment", {"id": "EXP1"}),
        ("fsx", "DeleteVolume", {"VolumeId": "fsvol-01234567"}),
        ("identitystore", "DeleteGroupMembership", {"IdentityStoreId": "d-1", "MembershipId": UUID}),
        ("logs", "StopQuery", {"queryId": UUID}),
        ("neptunedata", "ExecuteGremlinQuery", {"gremlinQuery": "g.V().drop()"}),
        ("rds", "SwitchoverBlueGreenDeployment", {"BlueGreenDeploymentIdentifier": "bgd-1"}),
        ("redshift-data", "CancelStatement", {"Id": UUID}),
        ("servicecatalog", "ExecuteProvisionedProductPlan", {"PlanId": "plan-1", "IdempotencyToken": "t"}),
        ("wafv2", "DisassociateWebACL", {"ResourceArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/lb/1"}),
    ],
)  # fmt: skip
def test_what_is_not_named_is_undetermined(service, operation, parameters):
    assert undetermined(made(service, operation, parameters))


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "result"),
    [
        ("ssm", "SendCommand", {"DocumentName": "d", "Targets": [{"Key": "InstanceIds", "Values": ["i-01234567"]}]}, {}),
        ("ec2", "RevokeSecurityGroupIngress", {"GroupId": "sg-01234567", **RULE}, {}),
        ("ec2", "RevokeSecurityGroupIngress", RULE,
         {"RevokedSecurityGroupRules": [{"GroupId": "sg-01234567"}]}),
        ("lambda", "DeleteEventSourceMapping", {"UUID": UUID},
         {"UUID": UUID, "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f"}),
        ("cloudformation", "ExecuteChangeSet", {"ChangeSetName": "c", "StackName": "s"}, {}),
        ("s3", "PutObject", {"Bucket": "bucket", "Key": "k"}, {}),
        ("s3", "CopyObject", {"Bucket": "bucket", "Key": "k", "CopySource": "other/k"}, {}),
        ("iam", "DeleteAccessKey", {"UserName": "u", "AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}, {}),
        ("kms", "Encrypt", {"KeyId": "alias/a"},
         {"KeyId": f"arn:aws:kms:eu-west-1:123456789012:key/{UUID}"}),
        ("kms", "DescribeKey", {"KeyId": "alias/a"}, {"KeyMetadata": {"KeyId": UUID, "Arn": f"arn:aws:kms:eu-west-1:123456789012:key/{UUID}"}}),
        ("sqs", "StartMessageMoveTask", {"SourceArn": "arn:aws:sqs:eu-west-1:123456789012:dead",
         "DestinationArn": "arn:aws:sqs:eu-west-1:123456789012:q"}, {}),
        ("ssm", "CancelCommand", {"CommandId": UUID, "InstanceIds": ["i-01234567"]}, {}),
        ("ec2", "DeleteSecurityGroup", {"GroupName": "web"}, {"GroupId": "sg-01234567"}),
        ("ec2", "AssociateAddress", {"AllocationId": "eipalloc-01234567", "InstanceId": "i-01234567"}, {}),
        ("autoscaling", "SetDesiredCapacity", {"AutoScalingGroupName": "g", "DesiredCapacity": 0}, {}),
        ("cloudformation", "DeleteStack", {"StackName": "s"}, {}),
        ("codebuild", "StopBuild", {"id": f"web:{UUID}"}, {}),
        ("ecs", "DeregisterContainerInstance", {"cluster": "c", "containerInstance": UUID},
         {"containerInstance": {"ec2InstanceId": "i-01234567"}}),
        ("rds", "SwitchoverBlueGreenDeployment", {"BlueGreenDeploymentIdentifier": "bgd-1"},
         {"BlueGreenDeployment": {"Source": "arn:aws:rds:eu-west-1:123456789012:db:d"}}),
    ],
)  # fmt: skip
def test_what_is_told_is_not(service, operation, parameters, result):
    assert not undetermined(made(service, operation, parameters, result))


def test_a_host_of_its_own_may_name_the_bucket():
    """`files.example.com` may be a CNAME of the bucket with that name."""
    seen = asked("GET", "/a/b.txt", host="files.example.com", service="s3")
    found = {item.name for item in resources(seen, account=ACCOUNT)}
    assert {"files.example.com", "files.example.com/a/b.txt", "a"} <= found


def test_without_a_host_the_bucket_is_not_known():
    seen = asked("GET", "/a/b.txt", service="s3", version="HTTP/1.0")
    assert undetermined(seen)
