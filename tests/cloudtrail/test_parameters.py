"""requestParameters and responseElements of the usual services."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from apitrail.aws.call import Blob, Call, Error, EventStream, Map, Redacted
from apitrail.cloudtrail.parameters import request_parameters, response_elements
from apitrail.cloudtrail.size import PARAMETERS
from apitrail.cloudtrail.spelling import DEEPEST
from cloudtrail.traffic import call, exchange

NOON = datetime(2023, 7, 10, 12, 9, 7, tzinfo=UTC)
SECRET = Redacted("redacted:hmac-sha256:k1:ab:12")


def asked(service, operation, parameters):
    return request_parameters(exchange(), call(service, operation, parameters))


def answered(service, operation, result, **fields):
    return response_elements(exchange(), call(service, operation, result=result, **fields))


@pytest.mark.parametrize(
    ("service", "parameters", "recorded"),
    [
        ("rds", {"DBInstanceIdentifier": "d"}, {"dBInstanceIdentifier": "d"}),
        ("rds", {"KMSKeyId": "k"}, {"kMSKeyId": "k"}),
        ("rds", {"CACertificateIdentifier": "c"}, {"cACertificateIdentifier": "c"}),
        ("lambda", {"functionName": "f"}, {"functionName": "f"}),
        ("iam", {"Tags": [{"Key": "a", "Value": "b"}]}, {"tags": [{"key": "a", "value": "b"}]}),
        ("ce", {"TimePeriod": {"Start": "s"}}, {"TimePeriod": {"Start": "s"}}),
        ("securityhub", {"MaxResults": 1}, {"MaxResults": 1}),
        ("ecs", {"Tags": Map({"CostCentre": "X"})}, {"tags": {"CostCentre": "X"}}),
        ("sns", {"Attributes": Map({"K": {"DataType": "s"}})}, {"attributes": {"K": {"dataType": "s"}}}),
        ("ecs", {"Count": 2, "Force": True, "Weight": 1.5}, {"count": 2, "force": True, "weight": 1.5}),
        ("ecs", {"Weight": math.inf, "Bias": math.nan}, {"weight": "Infinity", "bias": "NaN"}),
        ("signer", {"Data": b"\x00\xff"}, {"data": "AP8="}),
        ("ecs", {"Absent": None, "Kept": ""}, {"kept": ""}),
        ("glacier", {"body": Blob(length=3, sha256=b"x"), "vaultName": "v"}, {"vaultName": "v"}),
        ("transcribe", {"AudioStream": EventStream(counts=Map())}, None),
    ],
)  # fmt: skip
def test_names_and_values(service, parameters, recorded):
    assert asked(service, "UpdateThing", parameters) == recorded


@pytest.mark.parametrize("service", ["iam", "ssm"])
def test_older_services_print_times_without_a_second_comma(service):
    assert asked(service, "Op", {"At": NOON}) == {"at": "Jul 10, 2023 12:09:07 PM"}


@pytest.mark.parametrize(
    ("moment", "printed"),
    [
        (NOON, "Jul 10, 2023, 12:09:07 PM"),
        (datetime(2023, 1, 2, 0, 5, 0, tzinfo=UTC), "Jan 2, 2023, 12:05:00 AM"),
        (datetime(2023, 1, 2, 23, 5, 0, tzinfo=UTC), "Jan 2, 2023, 11:05:00 PM"),
        (datetime(2023, 1, 2, 1, 0, tzinfo=timezone(timedelta(hours=2))), "Jan 1, 2023, 11:00:00 PM"),
    ],
)  # fmt: skip
def test_times_are_javas_in_utc(moment, printed):
    assert asked("secretsmanager", "Op", {"At": moment}) == {"at": printed}


def test_numbers_too_long_for_json_are_told_in_hex():
    assert asked("ecs", "Op", {"Count": 2**64, "Huge": 2**50_000}) == {
        "count": 2**64,
        "huge": hex(2**50_000),
    }


def test_empty_request_is_null():
    assert asked("sts", "GetCallerIdentity", {}) is None


def test_unknown_operation_has_null_parameters():
    assert request_parameters(exchange(), Call(service="iam", parameters={"A": "b"})) is None


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "recorded"),
    [
        ("ssm", "PutParameter", {"Name": "n", "Value": SECRET},
         {"name": "n", "value": "HIDDEN_DUE_TO_SECURITY_REASONS"}),
        ("ssm", "PutParameter", {"Value": "in clear"}, {"value": "HIDDEN_DUE_TO_SECURITY_REASONS"}),
        ("ssm", "SendCommand", {"Parameters": Map({"commands": ["id"]})},
         {"parameters": "HIDDEN_DUE_TO_SECURITY_REASONS", "interactive": False}),
        ("ssm", "StartAutomationExecution", {"Parameters": Map({"A": ["b"]})},
         {"parameters": {"A": ["b"]}}),
        ("rds", "CreateDBInstance", {"MasterUserPassword": SECRET},
         {"masterUserPassword": "HIDDEN_DUE_TO_SECURITY_REASONS"}),
        ("sns", "Publish", {"Message": "m", "TopicArn": "t"},
         {"message": "HIDDEN_DUE_TO_SECURITY_REASONS", "topicArn": "t"}),
        ("sqs", "SendMessage", {"MessageBody": "m"},
         {"messageBody": "HIDDEN_DUE_TO_SECURITY_REASONS"}),
        ("acm", "ExportCertificate", {"PrivateKey": SECRET}, {"privateKey": "**********"}),
        ("organizations", "CreateAccount", {"Email": "e", "AccountName": "n"},
         {"email": "****", "accountName": "****"}),
        ("cognito-idp", "AdminCreateUser", {"Username": "u", "UserPoolId": "p"},
         {"username": "HIDDEN_DUE_TO_SECURITY_REASONS", "userPoolId": "p"}),
        ("iam", "CreateLoginProfile", {"UserName": "u", "Password": SECRET}, {"userName": "u"}),
        ("secretsmanager", "PutSecretValue", {"SecretId": "s", "SecretString": SECRET},
         {"secretId": "s"}),
        ("kms", "Encrypt", {"KeyId": "k", "Plaintext": SECRET}, {"keyId": "k"}),
        ("lambda", "CreateFunction",
         {"FunctionName": "f", "Code": {"ZipFile": b"z"}, "Environment": {"Variables": Map(A=SECRET)}},
         {"functionName": "f", "code": {}, "environment": {}}),
        ("lambda", "Invoke", {"FunctionName": "f", "Payload": b"{}"}, {"functionName": "f"}),
        ("a-service", "Op", {"Deep": [{"Secret": SECRET}]},
         {"deep": [{"secret": "HIDDEN_DUE_TO_SECURITY_REASONS"}]}),
        ("a-service", "Op", {"Deep": Map({"k": SECRET, SECRET: 1})},
         {"deep": {"k": "HIDDEN_DUE_TO_SECURITY_REASONS", "HIDDEN_DUE_TO_SECURITY_REASONS": 1}}),
    ],
)  # fmt: skip
def test_secrets_become_each_services_own_marker(service, operation, parameters, recorded):
    assert asked(service, operation, parameters) == recorded


def test_neptunes_password_is_hidden_like_rdss():
    assert asked("neptune", "CreateDBCluster", {"MasterUserPassword": "x"}) == {
        "masterUserPassword": "HIDDEN_DUE_TO_SECURITY_REASONS"
    }


def test_put_item_tells_attribute_names_and_no_values():
    parameters = {
        "TableName": "Music",
        "Item": Map({"Artist": {"S": "a"}, "Year": {"N": "1"}}),
        "ExpressionAttributeValues": Map({":v": {"S": "secret"}}),
    }
    assert asked("dynamodb", "PutItem", parameters) == {
        "tableName": "Music",
        "item": ["Artist", "Year"],
    }


def test_get_item_tells_the_key_without_type_tags():
    parameters = {"TableName": "Music", "Key": Map({"Artist": {"S": "a"}})}
    assert asked("dynamodb", "GetItem", parameters) == {
        "tableName": "Music",
        "key": {"Artist": "a"},
    }


def test_batch_write_tells_tables_keys_and_attribute_names():
    requests = [
        {"PutRequest": {"Item": Map({"Artist": {"S": "a"}})}},
        {"DeleteRequest": {"Key": Map({"Artist": {"S": "b"}})}},
    ]
    assert asked("dynamodb", "BatchWriteItem", {"RequestItems": Map({"Music": requests})}) == {
        "requestItems": {
            "Music": [
                {"putRequest": {"item": ["Artist"]}},
                {"deleteRequest": {"key": {"Artist": "b"}}},
            ]
        }
    }


def test_parameters_over_the_limit_are_replaced_by_cloudtrails_notice():
    at_limit = {"policyDocument": "x" * (PARAMETERS - len('{"policyDocument":""}'))}
    over = {"PolicyDocument": at_limit["policyDocument"] + "x"}
    assert asked("iam", "PutUserPolicy", {"PolicyDocument": at_limit["policyDocument"]}) == at_limit
    assert asked("iam", "PutUserPolicy", over) == {
        "reason": "requestParameters too large",
        "omitted": True,
        "originalSize": PARAMETERS + 1,
    }


def test_values_nested_beyond_every_model_are_left_out():
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    assert asked("ecs", "Op", {"Deep": deep, "Beside": 1})["beside"] == 1
    assert str(asked("ecs", "Op", {"Deep": deep})).count("[") == DEEPEST + 1


@pytest.mark.parametrize(
    ("service", "operation", "result", "recorded"),
    [
        ("rds", "CreateDBInstance", {"DBInstance": {"Engine": "e"}}, {"engine": "e"}),
        ("redshift", "CreateCluster", {"Cluster": {"NodeType": "n"}}, {"nodeType": "n"}),
        ("rds", "CreateDBInstance", {"Tags": [1]}, {"tags": [1]}),
        ("elasticbeanstalk", "CreateApplication", {"Application": {"ApplicationName": "a"}},
         {"applicationName": "a"}),
        ("ecs", "CreateCluster", {"Cluster": {"Name": "c"}}, {"cluster": {"name": "c"}}),
        ("secretsmanager", "CreateSecret", {"ARN": "a", "Name": "n"}, {"arn": "a", "name": "n"}),
        ("iam", "CreateUser", {"User": {"UserName": "u"}}, {"user": {"userName": "u"}}),
        ("iam", "CreateAccessKey", {"AccessKey": {"AccessKeyId": "A", "SecretAccessKey": SECRET}},
         {"accessKey": {"accessKeyId": "A"}}),
        ("sts", "AssumeRole", {"Credentials": {"SessionToken": SECRET, "SecretAccessKey": SECRET}},
         {"credentials": {"sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS"}}),
        ("sts", "GetSessionToken", {"Credentials": {"AccessKeyId": "A", "Expiration": NOON}},
         {"credentials": {"accessKeyId": "A", "expiration": "Jul 10, 2023, 12:09:07 PM"}}),
        ("sqs", "SendMessage", {"MD5OfMessageBody": "m"}, {"mD5OfMessageBody": "m"}),
        ("iam", "GetUser", {"User": {"UserName": "u"}}, None),
        ("iam", "DeleteUser", {}, None),
        ("dynamodb", "PutItem", {"Attributes": Map({"a": {"S": "b"}})}, None),
        ("dynamodb", "CreateTable", {"TableDescription": {"TableName": "t"}},
         {"tableDescription": {"tableName": "t"}}),
        ("lambda", "Invoke", {"StatusCode": 200}, None),
    ],
)  # fmt: skip
def test_response_elements(service, operation, result, recorded):
    assert answered(service, operation, result) == recorded


def test_call_without_a_result_has_null_elements():
    assert response_elements(exchange(status=None), call("iam", "CreateUser", result=None)) is None


@pytest.mark.parametrize("service", ["guardduty", "eks", "appsync", "securityhub"])
def test_some_services_tell_the_message_in_the_elements(service):
    refused = call(service, "CreateThing", error=Error(code="BadRequest", message="no"))
    assert response_elements(exchange(status=400), refused) == {"message": "no"}


def test_a_refusal_has_null_elements():
    refused = call("iam", "CreateUser", error=Error(code="NoSuchEntity", message="no"))
    assert response_elements(exchange(status=404), refused) is None


DENIED = Error(code="AccessDenied", message="User: arn:aws:iam::123456789012:user/x is not …")


@pytest.mark.parametrize(
    ("service", "operation", "told"),
    [("iam", "GetUser", False), ("lambda", "GetFunction", False), ("ec2", "RunInstances", True),
     ("eks", "DescribeCluster", True), ("bedrock-runtime", "InvokeModel", True),
     ("s3control", "ListJobs", True)],
)  # fmt: skip
def test_denials_have_no_request_but_for_some_services(service, operation, told):
    made = call(service, operation, {"Name": "n"}, error=DENIED)
    assert (request_parameters(exchange(), made) is not None) is told


def test_other_refusals_keep_their_request():
    made = call("iam", "GetUser", {"UserName": "n"}, error=Error(code="NoSuchEntity"))
    assert request_parameters(exchange(), made) == {"userName": "n"}


@pytest.mark.parametrize(
    ("service", "operation", "told"),
    [("redshift", "DescribeClusters", True), ("directconnect", "DescribeConnections", True),
     ("sagemaker", "ListModels", True), ("sagemaker", "DescribeModel", False),
     ("rds", "DescribeDBInstances", False)],
)  # fmt: skip
def test_reads_whose_answers_are_recorded(service, operation, told):
    assert (answered(service, operation, {"Things": []}) is not None) is told


def test_times_as_the_wire_has_them():
    wire = b'{"createdAt": "2024-10-10T12:55:43.023139433Z"}'
    moment = datetime(2024, 10, 10, 12, 55, 43, 23139, tzinfo=UTC)
    made = call("rolesanywhere", "CreateTrustAnchor", result={"createdAt": moment})
    assert response_elements(exchange(answer=wire), made) == {
        "createdAt": "2024-10-10T12:55:43.023139433Z"
    }


def test_eks_calls_the_cluster_as_its_path_does_and_counts_seconds():
    assert asked("eks", "CreateNodegroup", {"clusterName": "c"}) == {"name": "c"}
    moment = datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    assert answered("eks", "CreateNodegroup", {"clusterName": "c", "createdAt": moment}) == {
        "clusterName": "c",
        "createdAt": 1.5,
    }


def test_flags_that_rds_fills_in():
    assert asked("rds", "ModifyDBInstance", {"ApplyImmediately": True}) == {
        "allowMajorVersionUpgrade": False,
        "applyImmediately": True,
    }
