"""Event sources, event names and regions."""

from __future__ import annotations

import pytest

import vectors
from apitrail.aws.call import Call
from apitrail.cloudtrail.names import UNKNOWN, aws_region, event_name, event_source, global_region
from cloudtrail.traffic import call


@pytest.mark.parametrize(
    ("service", "source"),
    [
        ("s3control", "s3"),
        ("cloudwatch", "monitoring"),
        ("stepfunctions", "states"),
        ("efs", "elasticfilesystem"),
        ("elb", "elasticloadbalancing"),
        ("elbv2", "elasticloadbalancing"),
        ("sesv2", "ses"),
        ("mq", "amazonmq"),
        ("resourcegroupstaggingapi", "tagging"),
        ("bedrock-runtime", "bedrock"),
        ("opensearchserverless", "aoss"),
        ("docdb", "rds"),
        ("dynamodbstreams", "dynamodb"),
        ("apigatewayv2", "apigateway"),
        ("servicecatalog-appregistry", "servicecatalog-appregistry"),
        ("sso-admin", "sso"),
        ("iam", "iam"),
        ("a-service-of-tomorrow", "a-service-of-tomorrow"),
    ],
)
def test_event_source(service, source):
    assert event_source(call(service, "Get")) == f"{source}.amazonaws.com"


def test_event_source_of_every_service_is_the_measured_one():
    measured = vectors.read("event_sources")["sources"]
    told = {service: event_source(call(service, "Get")) for service in measured}
    assert told == {service: accepted[0] for service, accepted in measured.items()}


def test_s3_of_directory_buckets_and_outposts_has_its_own_source():
    assert event_source(call("s3", "GetObject", signing_name="s3express")).startswith("s3express.")
    assert event_source(call("s3", "GetObject", signing_name="s3-outposts")) == (
        "s3-outposts.amazonaws.com"
    )


def test_unknown_service_is_told_by_its_signing_name_then_by_its_host():
    assert event_source(Call(signing_name="mobiletargeting")) == "pinpoint.amazonaws.com"
    assert event_source(Call(endpoint_prefix="ec2")) == "ec2.amazonaws.com"
    assert event_source(Call(), "api.example.test:8443") == "api.example.test"
    assert event_source(Call(), "[::1]:4566") == "[::1]"
    assert event_source(Call()) == "unknown"


@pytest.mark.parametrize(
    ("service", "operation", "name"),
    [
        ("lambda", "CreateFunction", "CreateFunction20150331"),
        ("lambda", "GetFunction", "GetFunction20150331v2"),
        ("lambda", "AddPermission", "AddPermission20150331v2"),
        ("lambda", "ListVersionsByFunction", "ListVersionsByFunction20150331"),
        ("lambda", "PublishLayerVersion", "PublishLayerVersion20181031"),
        ("lambda", "Invoke", "Invoke"),
        ("lambda", "TagResource", "TagResource"),
        ("cloudfront", "CreateFunction", "CreateFunction2020_05_31"),
        ("cloudfront", "PublishFunction", "PublishFunction2020_05_31"),
        ("cloudfront", "CreateDistribution", "CreateDistribution"),
        ("s3", "ListObjectsV2", "ListObjects"),
        ("s3", "ListObjects", "ListObjects"),
        ("s3", "PutBucketLifecycleConfiguration", "PutBucketLifecycle"),
        ("s3", "GetBucketNotificationConfiguration", "GetBucketNotification"),
        ("s3", "GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
        ("s3control", "GetPublicAccessBlock", "GetAccountPublicAccessBlock"),
        ("s3", "GetObjectLockConfiguration", "GetBucketObjectLockConfiguration"),
        ("s3", "GetBucketAccelerateConfiguration", "GetAccelerateConfiguration"),
        ("iam", "CreateUser", "CreateUser"),
    ],
)
def test_event_name(service, operation, name):
    assert event_name(call(service, operation)) == name


def test_unknown_operation_is_called_unknown():
    assert event_name(Call(service="s3")) == UNKNOWN == "Unknown"


@pytest.mark.parametrize(
    ("service", "region", "recorded"),
    [
        ("iam", "eu-west-1", "us-east-1"),
        ("route53", "us-gov-west-1", "us-gov-west-1"),
        ("cloudfront", "cn-north-1", "cn-northwest-1"),
        ("organizations", None, "us-east-1"),
        ("sts", "us-east-1", "us-east-1"),
        ("sts", "aws-global", "us-east-1"),
        ("ec2", "eu-west-1", "eu-west-1"),
        ("ec2", None, "unknown"),
    ],
)
def test_region(service, region, recorded):
    assert aws_region(call(service, "Get", region=region)) == recorded


def test_region_of_an_unrouted_call_is_the_signatures():
    assert aws_region(Call(), "eu-west-1") == "eu-west-1"


@pytest.mark.parametrize(
    ("region", "home"),
    [("us-iso-west-1", "us-iso-east-1"), ("us-isob-east-1", "us-isob-east-1"), ("", "us-east-1")],
)
def test_partition_has_its_own_global_region(region, home):
    assert global_region(region) == home
