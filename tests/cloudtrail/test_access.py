"""readOnly, eventCategory and managementEvent."""

from __future__ import annotations

import pytest

from apitrail.aws.call import Call
from apitrail.cloudtrail.access import category, management_event, read_only
from cloudtrail.traffic import call


@pytest.mark.parametrize(
    ("service", "operation", "only_reads"),
    [
        ("ec2", "DescribeInstances", True),
        ("ec2", "RunInstances", False),
        ("iam", "SimulatePrincipalPolicy", True),
        ("kms", "Decrypt", True),
        ("kms", "GenerateDataKey", True),
        ("kms", "Sign", False),
        ("dynamodb", "BatchGetItem", True),
        ("dynamodb", "BatchWriteItem", False),
        ("s3", "SelectObjectContent", True),
        ("cloudtrail", "LookupEvents", True),
        ("sts", "AssumeRole", True),
        ("sts", "GetSessionToken", False),
        ("sts", "GetFederationToken", False),
        ("sts", "GetCallerIdentity", True),
        ("ses", "VerifyEmailIdentity", False),
        ("bedrock-runtime", "InvokeModel", True),
        ("sqs", "ReceiveMessage", True),
        ("lambda", "Invoke", False),
    ],
)
def test_read_only(service, operation, only_reads):
    assert read_only(call(service, operation)) is only_reads


def test_unknown_operation_may_have_written():
    assert read_only(Call(service="ec2", read_only_trait=None)) is False


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        *(("s3", name) for name in ("GetObject", "PutObject", "ListObjectsV2", "HeadBucket")),
        *(("s3", name) for name in ("DeleteObjects", "PutObjectAcl", "ListObjectVersions")),
        *(("dynamodb", name) for name in ("PutItem", "Query", "TransactWriteItems")),
        ("dynamodbstreams", "GetRecords"),
        ("lambda", "Invoke"),
        ("sns", "Publish"),
        ("sqs", "SendMessage"),
        ("kinesis", "PutRecords"),
        ("cloudwatch", "PutMetricData"),
        ("cognito-identity", "GetId"),
        ("stepfunctions", "StartSyncExecution"),
    ],
)
def test_data_event(service, operation):
    assert category(call(service, operation)) == "Data"
    assert not management_event(call(service, operation))


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("s3", "CreateBucket"),
        ("s3", "ListBuckets"),
        ("s3", "PutBucketPolicy"),
        ("dynamodb", "DescribeTable"),
        ("kms", "Decrypt"),
        ("secretsmanager", "GetSecretValue"),
        ("ssm", "GetParameter"),
        ("sts", "AssumeRole"),
        ("sqs", "PurgeQueue"),
        ("bedrock-runtime", "InvokeModel"),
        ("logs", "Query"),
    ],
)
def test_management_event(service, operation):
    assert category(call(service, operation)) == "Management"


def test_unknown_operation_is_a_management_event():
    assert management_event(Call())
