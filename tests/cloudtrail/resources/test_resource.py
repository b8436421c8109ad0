"""The resource that an ARN's text names, and the ARNs that a place makes."""

from __future__ import annotations

import pytest

from apitrail.cloudtrail.resources.resource import Place, Resource, spelled


@pytest.mark.parametrize(
    ("text", "kind", "name", "account"),
    [
        ("arn:aws:s3:::bucket", "AWS::S3::Bucket", "bucket", None),
        ("arn:aws:s3:::bucket/a/b", "AWS::S3::Object", "bucket/a/b", None),
        ("arn:aws:iam::123456789012:role/path/r", "AWS::IAM::Role", "r", "123456789012"),
        (
            "arn:aws:dynamodb:eu-central-1:123456789012:table/t/index/i",
            "AWS::DynamoDB::Table", "t", "123456789012",
        ),
        ("arn:aws:sqs:eu-central-1:123456789012:q", "AWS::SQS::Queue", "q", "123456789012"),
    ],
)  # fmt: skip
def test_an_arn_names_one_resource(text, kind, name, account):
    assert spelled(text) == Resource(arn=text, type=kind, name=name, account=account)
    assert spelled(text) is spelled(text)


@pytest.mark.parametrize("text", ["", "bucket", "arn:aws:s3", "arn:aws:s3:::"])
def test_what_is_no_arn_names_none(text):
    assert spelled(text) is None


def test_a_place_makes_an_arn_only_where_all_of_it_is_known():
    known = Place(partition="aws", region="eu-central-1", account="123456789012")
    assert known.arn("sqs", "q") == "arn:aws:sqs:eu-central-1:123456789012:q"
    nobody = Place(partition="aws", region="eu-central-1", account=None)
    assert nobody.arn("sqs", "q") is None
    assert nobody.arn("ec2", "image/ami-1", owned=False) == "arn:aws:ec2:eu-central-1::image/ami-1"
    assert Place(partition="aws-cn", region=None, account=None).s3("b") == "arn:aws-cn:s3:::b"
