"""The whole record: fields, order, null against absent, and that it never fails."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apitrail.aws.call import Blob, Call, Error, EventStream, Map, Redacted
from apitrail.aws.sign.credential import Credential
from apitrail.cloudtrail.resources.touching import resources, undetermined
from apitrail.exchange import Tls
from cloudtrail.traffic import ACCOUNT, IDENTITY, SIGV4, call, exchange, recorded

# CloudTrail 1.11's fields that a recording of one call can have, in CloudTrail's order.
ORDER = [
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion",
    "sourceIPAddress", "userAgent", "errorCode", "errorMessage", "requestParameters",
    "responseElements", "additionalEventData", "requestID", "eventID", "readOnly", "resources",
    "eventType", "apiVersion", "managementEvent", "recipientAccountId", "vpcEndpointId",
    "eventCategory", "tlsDetails",
]  # fmt: skip

# Those that the reference's table calls "not optional".
ALWAYS = {
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion",
    "sourceIPAddress", "requestParameters", "responseElements", "eventID", "eventType",
    "eventCategory", "readOnly", "managementEvent",
}  # fmt: skip


def test_every_field_of_a_call_that_has_them_all():
    made = call(
        "dynamodb", "DeleteItem", {"TableName": "t"}, api_version="2012-08-10", request_id="R1",
        error=Error(code="ResourceInUseException", message="there is one"),
    )  # fmt: skip
    sent = exchange(
        "vpce-0a1b-5e6f.dynamodb.eu-west-1.vpce.amazonaws.com",
        status=400,
        tls=Tls(version="TLSv1.3", cipher="TLS_AES_128_GCM_SHA256"),
    )
    record = recorded(made, sent)
    assert list(record) == [name for name in ORDER if name != "additionalEventData"]
    assert record == {
        "eventVersion": "1.11",
        "userIdentity": IDENTITY,
        "eventTime": "2023-07-19T21:17:28Z",
        "eventSource": "dynamodb.amazonaws.com",
        "eventName": "DeleteItem",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-cli/2.13",
        "errorCode": "ResourceInUseException",
        "errorMessage": "there is one",
        "requestParameters": {"tableName": "t"},
        "responseElements": None,
        "requestID": "R1",
        "eventID": "a3d0c1e2-0000-4000-8000-000000000001",
        "readOnly": False,
        "resources": [
            {
                "accountId": ACCOUNT,
                "type": "AWS::DynamoDB::Table",
                "ARN": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t",
            }
        ],
        "eventType": "AwsApiCall",
        "apiVersion": "2012-08-10",
        "managementEvent": False,
        "recipientAccountId": ACCOUNT,
        "vpcEndpointId": "vpce-0a1b",
        "eventCategory": "Data",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": "vpce-0a1b-5e6f.dynamodb.eu-west-1.vpce.amazonaws.com",
        },
    }


def test_s3s_additional_data_stands_before_the_request_id():
    sent = exchange("b.s3.amazonaws.com", "/k")
    made = call("s3", "GetObject", {"Bucket": "b", "Key": "k"}, request_id="R")
    names = list(recorded(made, sent))
    assert names == [name for name in ORDER if name in names]
    assert "additionalEventData" in names


def test_unknown_call_is_a_valid_record():
    record = recorded(
        Call(), exchange("api.example.test"), account=None, credential=Credential(scheme="none")
    )
    assert set(record) == ALWAYS | {"userAgent"}
    assert record["eventName"] == "Unknown"
    assert record["eventSource"] == "api.example.test"
    assert record["awsRegion"] == "unknown"
    assert record["requestParameters"] is None
    assert record["responseElements"] is None
    assert record["readOnly"] is False


def test_call_without_an_answer_claims_nothing():
    silent = call("iam", "CreateUser", {"UserName": "mary"}, result=None)
    record = recorded(silent, exchange(status=None, ended=None, failure="connection reset"))
    assert record["eventTime"] == "2023-07-19T21:17:27Z"
    assert record["responseElements"] is None
    assert record["requestParameters"] == {"userName": "mary"}
    assert not {"errorCode", "errorMessage", "requestID"} & set(record)


def test_long_texts_are_cut_to_a_kilobyte():
    error = Error(code="c" * 2000, message="é" * 2000)
    sent = exchange(status=400, headers=(("User-Agent", "u" * 2000),))
    record = recorded(call("iam", "GetUser", error=error, request_id="r" * 2000), sent)
    sizes = {
        name: len(record[name].encode())
        for name in ("errorCode", "errorMessage", "requestID", "userAgent")
    }
    assert sizes == {"errorCode": 1024, "errorMessage": 1024, "requestID": 1024, "userAgent": 12}


def test_read_only_assume_role_tells_the_session_without_its_token():
    result = {
        "Credentials": {"AccessKeyId": "ASIAX", "SessionToken": Redacted("d")},
        "AssumedRoleUser": {"Arn": "arn:aws:sts::123456789012:assumed-role/r/s"},
    }
    made = call("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::123456789012:role/r"}, result=result)
    record = recorded(made)
    assert record["readOnly"] is True
    assert record["responseElements"] == {
        "credentials": {"accessKeyId": "ASIAX", "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS"},
        "assumedRoleUser": {"arn": "arn:aws:sts::123456789012:assumed-role/r/s"},
    }
    assert [item["type"] for item in record["resources"]] == ["AWS::IAM::Role"]


def test_resources_at_hand_are_not_searched_again():
    made = call("dynamodb", "GetItem", {"TableName": "t"})
    assert "resources" not in recorded(made, touched=[])
    touched = resources(made, account=ACCOUNT)
    assert recorded(made, touched=touched) == recorded(made)


SERVICES = [
    "a-service", "apigateway", "ce", "dynamodb", "ec2", "guardduty", "iam", "kms", "lambda",
    "rds", "s3", "s3control", "sqs", "ssm", "sts",
]  # fmt: skip
OPERATIONS = [
    "AssumeRole", "BatchWriteItem", "CopyObject", "CreateFlowLogs", "CreateUser",
    "DeleteObjects", "DescribeInstanceTypes", "DescribeInstances", "Invoke", "ListObjectsV2",
    "PutBucketPolicy", "PutItem", "RunInstances", "SendMessage", "Xyz", "",
]  # fmt: skip
MEMBERS = [
    "AmiLaunchIndex", "Body", "Bucket", "CopySource", "Delete", "Grants", "InstanceIds", "Item",
    "Key", "KeyId", "Keys", "Name", "Objects", "Policy", "QueueUrl", "RequestItems",
    "ResourceType", "Return", "TableName", "TagSpecifications", "Tags", "UserName", "Value", "",
]  # fmt: skip

zones = st.one_of(st.none(), st.integers(-14, 14).map(lambda h: timezone(timedelta(hours=h))))
texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["arn:aws:s3:::b", "arn:aws:iam::1:role/", "i-01234567", "alias/", "{", "https://x/000000000000/q",
         "\udc80", "${x}", "a/b:c", "arn:aws:x:::" + "y" * 3000]
    ),
)  # fmt: skip
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, texts.map(Redacted),
    st.binary(max_size=9), st.datetimes(timezones=zones),
    st.just(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
    st.just(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14)))),
    st.just(Blob(length=1, sha256=b"")), st.just(EventStream(counts=Map(A=1))),
    st.just(object()), st.just({1, 2}), st.just(1j),
)  # fmt: skip
names = st.one_of(st.sampled_from(MEMBERS), st.text(max_size=8), texts.map(Redacted))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(names, inner, max_size=5),
        st.dictionaries(names, inner, max_size=4).map(Map),
    ),
    max_leaves=15,
)
structures = st.one_of(st.none(), st.dictionaries(names, values, max_size=5))
errors = st.one_of(
    st.none(),
    st.builds(
        Error,
        code=st.one_of(texts, st.just("404")),
        message=st.one_of(st.none(), texts),
        shape=st.one_of(st.none(), texts),
    ),
)
calls = st.builds(
    Call,
    service=st.one_of(st.none(), st.sampled_from(SERVICES), texts),
    operation=st.one_of(st.none(), st.sampled_from(OPERATIONS), texts),
    api_version=st.one_of(st.none(), texts),
    signing_name=st.one_of(st.none(), st.sampled_from(SERVICES), texts),
    endpoint_prefix=st.one_of(st.none(), texts),
    region=st.one_of(st.none(), st.just("eu-west-1"), texts),
    parameters=structures,
    result=structures,
    error=errors,
    request_id=st.one_of(st.none(), texts),
)
exchanges = st.builds(
    exchange,
    host=texts,
    target=texts,
    headers=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    status=st.one_of(st.none(), st.integers(100, 599)),
    answer_headers=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=calls, sent=exchanges, account=st.one_of(st.none(), st.just(ACCOUNT)))
def test_record_never_fails_and_is_json(made, sent, account):
    record = recorded(made, sent, account=account)
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert set(record) >= ALWAYS
    assert list(record) == [name for name in ORDER if name in record]
    undetermined(made)


def canaried(value):
    """Every text of a value replaced by a canary, so that none could be told by chance."""
    if isinstance(value, Redacted):
        return Redacted("CANARY")
    if isinstance(value, dict):
        return type(value)(
            {Redacted("CANARY") if isinstance(k, Redacted) else k: canaried(v) for k, v in value.items()}
        )  # fmt: skip
    if isinstance(value, (list, tuple)):
        return [canaried(item) for item in value]
    return value


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=calls, key=st.sampled_from(MEMBERS))
@example(made=Call(service="s3", operation="PutObject", parameters={"Bucket": [""]}), key="Body")
def test_no_redacted_value_is_told(made, key):
    secret = {key: Redacted("CANARY")}
    hidden = Call(
        service=made.service,
        operation=made.operation,
        region="eu-west-1",
        parameters={**canaried(made.parameters or {}), **secret},
        result={**canaried(made.result or {}), **secret},
    )
    assert "CANARY" not in json.dumps(recorded(hidden))


def test_times_are_to_the_second_rounded_down():
    record = recorded(call("iam", "GetUser"), exchange(ended=1_689_801_448_999))
    assert record["eventTime"] == datetime.fromtimestamp(1_689_801_448, UTC).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


def test_unrouted_call_is_told_by_its_credential():
    record = recorded(Call(signing_name="mq"), credential=SIGV4)
    assert record["awsRegion"] == "eu-west-1"
    assert record["eventSource"] == "amazonmq.amazonaws.com"


@pytest.mark.parametrize("event_id", ["one", "two"])
def test_event_id_is_the_exchanges(event_id):
    assert recorded(call("iam", "GetUser"), exchange(id=event_id))["eventID"] == event_id
