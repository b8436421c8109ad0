"""Scripts of aws-cli commands."""

import pytest

from apitrail.replay.scripts import awscli
from apitrail.replay.scripts.steps import tell
from studio import REGION, recorded


def script(**fields):
    return "\n".join(awscli.lines(tell([recorded(region=REGION, **fields)])))


def test_plain_values_are_options():
    text = script(service="iam", operation="GetUser", parameters={"UserName": "mary"})
    assert text.endswith("aws iam get-user --user-name mary")


@pytest.mark.parametrize("value", ["-x", "file:///etc/passwd", "http://h/", "a=b", "{}"])
def test_what_aws_cli_would_take_for_something_else_is_json(value):
    text = script(service="iam", operation="GetUser", parameters={"UserName": value})
    assert "--cli-input-json" in text.splitlines()[-1]


def test_services_have_aws_cli_s_names():
    text = script(service="s3", operation="DeleteBucket", parameters={"Bucket": "b"})
    assert "aws s3api delete-bucket --bucket b" in text


def test_a_key_whose_end_aws_cli_would_misread_is_not_written():
    text = script(
        service="s3", operation="CopyObject",
        parameters={"Bucket": "b", "Key": "k", "CopySource": "a/ends%3FversionId%3D1"},
    )  # fmt: skip
    assert "not written: s3:CopyObject" in text
