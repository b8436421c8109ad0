"""errorCode and errorMessage."""

from __future__ import annotations

import pytest

from apitrail.aws.call import Call, Error
from apitrail.cloudtrail.error_code import error_code, error_elements, error_message
from cloudtrail.traffic import call


@pytest.mark.parametrize(
    ("service", "operation", "error", "status", "code"),
    [
        ("iam", "GetUser", Error(code="NoSuchEntity", shape="NoSuchEntityException"), 404,
         "NoSuchEntityException"),
        ("rds", "DeleteDBInstance", Error(code="DBInstanceNotFound", shape="DBInstanceNotFoundFault"),
         404, "DBInstanceNotFoundFault"),
        ("cloudwatch", "GetDashboard", Error(code="ResourceNotFound", shape="DashboardNotFoundError"),
         404, "DashboardNotFoundError"),
        ("iam", "GetUser", Error(code="AccessDenied"), 403, "AccessDenied"),
        ("dynamodb", "PutItem", Error(code="AccessDeniedException"), 400, "AccessDenied"),
        ("lambda", "Invoke", Error(code="X", shape="AccessDeniedException"), 403, "AccessDenied"),
        ("kms", "Decrypt", Error(code="ThrottlingException"), 400, "ThrottlingException"),
        ("ec2", "RunInstances", Error(code="UnauthorizedOperation"), 403,
         "Client.UnauthorizedOperation"),
        ("ec2", "RunInstances", Error(code="DryRunOperation"), 412, "Client.DryRunOperation"),
        ("ec2", "RunInstances", Error(code="InternalError"), 500, "Server.InternalError"),
        ("ec2", "RunInstances", Error(code="Client.InvalidParameterValue"), 400,
         "Client.InvalidParameterValue"),
        ("s3", "GetObject", Error(code="NoSuchKey", shape="NoSuchKey"), 404, "NoSuchKey"),
        ("s3", "PutBucketPolicy", Error(code="MalformedPolicy"), 400, "MalformedPolicy"),
        ("s3", "HeadObject", Error(code="404"), 404, "NoSuchKey"),
        ("s3", "HeadBucket", Error(code="404"), 404, "NoSuchBucket"),
        ("s3", "HeadBucket", Error(code="403"), 403, "AccessDenied"),
        ("s3", "HeadBucket", Error(code="400"), 400, "400"),
        ("iam", "GetUser", Error(code=""), 502, "502"),
    ],
)  # fmt: skip
def test_error_code(service, operation, error, status, code):
    assert error_code(call(service, operation, error=error), status) == code


def test_a_failure_without_a_code_never_looks_like_a_success():
    assert error_code(Call(), 502) == "502"


def test_success_and_silence_have_no_code():
    assert error_code(call("iam", "GetUser"), 200) is None
    assert error_code(call("iam", "GetUser", result=None), None) is None


def test_message_is_told_but_by_the_services_that_put_it_into_the_elements():
    error = Error(code="X", message="not so")
    assert error_message(call("iam", "GetUser", error=error)) == "not so"
    assert error_message(call("guardduty", "GetDetector", error=error)) is None
    assert error_message(call("iam", "GetUser", error=Error(code="X", message=""))) is None


def test_message_is_in_the_elements_of_writes_alone():
    error = Error(code="X", message="not so")
    assert error_elements(call("eks", "CreateCluster", error=error)) == {"message": "not so"}
    assert error_elements(call("eks", "DescribeCluster", error=error)) is None
