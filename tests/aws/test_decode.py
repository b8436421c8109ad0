"""Requests that today's botocore does not send, or sends in ways of its own."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime

import pytest

from apitrail.aws import decode
from apitrail.aws.call import Blob, Map
from apitrail.aws.sign import auth
from apitrail.exchange import Body, Request
from aws.wire import Wire

SCOPE = "AKIAQYLPMN5HFIQR7XYA/20260101/{region}/{service}/aws4_request"
FORM = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")


def request(
    method, target, *headers, host="localhost:4566", body=b"", service=None, region="eu-west-1"
):
    """A request signed, as far as a decoder can see, for a service."""
    if service:
        credential = SCOPE.format(region=region, service=service)
        value = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00"
        headers = (*headers, ("Authorization", value))
    return Request(
        method=method,
        scheme="https",
        host=host,
        target=target,
        http_version="HTTP/1.1",
        headers=tuple(headers),
        body=body if isinstance(body, Body) else Body.of(body),
    )


def call(*args, **options):
    """The decoded call of `request(...)`."""
    made = request(*args, **options)
    return decode.request(made, auth.read(made))


def named(found):
    return found.service, found.operation


def test_old_sqs_client_posts_a_form_to_the_queue():
    body = (
        b"Action=SendMessage&Version=2012-11-05&MessageBody=hi+there&DelaySeconds=5"
        b"&MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=String"
        b"&MessageAttribute.1.Value.StringValue=v%2Bw"
    )

    found = call(
        "POST",
        "/123456789012/q",
        FORM,
        body=body,
        service="sqs",
        host="sqs.eu-west-1.amazonaws.com",
    )

    assert named(found) == ("sqs", "SendMessage")
    assert found.protocol == "query"
    assert found.problems == ()
    assert found.parameters == {
        "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/q",
        "MessageBody": "hi there",
        "DelaySeconds": 5,
        "MessageAttributes": {"a": {"DataType": "String", "StringValue": "v+w"}},
    }


def test_old_sqs_batch_names_its_entries_after_their_shape():
    body = (
        b"Action=DeleteMessageBatch&QueueUrl=u"
        b"&DeleteMessageBatchRequestEntry.2.Id=two&DeleteMessageBatchRequestEntry.10.Id=ten"
    )

    found = call("POST", "/", FORM, body=body, service="sqs")

    assert found.parameters == {"QueueUrl": "u", "Entries": [{"Id": "two"}, {"Id": "ten"}]}


def test_old_cloudwatch_client_sends_a_form():
    body = (
        b"Action=PutMetricData&Version=2010-08-01&Namespace=n"
        b"&MetricData.member.1.MetricName=m&MetricData.member.1.Value=1.5"
    )

    found = call("POST", "/", FORM, body=body, service="monitoring")

    assert found.parameters == {
        "Namespace": "n",
        "MetricData": [{"MetricName": "m", "Value": 1.5}],
    }


def test_cloudfront_of_a_date_that_botocore_never_had():
    found = call("GET", "/2013-05-12/distribution/E1", service="cloudfront", region="us-east-1")

    assert named(found) == ("cloudfront", "GetDistribution")
    assert found.parameters == {"Id": "E1"}


def test_action_may_stand_in_the_url():
    target = (
        "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAQYLPMN5HFIQR7XYA%2F20260101%2Fus-east-1%2Fsts%2Faws4_request"
        "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
    )

    found = call("GET", target, host="sts.us-east-1.amazonaws.com")

    assert named(found) == ("sts", "GetCallerIdentity")
    assert (found.region, found.parameters, found.problems) == ("us-east-1", {}, ())


def test_targets_are_not_case_sensitive():
    found = call(
        "POST", "/", ("x-amz-target", "dynamodb_20120810.getitem"), body=b"{}", service="dynamodb"
    )

    assert named(found) == ("dynamodb", "GetItem")


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


def test_directory_buckets_are_listed_by_the_express_signature():
    assert call("GET", "/", service="s3express").operation == "ListDirectoryBuckets"


def test_s3_control_takes_the_account_from_header_or_host():
    host = "123456789012.s3-control.eu-west-1.amazonaws.com"

    found = call("GET", "/v20180820/accesspoint/p", host=host, service="s3")

    assert named(found) == ("s3control", "GetAccessPoint")
    assert found.parameters == {"AccountId": "123456789012", "Name": "p"}


def test_a_form_that_is_uploaded_is_an_object():
    found = call("PUT", "/b/k", FORM, body=b"Action=CreateUser&UserName=x", service="s3")

    assert named(found) == ("s3", "PutObject")


@pytest.mark.parametrize(("version", "region"), [("s3v4", "eu-west-1"), ("s3", None)])
def test_presigned_url_keeps_the_operation_s_own_query(version, region):
    wire = Wire()
    url = wire.client("s3", config={"signature_version": version}).generate_presigned_url(
        "get_object", {"Bucket": "my-bucket", "Key": "k", "VersionId": "v"}, ExpiresIn=60
    )
    host, _, target = url.partition("://")[2].partition("/")

    found = call("GET", "/" + target, host=host)

    assert named(found) == ("s3", "GetObject")
    assert found.parameters == {"Bucket": "my-bucket", "Key": "k", "VersionId": "v"}
    assert (found.region, found.problems) == (region, ())


def test_presigned_url_may_hold_headers():
    target = (
        "/k?x-amz-acl=private&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAQYLPMN5HFIQR7XYA%2F20260101%2Feu-west-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
    )

    assert call("PUT", target, host="b.s3.amazonaws.com").parameters["ACL"] == "private"


def test_browser_upload_is_a_post_object():
    parts = {"key": "up/${filename}", "acl": "private", "X-Amz-Meta-Who": "me", "policy": "e30=",
             "x-amz-credential": SCOPE.format(region="eu-west-1", service="s3"),
             "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-signature": "00"}  # fmt: skip
    body = b"".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in parts.items()
    )
    body += b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
    body += b"Content-Type: text/plain\r\n\r\nfile -- content\r\n--B--\r\n"

    found = call(
        "POST",
        "/",
        ("Content-Type", "multipart/form-data; boundary=B"),
        body=body,
        host="b.s3.amazonaws.com",
    )

    assert named(found) == ("s3", "PostObject")
    assert found.parameters == {
        "Bucket": "b",
        "Key": "up/${filename}",
        "ACL": "private",
        "Metadata": {"who": "me"},
        "Body": Blob(length=15, sha256=hashlib.sha256(b"file -- content").digest()),
    }


@pytest.mark.parametrize(
    ("sha256", "body"),
    [
        (
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            b"5\r\nhello\r\n3\r\n yo\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n",
        ),
        (
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            b"8;chunk-signature=ab\r\nhello yo\r\n0;chunk-signature=cd\r\n\r\n",
        ),
    ],
)
def test_chunk_framing_is_not_part_of_the_object(sha256, body):
    headers = (("x-amz-content-sha256", sha256), ("Content-Encoding", "aws-chunked,gzip"))

    found = call("PUT", "/b/k", *headers, body=body, service="s3")

    assert found.parameters["Body"] == Blob(length=8, sha256=hashlib.sha256(b"hello yo").digest())
    assert found.parameters["ContentEncoding"] == "gzip"
    assert found.problems == ()


def test_long_bodies_are_told_by_length_and_digest():
    body = Body(data=b"begin", length=10**9, sha256=b"\1" * 32)

    found = call("PUT", "/b/k", body=body, service="s3")

    assert found.parameters["Body"] == Blob(length=10**9, sha256=b"\1" * 32)


def test_a_body_that_was_cut_is_not_parsed():
    body = Body(data=b'{"TableName": "t", "Key"', length=10**6, sha256=b"\1" * 32)

    found = call(
        "POST", "/", ("X-Amz-Target", "DynamoDB_20120810.GetItem"), body=body, service="dynamodb"
    )

    assert (named(found), found.parameters) == (("dynamodb", "GetItem"), {})
    assert found.problems == ("body was not kept whole",)


def test_compressed_requests_are_read():
    target = ("X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData")
    body = gzip.compress(json.dumps({"Namespace": "n", "MetricData": []}).encode())

    found = call(
        "POST", "/", target, ("Content-Encoding", "custom, gzip"), body=body, service="monitoring"
    )

    assert found.parameters == {"Namespace": "n", "MetricData": []}


def test_a_bomb_is_a_doubt():
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    target = ("X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData")

    found = call("POST", "/", target, ("Content-Encoding", "gzip"), body=bomb, service="monitoring")

    assert found.operation == "PutMetricData"
    assert "too large" in found.problems[0]


def test_cbor_goes_by_its_path():
    # Indefinite lengths, tag 1 and a half float, as encoders other than botocore's write them.
    body = bytes.fromhex(
        "bf694e616d657370616365616e6a4d657472696344617461"
        "9fa36a4d65747269634e616d65616d6954696d657374616d70c1006556616c7565f93e00ffff"
    )

    found = call(
        "POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        ("Smithy-Protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor"),
        body=body, service="monitoring",
    )  # fmt: skip

    [datum] = found.parameters["MetricData"]
    assert found.protocol == "smithy-rpc-v2-cbor"
    assert datum == {"MetricName": "m", "Timestamp": datetime(1970, 1, 1, tzinfo=UTC), "Value": 1.5}


def test_account_endpoints_of_dynamodb():
    target = ("X-Amz-Target", "DynamoDB_20120810.ListTables")
    host = "123456789012.ddb.eu-west-1.amazonaws.com"

    assert named(call("POST", "/", target, host=host, body=b"{}")) == ("dynamodb", "ListTables")


def test_an_arn_in_a_path_may_be_unencoded():
    arn = "arn:aws:eks:eu-west-1:123456789012:cluster/c"

    assert call("GET", f"/tags/{arn}", service="eks").parameters == {"resourceArn": arn}


def test_twins_are_told_apart_by_the_resource():
    arn = "arn%3Aaws%3Aivs%3Aeu-west-1%3A123456789012%3Astage%2FabC"

    assert call("GET", f"/tags/{arn}", service="ivs").service == "ivs-realtime"


@pytest.mark.parametrize(
    ("agent", "service"),
    [
        ("aws-sdk-js/3.9 ua/2.1 api/neptune#3.9", "neptune"),
        ("aws-cli/2.9 md/command#docdb.describe-db-clusters", "docdb"),
        ("Boto3/1.44", "rds"),
    ],
)
def test_twins_are_told_apart_by_the_user_agent(agent, service):
    body = b"Action=DescribeDBClusters&Version=2014-10-31"

    assert (
        call("POST", "/", FORM, ("User-Agent", agent), body=body, service="rds").service == service
    )


def test_unknown_members_are_kept_and_doubted():
    body = b'{"TableName": "t", "Novelty": {"a": [1]}}'

    found = call(
        "POST",
        "/",
        ("X-Amz-Target", "DynamoDB_20120810.DescribeTable"),
        body=body,
        service="dynamodb",
    )

    assert found.parameters == {"TableName": "t", "Novelty": Map({"a": [1]})}
    assert found.problems == ("unknown member 'Novelty'",)


@pytest.mark.parametrize(
    "text",
    ["1750000000", '"1750000000"', '"2025-06-15T15:06:40Z"', '"Sun, 15 Jun 2025 15:06:40 GMT"'],
)
def test_times_are_read_in_every_format(text):
    body = f'{{"StartTime": {text}}}'.encode()
    target = ("X-Amz-Target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents")

    found = call("POST", "/", target, body=body, service="cloudtrail")

    assert found.parameters == {"StartTime": datetime(2025, 6, 15, 15, 6, 40, tzinfo=UTC)}


def test_sensitive_members_are_named():
    body = json.dumps({"Name": "n", "Value": "hush", "Type": "SecureString"}).encode()

    found = call("POST", "/", ("X-Amz-Target", "AmazonSSM.PutParameter"), body=body, service="ssm")

    assert found.sensitive_parameters == {("Value",)}


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><Tagging><TagSet>&a;</TagSet></Tagging>',
        b"<a>" * 5000,
        b"<Tagging><TagSet>",
        b"\xff\xfe\x00",
    ],
)
def test_hostile_xml_is_a_doubt(body):
    found = call("PUT", "/b?tagging", body=body, service="s3")

    assert found.operation == "PutBucketTagging"
    assert found.parameters == {"Bucket": "b"}
    assert found.problems[0].startswith("body is not XML")


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b"{", b"[]", b'"x"', b"\xff", b"1e99999"]
)
def test_hostile_json_is_a_doubt(body):
    found = call(
        "POST", "/", ("X-Amz-Target", "DynamoDB_20120810.GetItem"), body=body, service="dynamodb"
    )

    assert found.operation == "GetItem"
    assert found.problems


@pytest.mark.parametrize(
    "body",
    [
        b"\x9b" + b"\xff" * 8,
        b"\x81" * 5000,
        b"\xbf\xff\x00",
        b"\x7f\x01\xff",
        b"\xff",
        b"\xc1\x61a",
    ],
)
def test_hostile_cbor_is_a_doubt(body):
    found = call(
        "POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        ("Smithy-Protocol", "rpc-v2-cbor"), body=body, service="monitoring",
    )  # fmt: skip

    assert found.operation == "PutMetricData"
    assert found.problems


def test_list_positions_do_not_cost_memory():
    body = b"Action=DescribeInstances&InstanceId.999999999=i-1&InstanceId.99999999999999=i-2"

    found = call("POST", "/", FORM, body=body, service="ec2")

    assert found.parameters == {"InstanceIds": ["i-1"]}
    assert found.problems == ("list position '99999999999999'",)


def test_a_customer_s_own_api_is_invoked():
    found = call(
        "GET",
        "/prod/pets",
        host="abc123.execute-api.eu-west-1.amazonaws.com",
        service="execute-api",
    )

    assert named(found) == ("execute-api", "Invoke")
    assert found.region == "eu-west-1"


def test_anonymous_requests_are_not_guessed_on_unknown_aws_names():
    assert call("GET", "/a/b", host="abc.nothing.eu-west-1.on.aws").operation is None


def test_anonymous_objects_are_read():
    found = call("GET", "/k", host="b.s3.us-west-2.amazonaws.com")

    assert (named(found), found.region) == (("s3", "GetObject"), "us-west-2")


def test_sso_portal_works_without_a_signature_on_localhost():
    found = call(
        "GET", "/federation/credentials?role_name=r&account_id=1", ("x-amz-sso_bearer_token", "t")
    )

    assert named(found) == ("sso", "GetRoleCredentials")
    assert ("accessToken",) in found.sensitive_parameters


def test_needs_names_what_must_be_loaded_first():
    made = request("GET", "/v2/apis", service="apigateway")
    credential = auth.read(made)
    route = decode.route(made, credential)
    while need := decode.needs(route):
        decode.prepare(need)

    assert decode.needs(route) is None
    assert decode.request(made, credential, route).operation == "GetApis"
