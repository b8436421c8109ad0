"""What a call touches."""

from __future__ import annotations

import pytest

from apitrail.aws.arn import Arn, partition
from apitrail.aws.call import Call, Map, Redacted
from apitrail.cloudtrail.resources.resource import described
from apitrail.cloudtrail.resources.touching import MOST, Resource, listed, resources, undetermined
from cloudtrail.traffic import ACCOUNT, REGION, call

EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}:"


def touched(service, operation, parameters, result=None, **fields):
    made = call(service, operation, parameters, result=result or {}, **fields)
    return resources(made, account=ACCOUNT)


def named(*args, **fields):
    return [(found.type, found.name, found.arn) for found in touched(*args, **fields)]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "found"),
    [
        ("ec2", "TerminateInstances", {"InstanceIds": ["i-0123456789abcdef0"]},
         ("AWS::EC2::Instance", "i-0123456789abcdef0", EC2 + "instance/i-0123456789abcdef0")),
        ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "sg-01234567"},
         ("AWS::EC2::SecurityGroup", "sg-01234567", EC2 + "security-group/sg-01234567")),
        ("ec2", "DeleteVpc", {"VpcId": "vpc-01234567"},
         ("AWS::EC2::VPC", "vpc-01234567", EC2 + "vpc/vpc-01234567")),
        ("ec2", "DeregisterImage", {"ImageId": "ami-01234567"},
         ("AWS::EC2::Ami", "ami-01234567", f"arn:aws:ec2:{REGION}::image/ami-01234567")),
        ("ec2", "DeleteKeyPair", {"KeyName": "k"},
         ("AWS::EC2::KeyPair", "k", EC2 + "key-pair/k")),
        ("iam", "CreateUser", {"UserName": "mary"},
         ("AWS::IAM::User", "mary", f"arn:aws:iam::{ACCOUNT}:user/mary")),
        ("iam", "GetRole", {"RoleName": "r"},
         ("AWS::IAM::Role", "r", f"arn:aws:iam::{ACCOUNT}:role/r")),
        ("dynamodb", "PutItem", {"TableName": "Music"},
         ("AWS::DynamoDB::Table", "Music", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/Music")),
        ("dynamodb", "BatchWriteItem", {"RequestItems": Map({"Music": []})},
         ("AWS::DynamoDB::Table", "Music", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/Music")),
        ("sqs", "SendMessage", {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/210987654321/q"},
         ("AWS::SQS::Queue", "q", f"arn:aws:sqs:{REGION}:210987654321:q")),
        ("sqs", "SendMessage", {"QueueUrl": "http://localhost:4566/000000000000/q.fifo"},
         ("AWS::SQS::Queue", "q.fifo", f"arn:aws:sqs:{REGION}:000000000000:q.fifo")),
        ("sqs", "CreateQueue", {"QueueName": "q"},
         ("AWS::SQS::Queue", "q", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")),
        ("sns", "Publish", {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t"},
         ("AWS::SNS::Topic", "t", f"arn:aws:sns:{REGION}:{ACCOUNT}:t")),
        ("lambda", "Invoke", {"FunctionName": "f"},
         ("AWS::Lambda::Function", "f", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f")),
        ("kms", "Decrypt", {"KeyId": "1234-abcd"},
         ("AWS::KMS::Key", "1234-abcd", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234-abcd")),
        ("kms", "Encrypt", {"KeyId": "alias/a"},
         ("AWS::KMS::Alias", "alias/a", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/a")),
        ("ssm", "GetParameter", {"Name": "/db/password"},
         ("AWS::SSM::Parameter", "db/password", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/db/password")),
        ("logs", "CreateLogGroup", {"logGroupName": "/a/b"},
         ("AWS::Logs::LogGroup", "/a/b", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/a/b")),
        ("rds", "DeleteDBInstance", {"DBInstanceIdentifier": "d"},
         ("AWS::RDS::DBInstance", "d", f"arn:aws:rds:{REGION}:{ACCOUNT}:db:d")),
        ("eks", "DescribeCluster", {"name": "c"},
         ("AWS::EKS::Cluster", "c", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/c")),
        ("cloudformation", "DeleteStack", {"StackName": "s"},
         ("AWS::CloudFormation::Stack", "s", None)),
        ("autoscaling", "UpdateAutoScalingGroup", {"AutoScalingGroupName": "g"},
         ("AWS::AutoScaling::AutoScalingGroup", "g", None)),
        ("s3", "CreateBucket", {"Bucket": "b"}, ("AWS::S3::Bucket", "b", "arn:aws:s3:::b")),
    ],
)  # fmt: skip
def test_resource_named_by_the_request(service, operation, parameters, found):
    assert found in named(service, operation, parameters)


def test_ids_of_ec2_are_found_in_any_service_at_any_depth():
    parameters = {
        "VpcConfig": {"SubnetIds": ["subnet-01234567"], "SecurityGroupIds": ["sg-0123abcd"]}
    }
    found = {found.name for found in touched("lambda", "UpdateFunctionConfiguration", parameters)}
    assert found == {"subnet-01234567", "sg-0123abcd"}


@pytest.mark.parametrize("text", ["sg-xyz", "sg-0123", "my-sg-01234567", "i-", "foo-01234567"])
def test_what_only_looks_like_an_id_is_none(text):
    assert touched("ecs", "PutAccountSetting", {"Note": text}) == []


def test_what_a_write_made_is_found_in_its_result():
    result = {"GroupId": "sg-0123456789abcdef0"}
    found = touched("ec2", "CreateSecurityGroup", {"GroupName": "g"}, result)
    assert "sg-0123456789abcdef0" in {item.name for item in found}


def test_what_a_read_listed_is_not_touched():
    result = {"SecurityGroups": [{"GroupId": "sg-0123456789abcdef0"}]}
    assert touched("ec2", "DescribeSecurityGroups", {}, result) == []


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "result", "arn"),
    [
        ("secretsmanager", "GetSecretValue", {"SecretId": "db"},
         {"ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"},
         f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"),
        ("kms", "Decrypt", {"CiphertextBlob": b"x"},
         {"KeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"},
         f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"),
    ],
)  # fmt: skip
def test_a_read_tells_at_the_top_what_it_read(service, operation, parameters, result, arn):
    assert arn in [item.arn for item in touched(service, operation, parameters, result)]


def test_who_one_is_is_not_touched():
    result = {"Arn": f"arn:aws:iam::{ACCOUNT}:user/mary"}
    assert touched("sts", "GetCallerIdentity", {}, result) == []


def test_operations_that_iam_names_otherwise_are_matched_by_their_noun():
    assert named("apigateway", "CreateRestApi", {"name": "n"}, {"id": "abc", "name": "n"}) == [
        ("AWS::ApiGateway::RestApi", "abc", f"arn:aws:apigateway:{REGION}::/restapis/abc")
    ]


def test_no_arn_is_made_of_a_name_where_it_has_an_id():
    assert named("apigateway", "CreateRestApi", {"name": "n"}) == [
        ("AWS::ApiGateway::RestApi", "n", None)
    ]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "found"),
    [
        ("cloudformation", "CreateStack", {"StackName": "s"},
         [("AWS::CloudFormation::Stack", "s", None)]),
        ("autoscaling", "SetDesiredCapacity", {"AutoScalingGroupName": "g"},
         [("AWS::AutoScaling::AutoScalingGroup", "g", None)]),
        ("lambda", "AddPermission", {"FunctionName": "123456789012:function:f"},
         [("AWS::Lambda::Function", "f", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f")]),
        ("events", "PutRule", {"Name": "r"},
         [("AWS::Events::Rule", "r", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"),
          ("AWS::Events::EventBus", "default", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default")]),
        ("iam", "AddUserToGroup", {"UserName": "u", "GroupName": "g"},
         [("AWS::IAM::Group", "g", f"arn:aws:iam::{ACCOUNT}:group/g"),
          ("AWS::IAM::User", "u", f"arn:aws:iam::{ACCOUNT}:user/u")]),
        ("iam", "PutRolePolicy", {"RoleName": "r", "PolicyName": "inline"},
         [("AWS::IAM::Role", "r", f"arn:aws:iam::{ACCOUNT}:role/r")]),
        ("ecs", "CreateCluster",
         {"clusterName": "c", "tags": [{"key": "k", "value": "sg-01234567"}]},
         [("AWS::ECS::Cluster", "c", f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/c")]),
    ],
)  # fmt: skip
def test_exactly_these(service, operation, parameters, found):
    assert named(service, operation, parameters) == found


def test_every_one_of_many_is_touched():
    parameters = {"cluster": "c", "services": ["a", "b"]}
    arns = {arn for _, _, arn in named("ecs", "DescribeServices", parameters)}
    ecs = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
    assert arns >= {f"{ecs}:service/c/a", f"{ecs}:service/c/b"}


def test_table_of_a_statement():
    parameters = {"Statement": 'SELECT * FROM "Music"."index" WHERE Artist = ?'}
    [found] = touched("dynamodb", "ExecuteStatement", parameters)
    assert found.name == "Music"


def test_more_resources_than_are_told_are_undetermined():
    keys = [{"Key": str(number)} for number in range(6000)]
    made = call("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": keys}})
    assert len(resources(made, account=ACCOUNT)) == MOST
    assert undetermined(made)


def test_the_real_arn_wins_over_the_made_one():
    result = {"User": {"UserName": "mary", "Arn": f"arn:aws:iam::{ACCOUNT}:user/staff/mary"}}
    assert named("iam", "CreateUser", {"UserName": "mary"}, result) == [
        ("AWS::IAM::User", "mary", f"arn:aws:iam::{ACCOUNT}:user/staff/mary")
    ]


def test_an_arns_account_owns_the_resource():
    [found] = touched("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::999999999999:role/r"})
    assert found.account == "999999999999"
    assert found.type == "AWS::IAM::Role"


def test_objects_come_before_their_bucket():
    assert named("s3", "PutObject", {"Bucket": "b", "Key": "a/k"}) == [
        ("AWS::S3::Object", "b/a/k", "arn:aws:s3:::b/a/k"),
        ("AWS::S3::Bucket", "b", "arn:aws:s3:::b"),
    ]


def test_every_deleted_key_and_a_copys_source_are_touched():
    deleted = {"Bucket": "b", "Delete": {"Objects": [{"Key": "1"}, {"Key": "2"}]}}
    assert [item.name for item in touched("s3", "DeleteObjects", deleted)] == ["b/1", "b/2", "b"]
    copied = {"Bucket": "b", "Key": "k", "CopySource": "/other/a%20b?versionId=1"}
    assert "other/a b" in [item.name for item in touched("s3", "CopyObject", copied)]


def test_aws_own_policies_belong_to_no_account():
    parameters = {"UserName": "u", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    owners = {item.name: item.account for item in touched("iam", "AttachUserPolicy", parameters)}
    assert owners == {"ReadOnlyAccess": None, "u": ACCOUNT}


def test_a_template_of_everything_is_no_resource():
    assert touched("dms", "ApplyPendingMaintenanceAction", {}) == []


def test_texts_nested_beyond_every_model_are_not_searched():
    deep: object = "i-01234567"
    for _ in range(5000):
        deep = [deep]
    assert touched("ec2", "StopInstances", {"InstanceIds": deep}) == []


def test_items_of_a_table_are_data():
    parameters = {
        "TableName": "t",
        "Item": Map({"a": {"S": "arn:aws:iam::123456789012:role/r"}}),
        "ExpressionAttributeValues": Map({":v": {"S": "sg-01234567"}}),
    }
    assert [item.name for item in touched("dynamodb", "PutItem", parameters)] == ["t"]


def test_secrets_are_never_told():
    secret = Redacted("redacted:x")
    assert touched("iam", "CreateUser", {"UserName": secret}) == []
    assert touched("s3", "GetObject", {"Bucket": secret, "Key": "k"}) == []
    copied = {
        "Bucket": "b",
        "Key": secret,
        "CopySource": secret,
        "Delete": {"Objects": [{"Key": secret}]},
    }
    assert [item.name for item in touched("s3", "CopyObject", copied)] == ["b"]


def test_without_account_or_region_there_is_no_arn():
    made = call("ec2", "DeleteVpc", {"VpcId": "vpc-01234567"})
    [found] = resources(made, account=None)
    assert found == Resource(arn=None, type="AWS::EC2::VPC", name="vpc-01234567")
    nowhere = call("ec2", "DeleteVpc", {"VpcId": "vpc-01234567"}, region=None)
    [found] = resources(nowhere, account=ACCOUNT)
    assert found.arn is None


def test_partition_follows_the_region():
    parameters = {"TableName": "t"}
    [found] = touched("dynamodb", "PutItem", parameters, region="cn-north-1")
    assert found.arn == f"arn:aws-cn:dynamodb:cn-north-1:{ACCOUNT}:table/t"
    assert [partition(region) for region in ("us-gov-west-1", "eu-isoe-west-1", None)] == [
        "aws-us-gov",
        "aws-iso-e",
        "aws",
    ]


def test_the_same_resource_is_told_once():
    ids = ["i-01234567", "i-01234567"]
    assert len(touched("ec2", "StopInstances", {"InstanceIds": ids})) == 1


@pytest.mark.parametrize(
    ("arn", "kind", "name"),
    [
        ("arn:aws:iam::123456789012:role/a/b/r", "AWS::IAM::Role", "r"),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "AWS::IAM::Policy", "ReadOnlyAccess"),
        ("arn:aws:s3:::b/k/l", "AWS::S3::Object", "b/k/l"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:f:7", "AWS::Lambda::Function", "f"),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:/a/b:*", "AWS::Logs::LogGroup", "/a/b"),
        ("arn:aws:dynamodb:eu-west-1:123456789012:table/t/index/i", "AWS::DynamoDB::Table", "t"),
        ("arn:aws:kms:eu-west-1:123456789012:alias/a", "AWS::KMS::Alias", "alias/a"),
        ("arn:aws:sts::123456789012:assumed-role/r/s", "AWS::STS::AssumedRole", "r/s"),
        ("arn:aws:apigateway:eu-west-1::/restapis/abc", "AWS::ApiGateway::RestApi", "abc"),
        ("arn:aws:ecs:eu-west-1:123456789012:task-definition/t:1", "AWS::ECS::TaskDefinition", "t:1"),
        ("arn:aws:new-thing:eu-west-1:123456789012:some-kind/x", "AWS::NewThing::SomeKind", "x"),
        ("arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/n/i", "AWS::WAFv2::WebACL", "n/i"),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:/g:log-stream:s", "AWS::Logs::LogStream", "/g:s"),
        ("arn:aws:iam::123456789012:root", "AWS::IAM::Root", "123456789012"),
    ],
)  # fmt: skip
def test_type_and_name_of_an_arn(arn, kind, name):
    parsed = Arn.parse(arn)
    assert parsed is not None
    assert str(parsed) == arn
    found = described(parsed)
    assert (found.type, found.name) == (kind, name)


@pytest.mark.parametrize("text", ["arn:", "arn:aws:s3", "arn:aws:s3:::", "urn:aws:s3:::b", "x" * 9])
def test_what_is_not_an_arn(text):
    assert Arn.parse(text) is None


def test_record_lists_arns_in_cloudtrails_keys():
    found = touched("s3", "GetObject", {"Bucket": "b", "Key": "k"})
    assert listed(found, call("s3", "GetObject")) == [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::b/k"},
        {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b"},
    ]
    assert listed([Resource(arn=None, type=None, name="x")], call("iam", "GetUser")) is None


def test_parameters_of_ssm_have_no_type_in_the_record():
    made = call("ssm", "GetParameter", {"Name": "n"})
    [found] = touched("ssm", "GetParameter", {"Name": "n"})
    assert found.type == "AWS::SSM::Parameter"
    assert listed([found], made) == [{"accountId": ACCOUNT, "ARN": found.arn}]


def test_listing_of_objects_is_of_a_prefix():
    found = touched("s3", "ListObjectsV2", {"Bucket": "b"})
    assert listed(found, call("s3", "ListObjectsV2")) == [
        {"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::b/"},
        {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b"},
    ]


@pytest.mark.parametrize(
    ("made", "doubtful"),
    [
        (Call(), True),
        (Call(service="ec2", parameters={}), True),
        (Call(service="ec2", operation="RunInstances", parameters=None), True),
        (call("ec2", "TerminateInstances", {}), True),
        (call("ec2", "TerminateInstances", {"InstanceIds": ["i-01234567"]}), False),
        (call("ec2", "DescribeInstances", {}), False),
        (call("iam", "CreateUser", {"UserName": "u"}), False),
        (call("iam", "CreateUser", {"UserName": Redacted("x")}), True),
        (call("sts", "GetCallerIdentity", {}), False),
        (call("cloudformation", "DeleteStack", {"StackName": "s"}), False),
        (call("unheard-of", "DestroyThing", {}), True),
        (call("iam", "CreateUser", {"UserName": "u"}, problems=("half a body",)), True),
        (call("iam", "GetUser", {"UserName": "u"}, problems=("half a body",)), False),
        (call("unheard-of", "DescribeThing", {}), False),
    ],
)
def test_undetermined(made, doubtful):
    assert undetermined(made) is doubtful
