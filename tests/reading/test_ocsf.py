"""Calls as OCSF has them are valid for its schema, whatever is known of them."""

from __future__ import annotations

import jsonschema
import pytest
from ocsf_json_schema import get_ocsf_schema
from ocsf_json_schema.embedded import OcsfJsonSchemaEmbedded

from apitrail.event import Answered, Asked, CallFacts, Event, Http, Resource, Run, What, Who
from apitrail.reading import ocsf

ARN = "arn:aws:iam::123456789012:user/mary"
USERS = {
    "IAM": {"type": "IAMUser", "arn": ARN, "accountId": "123456789012", "userName": "mary",
            "principalId": "AIDA1", "accessKeyId": "AKIA1"},
    "role": {"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/r/s",
             "sessionContext": {"attributes": {"mfaAuthenticated": "false"},
                                "sessionIssuer": {"arn": "arn:aws:iam::123456789012:role/r"}}},
    "root": {"type": "Root", "accountId": "123456789012"},
    "service": {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"},
    "unknown": {"type": "Unknown"},
    "odd": "nobody",
}  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    of_all = OcsfJsonSchemaEmbedded(get_ocsf_schema(ocsf.VERSION))
    return jsonschema.Draft202012Validator(of_all.get_class_schema("api_activity", ["cloud"]))


def event(user: object = USERS["IAM"], **facts: object) -> Event:
    record = {
        "eventVersion": "1.11", "eventTime": "2026-11-27T03:00:00Z", "readOnly": False,
        "eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "awsRegion": "us-east-1",
        "eventID": "11111111-2222-4333-8444-555555555555", "recipientAccountId": "123456789012",
        "tlsDetails": {"tlsVersion": "TLSv1.3"},
    }  # fmt: skip
    call = CallFacts(started=1_795_330_000_000, ended=1_795_330_000_123, status=200)
    return Event(
        who=Who(
            record={"userIdentity": user, "sourceIPAddress": "10.0.0.7", "userAgent": "aws-cli"},
            identity={"known": "learned"}, run=Run(id="r1", labels={"build": "7"}), operator="ci",
        ),
        what=What(
            record=record, call=call,
            resources=(Resource(arn=ARN, name="mary", type="AWS::IAM::User"), Resource(name="x")),
        ),
        request=Asked(
            record={"requestParameters": {"userName": "mary", "n": 1e30}},
            http=Http(method="POST", scheme="https", host="localhost:4566", target="/?a=b"),
        ),
        response=Answered(record={"responseElements": {"user": {"arn": ARN}}}),
    )  # fmt: skip


def with_record(**fields: object) -> Event:
    made = event()
    what = What(record=made.what.record | fields, call=made.call, resources=made.resources)
    return Event(who=made.who, what=what, request=made.request, response=made.response)


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
def test_every_caller_is_valid(schema, user):
    schema.validate(ocsf.activity(event(user)))


@pytest.mark.parametrize(
    "left", [("who",), ("what",), ("request",), ("response",), ("who", "what"), ("request", "who")]
)
def test_what_was_erased_leaves_a_valid_event(schema, left):
    whole = event()
    kept = {name: getattr(whole, name) for name in ("who", "what", "request", "response")}
    schema.validate(ocsf.activity(Event(**{k: v for k, v in kept.items() if k not in left})))


def test_each_field_has_its_place(schema):
    made = ocsf.activity(event())
    schema.validate(made)
    assert made["type_uid"] == 600301
    assert (made["time"], made["duration"]) == (1_795_330_000_123, 123)
    assert made["api"]["service"] == {"name": "iam.amazonaws.com"}
    assert made["actor"]["user"]["uid"] == ARN
    assert made["src_endpoint"] == {"ip": "10.0.0.7"}
    assert made["resources"][0]["owner"]["account"]["uid"] == "123456789012"
    assert made["http_request"]["url"] == {
        "url_string": "https://localhost:4566/?a=b", "scheme": "https", "hostname": "localhost",
        "port": 4566, "path": "/", "query_string": "a=b",
    }  # fmt: skip
    assert made["unmapped"]["tlsDetails"] == {"tlsVersion": "TLSv1.3"}
    assert made["unmapped"]["apitrail"]["operator"] == "ci"


@pytest.mark.parametrize(
    ("operation", "reads", "activity"),
    [
        ("CreateUser", False, "Create"),
        ("RunInstances", False, "Create"),
        ("DescribeInstances", True, "Read"),
        ("GetCallerIdentity", True, "Read"),
        ("PutObject", False, "Update"),
        ("AuthorizeSecurityGroupIngress", False, "Update"),
        ("BatchDeleteImage", False, "Delete"),
        ("TerminateInstances", False, "Delete"),
        ("GetSessionToken", False, "Other"),
        ("Frobnicate", False, "Other"),
        ("", None, "Other"),
    ],
)
def test_an_operation_is_an_activity(schema, operation, reads, activity):
    made = ocsf.activity(with_record(eventName=operation, readOnly=reads))
    schema.validate(made)
    assert made["activity_name"] == activity
    assert made["type_uid"] == 600300 + made["activity_id"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "Success"),
        ({"errorCode": "AccessDenied", "errorMessage": "no"}, "Failure"),
        ({"errorCode": "404"}, "Failure"),
    ],
)
def test_an_outcome_is_a_status(schema, fields, status):
    made = ocsf.activity(with_record(**fields))
    schema.validate(made)
    assert made["status"] == status
    assert made.get("status_code") == fields.get("errorCode")


def test_a_call_whose_answer_never_came_has_failed(schema):
    made = event()
    what = What(record=made.what.record, call=CallFacts(started=1, failure="reset"))
    made = ocsf.activity(Event(who=made.who, what=what))
    schema.validate(made)
    assert (made["status"], made["status_detail"], made["time"]) == ("Failure", "reset", 1)


def test_a_service_that_calls_has_a_name_instead_of_an_address(schema):
    made = event()
    who = Who(record={"sourceIPAddress": "cloudformation.amazonaws.com"})
    told = ocsf.activity(Event(who=who, what=made.what))
    schema.validate(told)
    assert told["src_endpoint"] == {"svc_name": "cloudformation.amazonaws.com"}


@pytest.mark.parametrize("method", ["PROPFIND", "get", "", "M-SEARCH"])
def test_a_method_that_ocsf_has_not_is_told_beside(schema, method):
    whole = event()
    asked = Asked(record={}, http=Http(method=method, scheme="https", host="h", target="/"))
    made = ocsf.activity(Event(who=whole.who, what=whole.what, request=asked))
    schema.validate(made)
    assert "http_method" not in made["http_request"]
    assert made["unmapped"]["apitrail"]["http_method"] == method


@pytest.mark.parametrize("upstream", ["http://[::1", "", "nowhere", "https://h:99999"])
def test_a_place_that_is_none_leaves_a_valid_event(schema, upstream):
    whole = event()
    call = CallFacts(started=1, status=200, upstream=upstream)
    made = ocsf.activity(Event(who=whole.who, what=What(record=whole.what.record, call=call)))
    schema.validate(made)


def test_what_ocsf_has_no_place_for_of_a_caller_stands_under_unmapped(schema):
    made = ocsf.activity(event(USERS["role"]))
    schema.validate(made)
    assert made["unmapped"]["userIdentity"] == {"sessionContext": USERS["role"]["sessionContext"]}
    assert "userIdentity" not in ocsf.activity(event())["unmapped"]
