"""The most specific route that a path fits."""

from __future__ import annotations

import pytest

from aws.requests import call


@pytest.mark.parametrize("target", ["/b", "/b/"])
def test_a_bucket_is_not_an_empty_key(target):
    assert call("GET", target, service="s3").operation == "ListObjects"


@pytest.mark.parametrize(
    ("method", "target", "headers", "operation"),
    [
        ("PUT", "/b/k", (), "PutObject"),
        ("PUT", "/b/k", (("x-amz-copy-source", "/c/d"),), "CopyObject"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", (), "UploadPart"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", (("x-amz-copy-source", "/c/d"),), "UploadPartCopy"),
        ("GET", "/b/k?uploadId=u", (), "ListParts"),
        ("GET", "/b?list-type=2", (), "ListObjectsV2"),
        ("GET", "/b?analytics&id=i", (), "GetBucketAnalyticsConfiguration"),
        ("GET", "/b?analytics", (), "ListBucketAnalyticsConfigurations"),
        ("GET", "/b?x-id=ListObjects", (), "ListObjects"),
        ("POST", "/b?delete", (), "DeleteObjects"),
        ("GET", "/", (), "ListBuckets"),
    ],
)
def test_s3_operations_differ_by_query_and_headers(method, target, headers, operation):
    assert call(method, target, *headers, service="s3").operation == operation


def test_an_arn_in_a_path_may_be_unencoded():
    arn = "arn:aws:eks:eu-west-1:123456789012:cluster/c"

    assert call("GET", f"/tags/{arn}", service="eks").parameters == {"resourceArn": arn}
