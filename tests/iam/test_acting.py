import pytest

from apitrail.aws.call import Call
from apitrail.aws.find import index
from apitrail.iam import acting, authorised


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("ssm", "SendCommand"), ("ssm", "StartSession"), ("lambda", "Invoke"),
        ("stepfunctions", "StartSyncExecution"), ("cloudformation", "CreateStack"),
        ("batch", "SubmitJob"), ("ecs", "RunTask"), ("glue", "StartJobRun"),
        ("emr", "AddJobFlowSteps"), ("events", "PutEvents"), ("sns", "Publish"),
        ("sqs", "SendMessageBatch"), ("sts", "AssumeRole"), ("sts", "GetSessionToken"),
        ("iam", "CreateAccessKey"), ("ecr", "GetAuthorizationToken"),
        ("bedrock-agent-runtime", "InvokeAgent"), ("bedrock-runtime", "StartAsyncInvoke"),
        ("config", "DeliverConfigSnapshot"), ("iottwinmaker", "GetPropertyValue"),
        ("workmail", "TestAvailabilityConfiguration"), ("acm", "ExportCertificate"),
        ("deadline", "AssumeFleetRoleForWorker"),
    ],
)  # fmt: skip
def test_calls_that_act_through_something_else(service, operation):
    assert acting.acts(service, operation, known=True)


def test_plain_reads_and_writes_do_not():
    assert not acting.acts("s3", "GetObject", known=True)
    assert not acting.acts("secretsmanager", "GetSecretValue", known=True)
    assert not acting.acts("ec2", "TerminateInstances", known=True)


def test_of_an_operation_that_iam_does_not_know_its_name_tells():
    assert acting.acts("new", "GetTemporaryCredentials", known=False)
    assert acting.acts("new", "InvokeThing", known=False)
    assert not acting.acts("new", "GetThing", known=False)


def test_every_operation_in_the_tables_is_one_of_botocores():
    known = {
        (service.name, operation)
        for service in index.load().services
        for operation in service.operations.values()
    }
    # Roles Anywhere's sessions and customers' hosts have no model of botocore's.
    assert acting.ALL - known == {
        ("rolesanywhere", "CreateSession"), ("aoss", "APIAccessAll"),
        ("aoss", "DashboardsAccessAll"), ("appsync", "EventConnect"),
        ("appsync", "EventPublish"), ("appsync", "GraphQL"), ("eks", "AccessKubernetesApi"),
        ("execute-api", "Invoke"), ("bedrock-agentcore", "InvokeGateway"),
        ("lambda", "InvokeFunctionUrl"), ("osis", "Ingest"), ("vpc-lattice-svcs", "Invoke"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("bucket", "signing", "acts"),
    [
        ("arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint/x", None, True),
        ("x-ol-alias--ol-s3", "s3", True),
        ("x-111122223333", "s3-object-lambda", True),
        ("arn:aws:s3:eu-west-1:111122223333:accesspoint/x", "s3", False),
        ("films", "s3", False),
        (None, "s3", False),
    ],
)
def test_behind_an_object_lambda_access_point_a_function_answers(bucket, signing, acts):
    call = Call(
        service="s3", operation="GetObject", signing_name=signing, parameters={"Bucket": bucket}
    )
    assert acting.acts_as_asked(call) is acts
    assert authorised.actions(call, account=None, region="eu-west-1")[0].acts is acts


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "acts"),
    [
        ("cloudcontrol", "GetResource", {"TypeName": "AWS::S3::Bucket"}, False),
        ("cloudcontrol", "GetResource", {"TypeName": "AWS::S3::Bucket", "RoleArn": "arn"}, True),
        ("cloudcontrol", "ListResources", {"TypeName": "Acme::Db::Table"}, True),
        ("sagemaker", "RenderUiTemplate", {"RoleArn": "arn", "Task": {}}, True),
        ("taxsettings", "GetTaxRegistrationDocument", {}, False),
        ("taxsettings", "GetTaxRegistrationDocument", {"destinationS3Location": {"bucket": "b"}}, True),
    ],
)  # fmt: skip
def test_what_a_call_is_told_may_have_it_act(service, operation, parameters, acts):
    call = Call(service=service, operation=operation, parameters=parameters)
    assert authorised.actions(call, account=None, region="eu-west-1")[0].acts is acts
