"""Calls that act through something else: what they set in motion does not pass here.

Four sorts: they run code or a job, they send a message that others act on, they have a service write
elsewhere, or they hand out what opens a door elsewhere (credentials, tokens, presigned URLs). Access
levels tell little of this: IAM says that `sts:GetSessionToken` and `bedrock:InvokeAgent` read.
"""

from __future__ import annotations

import re

from apitrail.aws.call import Call, Value
from apitrail.remembered import remembered

# They run a customer's code, a job, or an agent that calls further. Names of IAM's actions stand for
# requests to hosts behind which a customer's code answers.
_RUNS = {
    "aoss": "APIAccessAll DashboardsAccessAll",
    "apigateway": "TestInvokeAuthorizer TestInvokeMethod",
    "appsync": "EventConnect EventPublish GraphQL",
    "apprunner": "StartDeployment ResumeService",
    "batch": "SubmitJob SubmitServiceJob",
    "bedrock-agent-runtime": "InvokeAgent InvokeFlow InvokeInlineAgent StartFlowExecution",
    "bedrock-agentcore": "InvokeAgentRuntime InvokeAgentRuntimeCommand InvokeCodeInterpreter "
    "InvokeBrowser InvokeGateway InvokeHarness StartBrowserSession StartCodeInterpreterSession",
    "cloudcontrol": "CreateResource DeleteResource UpdateResource",
    "cloudformation": "CreateChangeSet CreateStack CreateStackInstances CreateStackSet DeleteStack "
    "DeleteStackInstances ExecuteChangeSet ExecuteStackRefactor RollbackStack TestType UpdateStack "
    "UpdateStackInstances UpdateStackSet ContinueUpdateRollback",
    "codebuild": "RetryBuild RetryBuildBatch StartBuild StartBuildBatch StartSandbox "
    "StartCommandExecution StartSandboxConnection",
    "codedeploy": "CreateDeployment",
    "codepipeline": "RetryStageExecution StartPipelineExecution",
    "ecs": "ExecuteCommand RunTask StartTask",
    "eks": "AccessKubernetesApi",
    "emr": "AddJobFlowSteps RunJobFlow StartNotebookExecution",
    "emr-containers": "StartJobRun",
    "emr-serverless": "StartJobRun GetSessionEndpoint",
    "execute-api": "Invoke",
    "fis": "StartExperiment",
    "gamelift": "StartGameSessionPlacement",
    "glue": "RunStatement StartBlueprintRun StartCrawler StartJobRun StartTrigger "
    "StartWorkflowRun GetSessionEndpoint",
    "iot": "StartOnDemandAuditTask TestInvokeAuthorizer",
    "iotsitewise": "InvokeAssistant",
    # A connector is a function of the customer's.
    "iottwinmaker": "GetPropertyValue GetPropertyValueHistory",
    # It may run a function over the records that it looks at.
    "kinesisanalytics": "DiscoverInputSchema",
    "kinesisanalyticsv2": "DiscoverInputSchema",
    "lambda": "Invoke InvokeAsync InvokeFunctionUrl InvokeWithResponseStream",
    "osis": "Ingest",
    "qbusiness": "Chat ChatSync",
    "sagemaker": "CreateProcessingJob CreateTrainingJob CreateTransformJob StartPipelineExecution",
    "sagemaker-runtime": "InvokeEndpoint InvokeEndpointAsync InvokeEndpointWithResponseStream",
    "sagemaker-inference-router-runtime": "InvokeInferenceRouter InvokeInferenceRouterAsync",
    "ssm": "ResumeSession SendAutomationSignal SendCommand StartAutomationExecution "
    "StartAssociationsOnce StartChangeRequestExecution StartSession",
    "stepfunctions": "RedriveExecution StartExecution StartSyncExecution TestState",
    "transfer": "TestIdentityProvider",
    "vpc-lattice-svcs": "Invoke",
    # It asks a function, or any host with a password.
    "workmail": "TestAvailabilityConfiguration",
}

