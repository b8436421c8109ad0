"""The bucket as stock clients read it: boto3 over a real port."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import delivering
from apitrail.delivery.logfiles import log_directory
from apitrail.delivery.logfiles.tree import SIDECAR, Tree
from delivering import HOUR, MINUTE


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    directory = tmp_path_factory.mktemp("served")
    calls = [delivering.at(HOUR + n * 30 * MINUTE, n) for n in range(6)]
    delivering.record(directory / "trail", calls)
    log_directory.export(directory / "trail", directory / "tree", now=HOUR + 200 * MINUTE)
    tree = Tree(directory / "tree")
    tree.put("odd/a b+c%&<é>.txt", b"odd")
    return tree


@pytest.fixture(scope="module")
def url(tree):
    with delivering.served(tree.directory) as url:
        yield url


@pytest.fixture(scope="module")
def s3(url):
    return boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="x",
        aws_secret_access_key="y",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, proxies={}),
    )  # fmt: skip


def listed(s3, operation, **options):
    pages = s3.get_paginator(operation).paginate(Bucket="apitrail", **options)
    return [item["Key"] for page in pages for item in page.get("Contents", ())]


def test_where_it_is(s3):
    assert s3.get_bucket_location(Bucket="apitrail")["LocationConstraint"] is None
    s3.head_bucket(Bucket="apitrail")


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_every_key_is_listed_in_any_pages(s3, tree, operation, size):
    keys = listed(s3, operation, PaginationConfig={"PageSize": size})
    assert keys == list(tree.objects())
    assert not any(key.endswith(SIDECAR) for key in keys)
    assert "odd/a b+c%&<é>.txt" in keys


def test_a_listing_begins_after_its_marker_and_with_its_prefix(s3, tree):
    digests = [each.key for each in tree.manifest().digests]
    prefix = "AWSLogs/123456789012/CloudTrail-Digest/eu-central-1"
    assert listed(s3, "list_objects", Prefix=prefix) == digests
    assert listed(s3, "list_objects", Prefix=prefix, Marker=digests[0]) == digests[1:]
    assert listed(s3, "list_objects_v2", Prefix=prefix, StartAfter=digests[1]) == digests[2:]


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("size", [1, 1000])
def test_folders_are_common_prefixes(s3, operation, size):
    pages = s3.get_paginator(operation).paginate(
        Bucket="apitrail", Delimiter="/", PaginationConfig={"PageSize": size}
    )
    found = [item["Prefix"] for page in pages for item in page.get("CommonPrefixes", ())]
    assert found == ["AWSLogs/", "apitrail/", "odd/"]


def test_an_object_has_its_bytes_and_its_metadata(s3, tree):
    [first, *_] = tree.manifest().digests
    answer = s3.get_object(Bucket="apitrail", Key=first.key)
    assert answer["Body"].read() == tree.read(first.key)
    assert answer["Metadata"] == first.metadata()
    head = s3.head_object(Bucket="apitrail", Key=first.key)
    assert (head["Metadata"], head["ContentLength"]) == (
        first.metadata(), len(tree.read(first.key) or b""),
    )  # fmt: skip


def test_an_odd_key_is_found(s3):
    answer = s3.get_object(Bucket="apitrail", Key="odd/a b+c%&<é>.txt")
    assert answer["Body"].read() == b"odd"


@pytest.mark.parametrize(
    ("operation", "options", "code"),
    [
        ("get_object", {"Key": "none"}, "NoSuchKey"),
        ("get_object", {"Key": "AWSLogs"}, "NoSuchKey"),
        ("get_object", {"Bucket": "other", "Key": "x"}, "NoSuchBucket"),
        ("head_object", {"Key": "none"}, "404"),
        ("list_objects", {"Bucket": "other"}, "NoSuchBucket"),
        ("put_object", {"Key": "x", "Body": b"x"}, "MethodNotAllowed"),
        ("delete_object", {"Key": "x"}, "MethodNotAllowed"),
        ("get_bucket_versioning", {}, "NotImplemented"),
        ("get_object", {"Key": "x", "VersionId": "1"}, "NotImplemented"),
    ],
)
def test_what_is_not_here_is_an_error_of_s3s(s3, operation, options, code):
    with pytest.raises(ClientError) as caught:
        getattr(s3, operation)(**{"Bucket": "apitrail"} | options)
    assert caught.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("path", ["../trail/keys/log.key", "..%2ftrail%2fkeys%2flog.key"])
def test_nothing_beside_the_tree_is_served(url, path):
    import http.client

    host = url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("GET", f"/apitrail/{path}")
    answer = connection.getresponse()
    assert answer.status == 404
    assert b"PRIVATE" not in answer.read()
