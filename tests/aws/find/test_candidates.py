"""What signature and host say of the service."""

from __future__ import annotations

from aws.requests import call, named


def test_account_endpoints_of_dynamodb():
    target = ("X-Amz-Target", "DynamoDB_20120810.ListTables")
    host = "123456789012.ddb.eu-west-1.amazonaws.com"

    assert named(call("POST", "/", target, host=host, body=b"{}")) == ("dynamodb", "ListTables")


def test_anonymous_requests_are_not_guessed_on_unknown_aws_names():
    assert call("GET", "/a/b", host="abc.nothing.eu-west-1.on.aws").operation is None


def test_sso_portal_works_without_a_signature_on_localhost():
    found = call(
        "GET", "/federation/credentials?role_name=r&account_id=1", ("x-amz-sso_bearer_token", "t")
    )

    assert named(found) == ("sso", "GetRoleCredentials")
    assert ("accessToken",) in found.sensitive_parameters


def test_what_is_new_in_s3_control_is_no_object_of_s3():
    control = "111122223333.s3-control.us-east-1.amazonaws.com"
    new = call("GET", "/v20180820/accessgrantsinstance/new", host=control, service="s3")
    assert named(new) == (None, None)
    known = call("GET", "/v20180820/accesspoint/a", host=control, service="s3")
    assert named(known) == ("s3control", "GetAccessPoint")
    bucket = call("GET", "/k", host="111122223333.s3.us-east-1.amazonaws.com", service="s3")
    assert named(bucket) == ("s3", "GetObject")