# They send what others act on.
_SENDS = {
    "apigatewaymanagementapi": "PostToConnection",
    "connectparticipant": "SendEvent SendMessage",
    "events": "PutEvents PutPartnerEvents",
    "firehose": "PutRecord PutRecordBatch",
    "iot-data": "Publish",
    "kinesis": "PutRecord PutRecords",
    "pinpoint": "SendMessages SendUsersMessages",
    "ses": "SendEmail SendRawEmail SendTemplatedEmail",
    "sesv2": "SendBulkEmail SendEmail",
    "sns": "Publish PublishBatch",
    "sqs": "SendMessage SendMessageBatch",
}

# They have a service write into a bucket, though IAM says that they read.
_STORES = {
    "bedrock-runtime": "StartAsyncInvoke",
    "config": "DeliverConfigSnapshot",
    "ec2": "GetFlowLogsIntegrationTemplate StartDeclarativePoliciesReport",
    "elasticbeanstalk": "RequestEnvironmentInfo",
}

# They hand out what is used elsewhere.
_HANDS_OUT = {
    "acm": "ExportCertificate GetAcmeExternalAccountBindingCredentials",
    "amplifybackend": "GetToken CreateToken",
    "auditmanager": "GetEvidenceFileUploadUrl",
    "bedrock-agentcore": "GetResourceApiKey GetResourceOauth2Token GetResourcePaymentToken "
    "GetWorkloadAccessToken GetWorkloadAccessTokenForJWT GetWorkloadAccessTokenForUserId "
    "CompleteResourceTokenAuth",
    "cloudwatchomni": "GetSpaceCredentialsForOrganization GetSpaceDataAccess",
    "codeartifact": "GetAuthorizationToken",
    "codepipeline": "GetJobDetails GetThirdPartyJobDetails PollForJobs",
    "cognito-identity": "GetCredentialsForIdentity GetOpenIdToken "
    "GetOpenIdTokenForDeveloperIdentity",
    "cognito-idp": "AdminInitiateAuth AdminRespondToAuthChallenge GetTokensFromRefreshToken "
    "InitiateAuth RespondToAuthChallenge",
    "connect": "GetFederationToken",
    "customer-profiles": "GetUploadJobPath",
    "datazone": "GetConnection GetEnvironmentCredentials",
    "deadline": "AssumeFleetRoleForRead AssumeFleetRoleForWorker AssumeQueueRoleForRead "
    "AssumeQueueRoleForUser AssumeQueueRoleForWorker",
    "ecr": "GetAuthorizationToken",
    "ecr-public": "GetAuthorizationToken",
    "eks-auth": "AssumeRoleForPodIdentity",
    "evs": "GetDepotUrl",
    "gamelift": "GetComputeAccess GetComputeAuthToken GetInstanceAccess RequestUploadCredentials",
    "glue": "GetDashboardUrl",
    "groundstation": "GetAgentTaskResponseUrl",
    "iam": "CreateAccessKey CreateServiceSpecificCredential ResetServiceSpecificCredential",
    "kinesis-video-signaling": "GetIceServerConfig",
    "kinesisanalyticsv2": "CreateApplicationPresignedUrl",
    "lakeformation": "AssumeDecoratedRoleWithSAML GetTemporaryDataLocationCredentials "
    "GetTemporaryGlueFunctionCredentials GetTemporaryGluePartitionCredentials "
    "GetTemporaryGlueTableCredentials",
    "license-manager": "GetAccessToken",
    "lightsail": "DownloadDefaultKeyPair GetBucketAccessKeys GetInstanceAccessDetails "
    "GetRelationalDatabaseMasterUserPassword",
    "m2": "GetSignedBluinsightsUrl",
    "mturk": "GetFileUploadURL",
    "pca-connector-scep": "GetChallengePassword",
    "quicksight": "GenerateEmbedUrlForAnonymousUser GenerateEmbedUrlForRegisteredUser "
    "GenerateEmbedUrlForRegisteredUserWithIdentity GetDashboardEmbedUrl GetSessionEmbedUrl",
    "redshift": "GetClusterCredentials GetClusterCredentialsWithIAM GetIdentityCenterAuthToken",
    "redshift-serverless": "GetCredentials GetIdentityCenterAuthToken",
    "rolesanywhere": "CreateSession",
    "route53globalresolver": "GetAccessToken",
    "s3": "CreateSession",
    "s3control": "GetDataAccess",
    "sagemaker": "CreateHubContentPresignedUrls CreatePresignedDomainUrl "
    "CreatePresignedMlflowTrackingServerUrl CreatePresignedNotebookInstanceUrl",
    "signin": "CreateBearerToken CreateOAuth2Token CreateOAuth2TokenWithIAM "
    "CreateOAuth2TokenWithTokenExchange",
    "ssm": "GetAccessToken StartAccessRequest",
    "sso": "GetRoleCredentials",
    "sso-oidc": "CreateToken CreateTokenWithIAM",
    "sts": "AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot "
    "GetDelegatedAccessToken GetFederationToken GetSessionToken "
    "GetWebIdentityToken",
    "support": "GetAttachmentUploadLinks",
}

