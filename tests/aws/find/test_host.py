"""Names of AWS endpoints, and names that are not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from apitrail.aws.find import host


@pytest.mark.parametrize(
    "name",
    [
        "dynamodb.eu-west-1.amazonaws.com",
        "DynamoDB.EU-West-1.amazonaws.com:443",
        "sts.amazonaws.com",
        "eks.eu-west-1.amazonaws.com",
        "eks.eu-west-1.api.aws",
        "s3.dualstack.us-east-1.amazonaws.com",
        "my.bucket.s3.amazonaws.com",
        "kms-fips.us-gov-west-1.amazonaws.com",
        "ec2.us-east-1.api.aws",
        "sqs.cn-north-1.amazonaws.com.cn",
        "lambda.us-iso-east-1.c2s.ic.gov",
        "ec2.us-isof-south-1.csp.hci.ic.gov",
        "iam.eusc-de-east-1.amazonaws.eu",
        "vpce-0a1b-2c.execute-api.us-east-1.vpce.amazonaws.com",
        "search-x.us-east-1.on.aws",
        "123456789012.ddb.us-east-1.amazonaws.com",
        "eu-west-1.signin.aws.amazon.com",
    ],
)
def test_endpoints_are_known(name):
    assert host.is_aws(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "localhost:4566",
        "amazonaws.com",
        "amazonaws.com.evil.example",
        "notamazonaws.com",
        "aws.amazon.com",
        "console.aws.amazon.com",
        "ec2-1-2-3-4.compute-1.amazonaws.com",
        "ec2-1-2-3-4.eu-west-1.compute.amazonaws.com",
        "db.abc.eu-west-1.rds.amazonaws.com",
        "lb-1.eu-west-1.elb.amazonaws.com",
        "0A1B2C.gr7.eu-west-1.eks.amazonaws.com",
        "[::1]:443",
    ],
)
def test_other_names_are_not(name):
    assert not host.is_aws(name)


@pytest.mark.parametrize(
    ("name", "labels", "region", "partition"),
    [
        ("ec2.eu-west-1.amazonaws.com", ("ec2",), "eu-west-1", "aws"),
        ("kms-fips.us-gov-west-1.amazonaws.com", ("kms",), "us-gov-west-1", "aws-us-gov"),
        ("s3-us-west-2.amazonaws.com", ("s3",), "us-west-2", "aws"),
        ("b.s3.dualstack.cn-north-1.amazonaws.com.cn", ("b", "s3"), "cn-north-1", "aws-cn"),
        ("cp.maps.geo.eu-west-1.amazonaws.com", ("cp", "maps", "geo"), "eu-west-1", "aws"),
        ("vpce-1-2.sqs.eu-west-1.vpce.amazonaws.com", ("sqs",), "eu-west-1", "aws"),
        ("localhost:4566", ("localhost",), None, None),
    ],
)
def test_names_are_taken_apart(name, labels, region, partition):
    found = host.parse(name)

    assert (found.labels, found.region, found.partition) == (labels, region, partition)


def test_asking_needs_no_models():
    code = "import sys; from apitrail.aws.find import host; host.is_aws('x'); print('botocore' in sys.modules)"

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "False"
