"""What a call does not name itself, and what can be told of it all the same."""

from __future__ import annotations

import pytest

from apitrail.aws.call import Call, Map
from apitrail.cloudtrail.resources.touching import resources, undetermined

ACCOUNT = "123456789012"
HERE = f"eu-west-1:{ACCOUNT}"
UUID = "a1b2c3d4-5678-90ab-cdef-11111EXAMPLE"
SCALING = f"arn:aws:autoscaling:{HERE}:scalingPolicy:{UUID}:autoScalingGroupName/g:policyName/p"
QUEUE = f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/q"
LISTENER = f"arn:aws:elasticloadbalancing:{HERE}:listener/app/lb/0123/4567"
RULE = LISTENER.replace("listener/", "listener-rule/") + "/89ab"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
SUBSCRIPTION = f"arn:aws:sns:{HERE}:topic:6b0e71bd-7e97-4d97-80ce-4a0994e55286"
REDRIVE = f'{{"deadLetterTargetArn":"arn:aws:sqs:{HERE}:dead","maxReceiveCount":3}}'


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "kind", "name"),
    [
        ("stepfunctions", "StopExecution", {"executionArn": f"arn:aws:states:{HERE}:execution:machine:run"},
         "AWS::StepFunctions::StateMachine", "machine"),
        ("autoscaling", "ExecutePolicy", {"PolicyName": SCALING}, "AWS::AutoScaling::AutoScalingGroup", "g"),
        ("codebuild", "BatchDeleteBuilds", {"ids": [f"project:{UUID}"]}, "AWS::CodeBuild::Project", "project"),
        ("ecs", "TagResource", {"resourceArn": f"arn:aws:ecs:{HERE}:service/web/s"}, "AWS::ECS::Cluster", "web"),
        ("eks", "TagResource", {"resourceArn": f"arn:aws:eks:{HERE}:nodegroup/web/n/{UUID}"},
         "AWS::EKS::Cluster", "web"),
        ("secretsmanager", "TagResource", {"SecretId": f"arn:aws:secretsmanager:{HERE}:secret:db/main-AbCdEf"},
         "AWS::SecretsManager::Secret", "db/main"),
        ("elbv2", "DeleteListener", {"ListenerArn": LISTENER}, BALANCER, "app/lb/0123"),
        ("elbv2", "ModifyListener", {"ListenerArn": LISTENER}, BALANCER, "app/lb/0123"),
        ("elbv2", "DeleteRule", {"RuleArn": RULE}, BALANCER, "app/lb/0123"),
        ("elbv2", "SetRulePriorities", {"RulePriorities": [{"RuleArn": RULE, "Priority": 1}]},
         "AWS::ElasticLoadBalancingV2::Listener", "app/lb/0123/4567"),
        ("sns", "Unsubscribe", {"SubscriptionArn": SUBSCRIPTION}, "AWS::SNS::Topic", "topic"),
        ("kinesis", "DeregisterStreamConsumer", {"ConsumerARN": f"arn:aws:kinesis:{HERE}:stream/s/consumer/c:1"},
         "AWS::Kinesis::Stream", "s"),
        ("ecs", "RunTask", {"taskDefinition": "t:1"}, "AWS::ECS::Cluster", "default"),
        ("events", "PutRule", {"Name": "r"}, "AWS::Events::EventBus", "default"),
        ("events", "PutEvents", {"Entries": [{"EventBusName": "b"}, {"Source": "s"}]}, "AWS::Events::EventBus", "default"),
        ("athena", "StartQueryExecution", {"QueryString": "SELECT 1"}, "AWS::Athena::WorkGroup", "primary"),
        ("athena", "StartQueryExecution", {"ResultConfiguration": {"OutputLocation": "s3://results/a/"}},
         "AWS::S3::Bucket", "results"),
        ("lambda", "CreateFunction", {"FunctionName": "f", "Code": {"S3Bucket": "code", "S3Key": "k"}},
         "AWS::S3::Bucket", "code"),
        ("s3", "PutBucketLogging", {"Bucket": "b", "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs"}}},
         "AWS::S3::Bucket", "logs"),
        ("s3", "RenameObject", {"Bucket": "bucket", "Key": "new", "RenameSource": "/old"},
         "AWS::S3::Object", "bucket/old"),
        ("s3control", "CreateAccessPoint", {"Name": "ap", "Bucket": "bucket"}, "AWS::S3::Bucket", "bucket"),
        ("sqs", "SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": Map({"RedrivePolicy": REDRIVE})},
         "AWS::SQS::Queue", "dead"),
        ("cloudcontrol", "DeleteResource", {"TypeName": "AWS::ECS::Service", "Identifier": "one|two"}, None, "two"),
        ("dynamodb", "ExecuteStatement", {"Statement": f'DELETE FROM "arn:aws:dynamodb:{HERE}:table/Music" WHERE a=1'},
         "AWS::DynamoDB::Table", "Music"),
        ("dynamodb", "ExecuteStatement", {"Statement": 'UPDATE/* */"Music" SET a=1'}, "AWS::DynamoDB::Table", "Music"),
        ("dynamodb", "ExecuteStatement", {"Statement": 'SELECT * FROM -- all\n"Music"'}, "AWS::DynamoDB::Table", "Music"),
    ],
)  # fmt: skip
def test_what_stands_behind_a_call_is_told(service, operation, parameters, kind, name):
    made = Call(
        service=service, operation=operation, region="eu-west-1", endpoint_prefix=service,
        parameters=parameters, result={},
    )  # fmt: skip
    found = resources(made, account=ACCOUNT)
    assert (kind, name) in {(each.type, each.name) for each in found}
    assert not undetermined(made, found)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "name"),
    [
        ("ecs", "RunTask", {"cluster": "web", "taskDefinition": "t:1"}, "default"),
        ("events", "PutEvents", {"Entries": [{"EventBusName": "b"}]}, "default"),
        ("lightsail", "CreateBucket", {"bucketName": "bucket"}, "s3"),
    ],
)
def test_what_is_named_is_not_the_default(service, operation, parameters, name):
    made = Call(service=service, operation=operation, region="eu-west-1", parameters=parameters)
    found = {each.name for each in resources(made, account=ACCOUNT)}
    assert name not in found
