"""ARNs: parsed strictly, found in texts, printed as they were."""

from __future__ import annotations

import pytest

from apitrail.aws.arn import LONGEST, Arn, partition


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::123456789012:user/division/mary",
        "arn:aws-cn:s3:::bucket/a:b/c",
        "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f:$LATEST",
        "arn:aws:iam::aws:policy/AdministratorAccess",
    ],
)
def test_prints_what_it_parsed(text):
    assert str(Arn.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "arn:aws:s3:::",
        "arn:other:s3:::b",
        "arn:aws:s3::",
        "x" + "arn:aws:s3:::b",
        "arn:aws:s3:::" + "b" * LONGEST,
    ],
)
def test_refuses_what_is_none(text):
    assert Arn.parse(text) is None


def test_found_in_a_message():
    message = 'User: arn:aws:iam::123456789012:user/x may not "arn:aws:s3:::b/k" it'
    assert [str(arn) for arn in Arn.within(message)] == [
        "arn:aws:iam::123456789012:user/x",
        "arn:aws:s3:::b/k",
    ]


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("arn:aws:sqs:eu-west-1:123456789012:q", "123456789012"),
        ("arn:aws:iam::aws:policy/p", None),
        ("arn:aws:s3:::b", None),
    ],
)
def test_owner_is_an_account(text, owner):
    arn = Arn.parse(text)
    assert arn is not None
    assert arn.owner == owner


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eu-west-1", "aws"),
        (None, "aws"),
    ],
)
def test_partition_of_a_region(region, expected):
    assert partition(region) == expected