ALL = frozenset(
    (service, operation)
    for table in (_RUNS, _SENDS, _STORES, _HANDS_OUT)
    for service, operations in table.items()
    for operation in operations.split()
)

# What an operation that IAM does not know yet hands out, by its name.
_OPENS = re.compile(
    r"Credential|Token(?!s?Balance)|AccessKey|Presigned|SignedUrl|Upload(?:Url|URL|Link)|Password"
    r"|LoginUrl|AuthenticationUrl|EmbedUrl|AccessDetails|DataAccess"
)
_ACTS = re.compile(r"^(?:Assume|Execute|Invoke|Publish|Run|Send|Start|Submit|TestInvoke)")


@remembered(4096)
def acts(service: str, operation: str, *, known: bool) -> bool:
    """Does an operation act through something else? `known` says that IAM has it."""
    if (service, operation) in ALL:
        return True
    # Every role that is assumed hands out credentials.
    if operation.startswith("AssumeRole"):
        return True
    return not known and bool(_OPENS.search(operation) or _ACTS.match(operation))


# Members with which a call that reads acts under another role, or has its answer written elsewhere.
AS_ASKED = {
    ("cloudcontrol", "GetResource"): "RoleArn",
    ("cloudcontrol", "ListResources"): "RoleArn",
    ("iotdeviceadvisor", "GetEndpoint"): "deviceRoleArn",
    ("sagemaker", "RenderUiTemplate"): "RoleArn",
    ("sagemaker-geospatial", "GetTile"): "ExecutionRoleArn",
    ("taxsettings", "GetTaxRegistrationDocument"): "destinationS3Location",
}
_OBJECT_LAMBDA = "s3-object-lambda"
_ALIAS = "--ol-s3"


def acts_as_asked(call: Call) -> bool:
    """Does a call act through something else by what its parameters say?"""
    parameters = call.parameters or {}
    if call.service == "s3":
        return _through_function(call, parameters.get("Bucket"))
    if call.service == "cloudcontrol" and _is_others(parameters.get("TypeName")):
        return True
    member = AS_ASKED.get((call.service or "", call.operation or ""))
    return member is not None and bool(parameters.get(member))


def _through_function(call: Call, bucket: Value) -> bool:
    """Does a customer's function answer, behind an Object Lambda Access Point?"""
    if call.signing_name == _OBJECT_LAMBDA:
        return True
    return isinstance(bucket, str) and (f":{_OBJECT_LAMBDA}:" in bucket or bucket.endswith(_ALIAS))


def _is_others(type_name: Value) -> bool:
    """Is a type of resources not AWS's own, so that code of whoever wrote it reads it?"""
    return isinstance(type_name, str) and not type_name.startswith("AWS::")
