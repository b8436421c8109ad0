"""S3's records: wire names, Host, query and headers."""

from __future__ import annotations

import json

import pytest

from apitrail.aws.call import Blob, Map, Redacted
from apitrail.aws.sign.credential import Credential
from apitrail.cloudtrail.extras import additional_event_data
from apitrail.cloudtrail.parameters import request_parameters, response_elements
from apitrail.exchange import Tls
from cloudtrail.traffic import SIGV4, call, exchange, recorded

HOST = "b.s3.eu-west-1.amazonaws.com"
XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"


def asked(operation, target, parameters, headers=(), service="s3", host=HOST):
    sent = exchange(host, target, method="PUT", headers=headers)
    return request_parameters(sent, call(service, operation, parameters))


@pytest.mark.parametrize(
    ("operation", "target", "parameters", "recorded"),
    [
        ("GetObject", "/a/k?versionId=3&x-id=GetObject", {"Bucket": "b", "Key": "a/k"},
         {"versionId": "3", "x-id": "GetObject", "bucketName": "b", "key": "a/k"}),
        ("ListObjectsV2", "/?list-type=2&prefix=a%2Fb&encoding-type=url",
         {"Bucket": "b", "Prefix": "a/b"},
         {"list-type": "2", "prefix": "a/b", "encoding-type": "url", "bucketName": "b"}),
        ("GetBucketAcl", "/?acl", {"Bucket": "b"}, {"acl": "", "bucketName": "b"}),
        ("GetBucketPolicy", "/?policy=", {"Bucket": "b"}, {"policy": "", "bucketName": "b"}),
        ("ListBuckets", "/", {}, {}),
        ("PutObject", "/k",
         {"Bucket": "b", "Key": "k", "Body": Blob(length=3, sha256=b"x"), "Metadata": Map(a="b")},
         {"bucketName": "b", "key": "k"}),
        ("DeleteObjects", "/?delete", {"Bucket": "b", "Delete": {"Objects": [{"Key": "secret"}]}},
         {"delete": "", "bucketName": "b"}),
        ("CompleteMultipartUpload", "/k?uploadId=u",
         {"Bucket": "b", "Key": "k", "MultipartUpload": {"Parts": [{"PartNumber": 1}]}},
         {"uploadId": "u", "bucketName": "b", "key": "k"}),
        ("PutBucketPolicy", "/?policy", {"Bucket": "b", "Policy": '{"Statement": []}'},
         {"policy": "", "bucketName": "b", "bucketPolicy": {"Statement": []}}),
        ("PutBucketPolicy", "/?policy", {"Bucket": "b", "Policy": "not json"},
         {"policy": "", "bucketName": "b", "bucketPolicy": "not json"}),
        ("PutBucketTagging", "/?tagging",
         {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
         {"tagging": "", "bucketName": "b",
          "Tagging": {"xmlns": XMLNS, "TagSet": {"Tag": {"Key": "a", "Value": "b"}}}}),
        ("PutBucketTagging", "/?tagging",
         {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "a", "Value": "true"}, {"Key": "b", "Value": "True"}]}},
         {"tagging": "", "bucketName": "b", "Tagging": {"xmlns": XMLNS, "TagSet": {
             "Tag": [{"Key": "a", "Value": True}, {"Key": "b", "Value": "True"}]}}}),
        ("PutBucketTagging", "/?tagging", {"Bucket": "b", "Tagging": {"TagSet": []}},
         {"tagging": "", "bucketName": "b", "Tagging": {"xmlns": XMLNS, "TagSet": ""}}),
        ("PutBucketLifecycleConfiguration", "/?lifecycle",
         {"Bucket": "b", "LifecycleConfiguration": {"Rules": [{"ID": "1", "Filter": {}}]}},
         {"lifecycle": "", "bucketName": "b",
          "LifecycleConfiguration": {"xmlns": XMLNS, "Rule": {"ID": "1", "Filter": ""}}}),
        ("PutBucketLifecycleConfiguration", "/?lifecycle",
         {"Bucket": "b", "LifecycleConfiguration": {"Rules": [{"ID": "1"}, {"ID": "2"}]}},
         {"lifecycle": "", "bucketName": "b",
          "LifecycleConfiguration": {"xmlns": XMLNS, "Rule": [{"ID": "1"}, {"ID": "2"}]}}),
        ("PutBucketAcl", "/?acl",
         {"Bucket": "b", "AccessControlPolicy": {"Grants": [{"Permission": "READ"}]}},
         {"acl": "", "bucketName": "b", "AccessControlPolicy": {
             "xmlns": XMLNS, "AccessControlList": {"Grant": {"Permission": "READ"}}}}),
        ("CreateBucket", "/",
         {"Bucket": "b", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
         {"bucketName": "b", "CreateBucketConfiguration": {
             "xmlns": XMLNS, "LocationConstraint": "eu-west-1"}}),
        ("PutBucketVersioning", "/?versioning",
         {"Bucket": "b", "VersioningConfiguration": {"MFADelete": "Enabled"}},
         {"versioning": "", "bucketName": "b", "VersioningConfiguration": {
             "xmlns": XMLNS, "MfaDelete": "Enabled"}}),
    ],
)  # fmt: skip
def test_request(operation, target, parameters, recorded):
    assert asked(operation, target, parameters) == {"Host": HOST, **recorded}


