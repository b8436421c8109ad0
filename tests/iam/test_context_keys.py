from apitrail.aws.call import Call, Map
from apitrail.iam.context_keys import of_call


def told(prefix, service, operation, **parameters):
    return of_call(Call(service=service, operation=operation, parameters=parameters), prefix)


def test_tags_in_all_of_awss_spellings():
    spelled = [
        told("iam", "iam", "CreateUser", Tags=[{"Key": "Env", "Value": "prod"}]),
        told("ecs", "ecs", "CreateCluster", tags=[{"key": "Env", "value": "prod"}]),
        told("kms", "kms", "CreateKey", Tags=[{"TagKey": "Env", "TagValue": "prod"}]),
        told("lambda", "lambda", "CreateFunction", Tags=Map(Env="prod")),
        told("s3", "s3", "PutObject", Tagging="Env=prod"),
        told("s3", "s3", "PutObjectTagging", Tagging={"TagSet": [{"Key": "Env", "Value": "prod"}]}),
        told("ec2", "ec2", "RunInstances",
             TagSpecifications=[{"Tags": [{"Key": "Env", "Value": "prod"}]}]),
    ]  # fmt: skip
    expected = {"aws:requesttag/env": ("prod",), "aws:tagkeys": ("Env",)}
    assert spelled == [expected] * len(spelled)


def test_tags_that_are_taken_away():
    assert told("sqs", "sqs", "UntagQueue", TagKeys=["a", "b"]) == {"aws:tagkeys": ("a", "b")}


def test_members_that_are_keys_of_the_service():
    assert told("s3", "s3", "ListObjectsV2", Prefix="a/") == {"s3:prefix": ("a/",)}
    assert told("sqs", "sqs", "ListQueues", Prefix="a/") == {}


def test_whether_every_statement_is_a_plain_select():
    both = told("redshift-data", "redshift-data", "BatchExecuteStatement",
                Sqls=["SELECT 1", "DROP TABLE t"])  # fmt: skip
    assert both == {"apitrail:plainselect": ("false",)}
    one = told("athena", "athena", "StartQueryExecution", QueryString="SELECT 1")
    assert one == {"apitrail:plainselect": ("true",)}
    none = told("athena", "athena", "StartQueryExecution")
    assert none == {"apitrail:plainselect": ("false",)}
