import pytest

from apitrail.aws.call import Call, Map
from apitrail.errors import UsageError
from apitrail.policy.guarding import Around, question
from apitrail.policy.loading import load

ACCOUNT = "111122223333"


def effect(spec, service, operation, *, account=ACCOUNT, region="eu-west-1", **parameters):
    call = Call(service=service, operation=operation, region=region, parameters=parameters)
    asked = question(call, Around(account=account, region=region))
    return load([spec], {}).decide(asked).effect


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("ec2", "TerminateInstances", {"InstanceIds": ["i-12345678"]}),
        ("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}]}}),
        ("s3", "PutBucketLifecycleConfiguration", {"Bucket": "b"}),
        ("kms", "ScheduleKeyDeletion", {"KeyId": "k"}),
        ("sqs", "PurgeQueue", {"QueueUrl": "q"}),
        ("apigateway", "DeleteRestApi", {"restApiId": "a"}),
        ("dynamodb", "ExecuteStatement", {"Statement": "DELETE FROM t WHERE a = 1"}),
        ("dynamodb", "TransactWriteItems", {"TransactItems": [{"Delete": {"TableName": "films"}}]}),
        ("dynamodb", "BatchWriteItem", {"RequestItems": Map(films=[{"DeleteRequest": {"Key": {}}}])}),
        ("rds-data", "ExecuteStatement", {"sql": "DELETE FROM t"}),
    ],
)  # fmt: skip
def test_no_delete_refuses(service, operation, parameters):
    assert effect("no-delete", service, operation, **parameters) == "deny"


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("ec2", "RunInstances", {}),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k"}),
        ("kms", "CancelKeyDeletion", {"KeyId": "k"}),
        ("dynamodb", "BatchWriteItem", {"RequestItems": Map(films=[{"PutRequest": {"Item": {}}}])}),
        ("rds-data", "ExecuteStatement", {"sql": "SELECT 1"}),
    ],
)  # fmt: skip
def test_no_delete_lets_pass(service, operation, parameters):
    assert effect("no-delete", service, operation, **parameters) == "allow"


def test_no_iam_keeps_who_may_do_what():
    assert effect("no-iam", "iam", "CreateUser", UserName="bob") == "deny"
    assert effect("no-iam", "iam", "ListUsers") == "allow"
    assert effect("no-iam", "s3", "PutBucketPolicy", Bucket="b") == "deny"
    assert effect("no-iam", "organizations", "AttachPolicy") == "deny"
    # IAM's level of these is Write.
    assert effect("no-iam", "eks", "AssociateAccessPolicy", clusterName="c") == "deny"
    assert effect("no-iam", "kinesis", "PutResourcePolicy") == "deny"
    assert effect("no-iam", "ram", "CreateResourceShare") == "deny"
    assert effect("no-iam", "kinesis", "GetResourcePolicy") == "allow"
    assert effect("no-iam", "kinesis", "CreateStream") == "allow"
    role = f"arn:aws:iam::{ACCOUNT}:role/admin"
    assert effect("no-iam", "lambda", "CreateFunction", FunctionName="f", Role=role) == "deny"
    assert effect("no-iam", "lambda", "CreateFunction", FunctionName="f") == "allow"


def test_one_region():
    spec = "one-region=eu-west-1"
    assert effect(spec, "sqs", "ListQueues") == "allow"
    assert effect(spec, "sqs", "ListQueues", region="us-east-1") == "deny"
    assert effect(spec, "iam", "ListUsers", region="us-east-1") == "allow"
    assert effect(spec, "sqs", "ListQueues", region=None) == "deny"


def test_sandbox_account():
    spec = f"sandbox-account={ACCOUNT}"
    assert effect(spec, "sqs", "ListQueues") == "allow"
    assert effect(spec, "sqs", "ListQueues", account="444455556666") == "deny"
    assert effect(spec, "sqs", "ListQueues", account=None) == "deny"
    queue = "https://sqs.eu-west-1.amazonaws.com/444455556666/q"
    assert effect(spec, "sqs", "SendMessage", QueueUrl=queue) == "deny"
    assert effect(spec, "organizations", "LeaveOrganization") == "deny"


def test_a_guard_that_takes_a_value_takes_it_from_the_environment_too():
    [found] = load(["one-region"], {"AWS_REGION": "eu-north-1"}).stack
    assert '"eu-north-1"' in found.text
    with pytest.raises(UsageError, match="'one-region' takes a region"):
        load(["one-region"], {})
    with pytest.raises(UsageError, match="takes no value"):
        load(["read-only=x"], {})