def test_account_level_calls_tell_the_account():
    assert asked(
        "GetPublicAccessBlock", "/v20180820/configuration/publicAccessBlock",
        {"AccountId": "123456789012"}, service="s3control",
    ) == {"Host": HOST, "accountId": "123456789012"}  # fmt: skip


def test_what_a_header_of_s3control_tells_is_told_once():
    told = asked(
        "GetPublicAccessBlock", "/v20180820/configuration/publicAccessBlock",
        {"AccountId": "123456789012"}, (("x-amz-account-id", "123456789012"),), service="s3control",
    )  # fmt: skip
    assert told == {"Host": HOST, "x-amz-account-id": "123456789012"}


def test_some_headers_are_told_by_their_wire_names():
    headers = (
        ("x-amz-acl", "private"),
        ("X-Amz-Server-Side-Encryption", "aws:kms"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("x-amz-copy-source", "other/k"),
        ("x-amz-date", "20230719T000000Z"),
        ("x-amz-content-sha256", "ab"),
        ("x-amz-meta-owner", "mary"),
        ("content-type", "text/plain"),
    )
    assert asked("PutObject", "/k", {"Bucket": "b", "Key": "k"}, headers) == {
        "Host": HOST,
        "x-amz-acl": "private",
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-storage-class": "STANDARD_IA",
        "x-amz-copy-source": "other/k",
        "bucketName": "b",
        "key": "k",
    }


CANARY = "canary-4711"


@pytest.mark.parametrize(
    "name",
    ["X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "Signature", "AWSAccessKeyId",
     "x-amz-server-side-encryption-customer-key", "x-amz-s3session-token", "password",
     "X%2dAmz-Signature", "s%69gnature"],
)  # fmt: skip
def test_no_secret_of_a_query_is_told(name):
    told = asked("GetObject", f"/k?{name}={CANARY}&X-Amz-Expires=60", {"Bucket": "b", "Key": "k"})
    assert CANARY not in json.dumps(told)
    assert told["X-Amz-Expires"] == "60"


@pytest.mark.parametrize(
    "name",
    ["authorization", "x-amz-security-token", "x-amz-server-side-encryption-customer-key",
     "x-amz-server-side-encryption-customer-key-md5", "x-amz-s3session-token",
     "x-amz-copy-source-server-side-encryption-customer-key", "x-amz-unheard-of", "cookie",
     "x-amz-acl-of-tomorrow"],
)  # fmt: skip
def test_no_secret_header_is_told(name):
    told = asked("PutObject", "/k", {"Bucket": "b", "Key": "k"}, ((name, CANARY),))
    assert CANARY not in json.dumps(told)


def test_a_redacted_policy_is_marked():
    told = asked("PutBucketPolicy", "/?policy", {"Bucket": "b", "Policy": Redacted(CANARY)})
    assert told["bucketPolicy"] == "HIDDEN_DUE_TO_SECURITY_REASONS"


@pytest.mark.parametrize("policy", ["[" * 900 + "]" * 900, '{"a": 1e999}', "9" * 5000])
def test_hostile_policy_is_told_somehow(policy):
    told = asked("PutBucketPolicy", "/?policy", {"Bucket": "b", "Policy": policy})
    assert "bucketPolicy" in json.loads(json.dumps(told, allow_nan=False))


def test_absurd_length_is_not_believed():
    sent = exchange(HOST, headers=(("x-amz-decoded-content-length", "9" * 5000),), body=b"hi")
    told = additional_event_data(sent, call("s3", "PutObject"), SIGV4) or {}
    assert told["bytesTransferredIn"] == 2


def test_elements_are_some_of_the_answers_headers():
    answer = (
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-version-id", "v1"),
        ("x-amz-request-id", "R"),
        ("x-amz-server-side-encryption-customer-key-MD5", CANARY),
        ("ETag", "e"),
    )
    sent = exchange(HOST, "/k", answer_headers=answer)
    assert response_elements(sent, call("s3", "PutObject")) == {
        "x-amz-server-side-encryption": "AES256",
        "x-amz-version-id": "v1",
    }
    assert response_elements(sent, call("s3", "GetObject")) is None
    assert response_elements(exchange(HOST), call("s3", "PutObject")) is None


@pytest.mark.parametrize(
    ("scheme", "version", "method"),
    [
        ("sigv4", "SigV4", "AuthHeader"),
        ("sigv4-query", "SigV4", "QueryString"),
        ("sigv2", "SigV2", "AuthHeader"),
        ("sigv2-query", "SigV2", "QueryString"),
        ("post-policy", "SigV4", "HtmlForm"),
    ],
)
def test_additional_data_tells_how_the_call_was_signed(scheme, version, method):
    sent = exchange(
        HOST, "/k", body=b"12345", answer=b"123", answer_headers=(("x-amz-id-2", "h"),),
        tls=Tls(version="TLSv1.2", cipher="ECDHE-RSA-AES128-GCM-SHA256"),
    )  # fmt: skip
    told = additional_event_data(sent, call("s3", "PutObject"), Credential(scheme=scheme))
    assert told == {
        "SignatureVersion": version,
        "CipherSuite": "ECDHE-RSA-AES128-GCM-SHA256",
        "AuthenticationMethod": method,
        "bytesTransferredIn": 5,
        "bytesTransferredOut": 3,
        "x-amz-id-2": "h",
    }


def test_chunks_are_not_counted_as_transferred():
    sent = exchange(HOST, headers=(("x-amz-decoded-content-length", "2"),), body=b"2\r\nhi\r\n0")
    told = additional_event_data(sent, call("s3", "PutObject"), SIGV4) or {}
    assert told["bytesTransferredIn"] == 2


def test_unsigned_call_tells_only_the_transfer():
    told = additional_event_data(exchange(HOST), call("s3", "GetObject"), Credential(scheme="none"))
    assert told == {"bytesTransferredIn": 0, "bytesTransferredOut": 0}


@pytest.mark.parametrize(
    ("asked_for", "applied", "told"),
    [
        (None, "AES256", "Default_SSE_S3"),
        ("AES256", "AES256", "SSE_S3"),
        ("aws:kms", "aws:kms", "SSE_KMS"),
        (None, "aws:kms", "Default_SSE_KMS"),
        (None, None, None),
    ],
)
def test_encryption_applied(asked_for, applied, told):
    name = "x-amz-server-side-encryption"
    sent = exchange(
        HOST,
        headers=((name, asked_for),) if asked_for else (),
        answer_headers=((name, applied),) if applied else (),
    )
    data = additional_event_data(sent, call("s3", "PutObject"), SIGV4) or {}
    assert data.get("SSEApplied") == told


def test_other_services_have_no_additional_data():
    assert "additionalEventData" not in recorded(call("iam", "CreateUser", {"UserName": "u"}))
