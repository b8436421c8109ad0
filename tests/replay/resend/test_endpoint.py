"""Where a replay goes."""

from __future__ import annotations

import pytest

from apitrail.errors import UsageError
from apitrail.replay.resend.endpoint import Destination
from studio import recorded


@pytest.mark.parametrize(
    ("text", "url", "region"),
    [
        ("http://localhost:4566", "http://localhost:4566", None),
        ("http://localhost:4566/", "http://localhost:4566", None),
        ("aws", None, None),
        ("https://ec2.eu-west-1.amazonaws.com", None, "eu-west-1"),
        ("https://iam.amazonaws.com", None, None),
        ("https://sqs.cn-north-1.amazonaws.com.cn", None, "cn-north-1"),
    ],
)
def test_aws_is_told_by_its_names(text: str, url: str | None, region: str | None) -> None:
    assert Destination.parse(text) == Destination(url=url, region=region)


@pytest.mark.parametrize("text", ["", "localhost", "ftp://x", "http://", "http://x:y", "http://u@h/?q"])  # fmt: skip
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not an endpoint URL"):
        Destination.parse(text)


@pytest.mark.parametrize(
    ("upstream", "text", "same"),
    [
        ("http://127.0.0.1:4566", "http://localhost:4566", 1),
        ("http://127.0.0.1:4566", "http://localhost:4567", 0),
        ("https://minio:443", "https://minio", 1),
        ("https://iam.amazonaws.com:443", "aws", 1),
        ("http://127.0.0.1:4566", "aws", 0),
        (None, "aws", 0),
    ],
)
def test_the_endpoint_it_was_recorded_from_is_recognised(
    upstream: str | None, text: str, same: int
) -> None:
    assert Destination.parse(text).recorded_here([recorded(upstream=upstream)]) == same
