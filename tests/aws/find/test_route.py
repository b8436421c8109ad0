"""Names that are given twice, at every place and in every spelling, and those that may be."""

from __future__ import annotations

import pytest

from apitrail.cloudtrail.resources import touching
from aws.requests import FORM, JSON, decoded, request, target

TABLE = b'{"TableName": "t", "Key": {"k": {"S": "a"}}}'
BOUNDARY = ("Content-Type", "multipart/form-data; boundary=B")


def form_data(*fields):
    parts = [
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
    ]
    file = '--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--B--\r\n'
    return "".join([*parts, file]).encode()


TWICE = {
    "a form's field": ("POST", "/", (FORM,), b"Action=DeleteUser&UserName=bob&UserName=alice", "iam"),
    "encoded": ("POST", "/", (FORM,), b"Action=DeleteUser&UserName=bob&%55serName=alice", "iam"),
    "query and form": ("POST", "/?Action=GetUser", (FORM,), b"Action=DeleteUser&UserName=bob", "iam"),
    "the value in query and form": ("POST", "/?UserName=a", (FORM,), b"Action=DeleteUser&UserName=b", "iam"),
    "inside of a list": ("POST", "/", (FORM,), b"Action=TagUser&UserName=b&Tags.member.1.Key=a&Tags.member.1.Key=b&Tags.member.1.Value=c", "iam"),
    "a list's position": ("POST", "/", (FORM,), b"Action=DescribeInstances&InstanceId.1=i-1&InstanceId.01=i-2", "ec2"),
    "JSON": ("POST", "/", (JSON, target("DeleteTable")), b'{"TableName": "a", "TableName": "b"}', "dynamodb"),
    "JSON escaped": ("POST", "/", (JSON, target("DeleteTable")), b'{"TableName": "a", "\\u0054ableName": "b"}', "dynamodb"),
    "a key of a map": ("POST", "/", (JSON, target("DeleteItem")), b'{"TableName": "t", "Key": {"k": {"S": "a"}, "k": {"S": "b"}}}', "dynamodb"),
    "deep in JSON": ("POST", "/", (JSON, target("DeleteItem")), b'{"TableName": "t", "Key": {"k": {"S": "a", "S": "b"}}}', "dynamodb"),
    "targets": ("POST", "/", (JSON, target("DeleteItem"), ("x-amz-target", "DynamoDB_20120810.GetItem")), TABLE, "dynamodb"),
    "REST's JSON": ("POST", "/2017-03-31/tags/arn:aws:lambda:eu-west-1:1:function:f", (), b'{"Tags": {"a": "1", "a": "2"}}', "lambda"),
    "a query": ("DELETE", "/bucket/k?versionId=1&versionId=2", (), b"", "s3"),
    "a query encoded": ("DELETE", "/bucket/k?versionId=1&version%49d=2", (), b"", "s3"),
    "a header": ("PUT", "/bucket/k", (("x-amz-copy-source", "/a/b"), ("X-Amz-Copy-Source", "/a/c")), b"", "s3"),
    "header and query": ("PUT", "/bucket/k?x-amz-acl=private", (("x-amz-acl", "public-read"),), b"", "s3"),
    "metadata": ("PUT", "/bucket/k", (("x-amz-meta-a", "1"), ("X-Amz-Meta-A", "2")), b"", "s3"),
    "XML": ("PUT", "/bucket?versioning", (), b"<VersioningConfiguration><Status>Enabled</Status><Status>Suspended</Status></VersioningConfiguration>", "s3"),
    "CBOR": ("POST", "/service/GraniteServiceVersion20100801/operation/DeleteAlarms", (("Smithy-Protocol", "rpc-v2-cbor"),), bytes.fromhex("a2 6a 416c61726d4e616d6573 81 6161 6a 416c61726d4e616d6573 81 6162"), "monitoring"),
    "CBOR without a length": ("POST", "/service/GraniteServiceVersion20100801/operation/DeleteAlarms", (("Smithy-Protocol", "rpc-v2-cbor"),), bytes.fromhex("bf 6a 416c61726d4e616d6573 81 6161 6a 416c61726d4e616d6573 81 6162 ff"), "monitoring"),
    "an upload's key": ("POST", "/bucket", (BOUNDARY,), form_data(("key", "a"), ("Key", "b")), "s3"),
    "signatures": ("DELETE", "/bucket/k", (("authorization", "AWS AKIDEXAMPLE00000:x"),), b"", "s3"),
    "target and action": ("POST", "/", (("X-Amz-Target", "AmazonSQS.ListQueues"), FORM), b"Action=DeleteQueue&QueueUrl=q", "sqs"),
    "target and a query's action": ("POST", "/?Action=DeleteTable", (JSON, target("DescribeTable")), TABLE, "dynamodb"),
    "path and a query's action": ("GET", "/2015-03-31/functions/?Action=DeleteFunction", (), b"", "lambda"),
    "type of content": ("POST", "/", (JSON, FORM, target("DeleteItem")), TABLE, "dynamodb"),
}  # fmt: skip
ONCE = {
    "a list in a query": ("DELETE", "/v2/tags/arn%3Aaws%3Aapigateway?tagKeys=a&tagKeys=b", (), b"", "apigateway"),
    "a list in a form": ("POST", "/", (FORM,), b"Action=DescribeInstances&InstanceId.1=i-1&InstanceId.2=i-1", "ec2"),
    "a list in JSON": ("POST", "/", (JSON, target("BatchGetItem")), b'{"RequestItems": {"a": {"Keys": [{"k": {"S": "a"}}, {"k": {"S": "a"}}]}}}', "dynamodb"),
    "a flat list in XML": ("PUT", "/bucket?tagging", (), b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>", "s3"),
    "headers that are lists": ("GET", "/bucket/k?attributes", (("x-amz-object-attributes", "ETag"), ("x-amz-object-attributes", "ObjectSize")), b"", "s3"),
    "encodings": ("PUT", "/bucket/k", (("Content-Encoding", "aws-chunked"), ("Content-Encoding", "gzip")), b"", "s3"),
    "an action that is none of its": ("GET", "/bucket/k?Action=look", (), b"", "s3"),
    "headers of no account": ("GET", "/bucket/k", (("X-Forwarded-For", "a"), ("X-Forwarded-For", "b")), b"", "s3"),
}  # fmt: skip


def sent(method, path, headers, body, service):
    return request(method, path, *headers, body=body, service=service)


@pytest.mark.parametrize("name", TWICE)
def test_what_is_given_twice_is_ambiguous(name):
    found = decoded(sent(*TWICE[name]))

    assert found.ambiguous
    assert set(found.ambiguous) <= set(found.problems)
    assert touching.undetermined(found)


@pytest.mark.parametrize("name", ONCE)
def test_what_may_be_repeated_is_not(name):
    found = decoded(sent(*ONCE[name]))

    assert found.operation is not None
    assert (found.ambiguous, found.other) == ((), None)


@pytest.mark.parametrize(
    ("name", "readings"),
    [
        ("a form's field", {"bob", "alice"}),
        ("encoded", {"bob", "alice"}),
        ("JSON", {"a", "b"}),
        ("JSON escaped", {"a", "b"}),
    ],
)
def test_both_readings_name_their_resources(name, readings):
    found = decoded(sent(*TWICE[name]))
    touched = touching.resources(found, account="123456789012")

    assert {resource.name for resource in touched} == readings


def test_both_readings_name_their_operation():
    found = decoded(sent(*TWICE["query and form"]))

    assert {found.operation, found.other.operation} == {"GetUser", "DeleteUser"}
    assert "it may be iam:DeleteUser as well" in found.problems
