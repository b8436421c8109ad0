"""S3's many host names."""

from __future__ import annotations

import pytest

from aws.requests import call, named


@pytest.mark.parametrize(
    ("host", "target", "expected"),
    [
        ("b.s3.eu-west-1.amazonaws.com", "/k", ("b", "k")),
        ("my.dots.s3.dualstack.eu-west-1.amazonaws.com", "/k", ("my.dots", "k")),
        ("logs.us-east-1.s3.us-east-1.amazonaws.com", "/k", ("logs.us-east-1", "k")),
        ("s3.amazonaws.com", "/b/k", ("b", "k")),
        ("s3-us-west-2.amazonaws.com", "/b/k", ("b", "k")),
        ("b.s3-accelerate.amazonaws.com", "/k", ("b", "k")),
        ("b.s3-fips.us-gov-west-1.amazonaws.com", "/k", ("b", "k")),
        ("b.s3.cn-north-1.amazonaws.com.cn", "/k", ("b", "k")),
        ("b.s3.localhost.localstack.cloud:4566", "/k", ("b", "k")),
        ("b.localhost:4566", "/k", ("b", "k")),
        ("127.0.0.1:4566", "/b/k", ("b", "k")),
        ("localstack:4566", "/b/k", ("b", "k")),
        ("bucket.vpce-1a2b-3c.s3.us-east-1.vpce.amazonaws.com", "/b/k", ("b", "k")),
        (
            "b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com",
            "/k",
            ("b--use1-az4--x-s3", "k"),
        ),
        (
            "ap-123456789012.s3-accesspoint.eu-west-1.amazonaws.com",
            "/k",
            ("arn:aws:s3:eu-west-1:123456789012:accesspoint/ap", "k"),
        ),
        (
            "ap-123456789012.op-01ac.s3-outposts.us-west-2.amazonaws.com",
            "/k",
            ("arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01ac/accesspoint/ap", "k"),
        ),
        ("abc.mrap.accesspoint.s3-global.amazonaws.com", "/k", ("abc.mrap", "k")),
    ],
)
def test_s3_is_addressed_in_many_ways(host, target, expected):
    found = call("GET", target, host=host, service="s3")

    assert named(found) == ("s3", "GetObject")
    assert (found.parameters["Bucket"], found.parameters["Key"]) == expected


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("//lead", "/lead"),
        ("/a//b", "a//b"),
        ("/a/../b/./c", "a/../b/./c"),
        ("/a%2Fb%252F", "a/b%2F"),
        ("/folder/", "folder/"),
        ("/a+b%20c", "a+b c"),
        ("/caf%C3%A9", "café"),
    ],
)
@pytest.mark.parametrize("form", ["virtual", "path"])
def test_s3_keys_are_taken_as_they_are(path, key, form):
    host, target = ("b.s3.amazonaws.com", path) if form == "virtual" else ("localhost", "/b" + path)

    found = call("GET", target, host=host, service="s3")

    assert found.parameters == {"Bucket": "b", "Key": key}


def test_directory_buckets_are_listed_by_the_express_signature():
    assert call("GET", "/", service="s3express").operation == "ListDirectoryBuckets"


def test_s3_control_takes_the_account_from_header_or_host():
    host = "123456789012.s3-control.eu-west-1.amazonaws.com"

    found = call("GET", "/v20180820/accesspoint/p", host=host, service="s3")

    assert named(found) == ("s3control", "GetAccessPoint")
    assert found.parameters == {"AccountId": "123456789012", "Name": "p"}


def test_anonymous_objects_are_read():
    found = call("GET", "/k", host="b.s3.us-west-2.amazonaws.com")

    assert (named(found), found.region) == (("s3", "GetObject"), "us-west-2")
