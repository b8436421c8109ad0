"""The names inside an ARN are names of what the call touches."""

from __future__ import annotations

import pytest

from apitrail.aws.call import Call
from apitrail.cloudtrail.resources import arn_parts
from apitrail.cloudtrail.resources.touching import resources

ACCOUNT = "123456789012"


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        ("cloudformation:eu-west-1:123456789012:stack/web/7c2f", ("web", "7c2f")),
        ("kafka:eu-west-1:123456789012:cluster/events/7c2f", ("events", "7c2f")),
        ("storagegateway:eu-west-1:123456789012:gateway/sgw-1/volume/vol-1", ("sgw-1", "vol-1")),
        ("datasync:eu-west-1:123456789012:task/task-1/execution/exec-1", ("task-1", "exec-1")),
        ("events:eu-west-1:123456789012:rule/bus/nightly", ("bus", "nightly")),
        ("ecs:eu-west-1:123456789012:task-definition/web:3", ("web",)),
        ("imagebuilder:eu-west-1:123456789012:image/base/1.0.0/1", ("base",)),
        ("lambda:eu-west-1:123456789012:function:f:prod", ("f",)),
        ("iam::123456789012:role/a/b/r", ()),
        ("sqs:eu-west-1:123456789012:q", ()),
        ("nobody:eu-west-1:123456789012:a/b/c", ()),
    ],
)
def test_names_are_what_the_templates_call_so(resource, found):
    assert arn_parts.names(f"arn:aws:{resource}") == found


def test_what_is_no_arn_has_none():
    assert arn_parts.names("a/b/c") == ()


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "result", "name"),
    [
        ("cloudformation", "RollbackStack", {"StackName": f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/web/7c2f"}, {}, "web"),
        ("gamelift", "TerminateGameSession", {"GameSessionId": "arn:aws:gamelift:eu-west-1::gamesession/fleet-1/g"}, {}, "fleet-1"),
        ("inspector", "StopAssessmentRun",
         {"assessmentRunArn": f"arn:aws:inspector:eu-west-1:{ACCOUNT}:target/0-a/template/0-b/run/0-c"}, {}, "0-a"),
        ("sns", "Publish", {"TargetArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:endpoint/GCM/shop/7c2f"}, {}, "app/GCM/shop"),
        ("apigateway", "DeleteBasePathMapping", {"domainName": "api.example.com", "basePath": "v1"}, {}, "api.example.com"),
        ("codebuild", "StopBuild", {"id": "web:7c2f"}, {}, "web"),
        ("ecs", "DeregisterTaskDefinition", {"taskDefinition": "web:3"}, {}, "web"),
        ("elasticbeanstalk", "SwapEnvironmentCNAMEs",
         {"SourceEnvironmentName": "blue", "DestinationEnvironmentName": "green"}, {}, "green"),
        ("logs", "CreateExportTask", {"logGroupName": "g", "destination": "archive"}, {}, "archive"),
        ("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "archive/k"}, {}, "archive"),
        ("s3control", "CreateJob", {"Manifest": {"Location": {"ObjectArn": "arn:aws:s3:::archive/m.csv"}}}, {}, "archive"),
        ("secretsmanager", "BatchGetSecretValue", {"Filters": [{"Key": "name", "Values": ["prod"]}]},
         {"SecretValues": [{"ARN": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:prod/db-AbCdEf"}]}, "prod/db"),
        ("ssm", "GetParametersByPath", {"Path": "/prod"},
         {"Parameters": [{"Name": "/prod/db", "ARN": f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/prod/db"}]}, "prod/db"),
    ],
)  # fmt: skip
def test_what_a_call_names_by_a_part_is_told(service, operation, parameters, result, name):
    call = Call(
        service=service, operation=operation, region="eu-west-1", endpoint_prefix=service,
        parameters=parameters, result=result,
    )  # fmt: skip
    assert name in {found.name for found in resources(call, account=ACCOUNT)}
