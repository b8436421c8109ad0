"""Calls that act through something else: what they set in motion does not pass here.

Three sorts: they run code or a job, they send a message that others act on, or they hand out what
opens a door elsewhere (credentials, tokens, presigned URLs). Access levels tell little of this: IAM
says that `sts:GetSessionToken` and `bedrock:InvokeAgent` read.
"""

from __future__ import annotations

import re

from apitrail.aws.call import Call
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

# They hand out what is used elsewhere.
_HANDS_OUT = {
    "acm": "GetAcmeExternalAccountBindingCredentials",
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
    "gamelift": "GetComputeAccess GetComputeAuthToken GetInstanceAccess RequestUploadCredentials",
    "groundstation": "GetAgentTaskResponseUrl",
    "iam": "CreateAccessKey CreateServiceSpecificCredential ResetServiceSpecificCredential",
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
    for table in (_RUNS, _SENDS, _HANDS_OUT)
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


_OBJECT_LAMBDA = "s3-object-lambda"
_ALIAS = "--ol-s3"


def reads_through_function(call: Call) -> bool:
    """Does a customer's function answer a call to S3, behind an Object Lambda Access Point?"""
    if call.service != "s3":
        return False
    bucket = (call.parameters or {}).get("Bucket")
    if call.signing_name == _OBJECT_LAMBDA:
        return True
    return isinstance(bucket, str) and (f":{_OBJECT_LAMBDA}:" in bucket or bucket.endswith(_ALIAS))
