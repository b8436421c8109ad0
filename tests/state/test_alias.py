"""One resource is known by several names."""

from __future__ import annotations

import pytest

from apitrail.state.alias import all_names, names_of


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("arn:aws:iam::123456789012:role/path/app", "app"),
        ("arn:aws:lambda:eu-central-1:123456789012:function:fn:live", "fn"),
        ("arn:aws:dynamodb:eu-central-1:123456789012:table/orders", "orders"),
        ("arn:aws:sqs:eu-central-1:123456789012:jobs", "jobs"),
        ("arn:aws:ssm:eu-central-1:123456789012:parameter/app/p", "/app/p"),
        ("arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-MMOncw", "db"),
        ("arn:aws:logs:eu-central-1:123456789012:log-group:/app/log:*", "/app/log"),
        ("arn:aws:cloudformation:eu-central-1:123456789012:stack/stk/951ce854", "stk"),
        ("arn:aws:ecs:eu-central-1:123456789012:service/cl/svc", "svc"),
        ("https://sqs.eu-central-1.amazonaws.com/123456789012/jobs", "jobs"),
        ("/hostedzone/Z123", "Z123"),
    ],
)
def test_a_longer_name_spells_out_the_short_one(value: str, name: str) -> None:
    assert name in names_of(value)
    assert value in names_of(value)


def test_the_end_of_a_name_with_slashes_is_no_name() -> None:
    assert "p" not in all_names(("/app/p", "arn:aws:ssm:x:1:parameter/app/p"))


def test_something_that_only_looks_like_an_arn_is_its_own_name() -> None:
    assert names_of("arn:aws:s3") == ("arn:aws:s3",)
