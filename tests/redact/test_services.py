"""Secrets that the models do not mark, through botocore's serializer and our decoder."""

from datetime import UTC, datetime

import pytest

from redacting import REDACTOR, SECRET, answered, asked, found

ENV = [{"name": "ANYTHING", "value": SECRET}]

# Requests whose secrets the models do not mark, one of each kind, and some that they do.
REQUESTS = [
    ("amplify", "CreateApp", {"name": "n", "environmentVariables": {"A": SECRET}}),
    ("apigateway", "CreateApiKey", {"name": "n", "value": SECRET}),
    ("batch", "SubmitJob", {"jobName": "j", "jobQueue": "q", "jobDefinition": "d",
                            "containerOverrides": {"environment": ENV}}),
    ("cloudformation", "CreateStack", {"StackName": "s", "Parameters": [
        {"ParameterKey": "Size", "ParameterValue": SECRET}]}),
    ("codebuild", "StartBuild", {"projectName": "p", "environmentVariablesOverride": ENV}),
    ("codepipeline", "CreatePipeline", {"pipeline": {
        "name": "p", "roleArn": "arn:aws:iam::123456789012:role/r", "stages": [{
            "name": "s", "actions": [{
                "name": "a", "actionTypeId": {
                    "category": "Source", "owner": "ThirdParty", "provider": "GitHub",
                    "version": "1"},
                "configuration": {"OAuthToken": SECRET}}]}]}}),
    ("cognito-idp", "ConfirmForgotPassword", {
        "ClientId": "c", "Username": "u", "ConfirmationCode": SECRET, "Password": "other-pass"}),
    ("directconnect", "CreateBGPPeer", {"newBGPPeer": {"authKey": SECRET}}),
    ("docdb", "CreateDBCluster", {"DBClusterIdentifier": "c", "Engine": "docdb",
                                  "MasterUserPassword": SECRET}),
    ("ec2", "ModifyInstanceAttribute", {"InstanceId": "i-1", "UserData": {"Value": SECRET}}),
    ("ec2", "RunInstances", {"MinCount": 1, "MaxCount": 1, "UserData": SECRET}),
    ("ecs", "RunTask", {"taskDefinition": "t", "overrides": {"containerOverrides": [
        {"name": "c", "environment": ENV}]}}),
    ("elasticache", "CreateUser", {"UserId": "u", "UserName": "n", "Engine": "redis",
                                   "AccessString": "on", "Passwords": ["other-one", SECRET]}),
    ("elasticache", "ModifyReplicationGroup", {"ReplicationGroupId": "g", "AuthToken": SECRET}),
    ("elasticbeanstalk", "UpdateEnvironment", {"EnvironmentName": "e", "OptionSettings": [
        {"Namespace": "aws:elasticbeanstalk:application:environment", "OptionName": "A",
         "Value": SECRET}]}),
    ("emr", "RunJobFlow", {"Name": "n", "Instances": {}, "KerberosAttributes": {
        "Realm": "R", "KdcAdminPassword": SECRET}}),
    ("fsx", "UpdateFileSystem", {"FileSystemId": "f", "WindowsConfiguration": {
        "SelfManagedActiveDirectoryConfiguration": {"UserName": "u", "Password": SECRET}}}),
    ("glue", "CreateConnection", {"ConnectionInput": {
        "Name": "n", "ConnectionType": "JDBC", "ConnectionProperties": {"PASSWORD": SECRET}}}),
    ("iam", "EnableMFADevice", {"UserName": "u", "SerialNumber": "s",
                                "AuthenticationCode1": "834921", "AuthenticationCode2": SECRET}),
    ("iam", "UpdateLoginProfile", {"UserName": "u", "Password": SECRET}),
    ("iotwireless", "CreateWirelessDevice", {
        "Type": "LoRaWAN", "DestinationName": "d", "LoRaWAN": {"OtaaV1_1": {"AppKey": SECRET}}}),
    ("lambda", "CreateFunction", {"FunctionName": "f", "Role": "r", "Code": {},
                                  "Environment": {"Variables": {"A": SECRET}}}),
    ("lightsail", "CreateInstances", {"instanceNames": ["i"], "availabilityZone": "a",
                                      "blueprintId": "b", "bundleId": "b", "userData": SECRET}),
    ("memorydb", "CreateUser", {"UserName": "u", "AccessString": "on", "AuthenticationMode": {
        "Type": "password", "Passwords": [SECRET]}}),
    ("mq", "CreateBroker", {"BrokerName": "b", "Users": [{"Username": "u", "Password": SECRET}]}),
    ("mq", "CreateUser", {"BrokerId": "b", "Username": "u", "Password": SECRET}),
    ("neptune", "CreateDBCluster", {"DBClusterIdentifier": "c", "Engine": "neptune",
                                    "MasterUserPassword": SECRET}),
    ("opensearch", "CreateDomain", {"DomainName": "d", "AdvancedSecurityOptions": {
        "MasterUserOptions": {"MasterUserName": "m", "MasterUserPassword": SECRET}}}),
    ("pinpoint", "UpdateApnsChannel", {"ApplicationId": "a", "APNSChannelRequest": {
        "PrivateKey": SECRET}}),
    ("rds-data", "ExecuteStatement", {"resourceArn": "arn:aws:rds:x", "secretArn": "arn:aws:s",
                                      "sql": f"alter user u password '{SECRET}'"}),
    ("redshift", "CreateHsmConfiguration", {
        "HsmConfigurationIdentifier": "h", "Description": "d", "HsmIpAddress": "i",
        "HsmPartitionName": "p", "HsmPartitionPassword": SECRET,
        "HsmServerPublicCertificate": "c"}),
    ("redshift-data", "ExecuteStatement", {"Sql": f"create user u password '{SECRET}'"}),
    ("sagemaker", "CreateModel", {"ModelName": "m", "PrimaryContainer": {
        "Environment": {"A": SECRET}}}),
    ("secretsmanager", "PutSecretValue", {"SecretId": "s", "SecretString": SECRET}),
    ("secretsmanager", "PutSecretValue", {"SecretId": "s", "SecretBinary": SECRET.encode()}),
    ("sns", "CreatePlatformApplication", {"Name": "n", "Platform": "GCM", "Attributes": {
        "PlatformPrincipal": SECRET}}),
    ("ssm", "PutParameter", {"Name": "n", "Value": SECRET, "Type": "SecureString"}),
    ("storagegateway", "UpdateChapCredentials", {
        "TargetARN": "arn:t", "SecretToAuthenticateInitiator": SECRET, "InitiatorName": "i"}),
    ("sts", "AssumeRole", {"RoleArn": "arn:r", "RoleSessionName": "s", "TokenCode": SECRET}),
    ("sts", "AssumeRoleWithWebIdentity", {"RoleArn": "arn:r", "RoleSessionName": "s",
                                          "WebIdentityToken": SECRET}),
    ("synthetics", "CreateCanary", {
        "Name": "n", "Code": {}, "ArtifactS3Location": "s3://b", "ExecutionRoleArn": "arn:r",
        "RuntimeVersion": "v", "RunConfig": {"EnvironmentVariables": {"A": SECRET}}}),
    ("wafv2", "DeleteAPIKey", {"Scope": "REGIONAL", "APIKey": SECRET}),
]  # fmt: skip

CREDENTIALS = {
    "AccessKeyId": "ASIAQYLPMN5HFIQR7XYA", "SecretAccessKey": "other-secret",
    "SessionToken": SECRET, "Expiration": datetime(2030, 1, 1, tzinfo=UTC),
}  # fmt: skip

ANSWERS = [
    ("apigateway", "GetApiKey", {"id": "k", "value": SECRET}),
    ("apigateway", "GetApiKeys", {"items": [{"id": "k", "value": SECRET}]}),
    ("appsync", "CreateApiKey", {"apiKey": {"id": SECRET}}),
    ("appsync", "ListApiKeys", {"apiKeys": [{"id": SECRET}]}),
    ("codepipeline", "GetPipeline", {"pipeline": {"name": "p", "stages": [{"actions": [
        {"configuration": {"OAuthToken": SECRET}}]}]}}),
    ("cognito-identity", "GetCredentialsForIdentity", {"IdentityId": "i", "Credentials": {
        "AccessKeyId": "ASIAQYLPMN5HFIQR7XYA", "SecretKey": "other", "SessionToken": SECRET}}),
    ("connect", "StartChatContact", {"ParticipantToken": SECRET}),
    ("ec2", "CreateKeyPair", {"KeyName": "k", "KeyMaterial": SECRET}),
    ("ec2", "DescribeInstanceAttribute", {"InstanceId": "i", "UserData": {"Value": SECRET}}),
    ("ecr", "GetAuthorizationToken", {"authorizationData": [{"authorizationToken": SECRET}]}),
    ("ecr-public", "GetAuthorizationToken", {"authorizationData": {"authorizationToken": SECRET}}),
    ("glue", "GetConnection", {"Connection": {"ConnectionProperties": {"PASSWORD": SECRET}}}),
    ("iam", "CreateAccessKey", {"AccessKey": {"UserName": "u", "Status": "Active",
                                              "AccessKeyId": "AKIA", "SecretAccessKey": SECRET}}),
    ("kms", "Decrypt", {"KeyId": "k", "Plaintext": SECRET.encode()}),
    ("lakeformation", "GetTemporaryGlueTableCredentials", {"SessionToken": SECRET}),
    ("lightsail", "CreateKeyPair", {"privateKeyBase64": SECRET}),
    ("lightsail", "DownloadDefaultKeyPair", {"privateKeyBase64": SECRET}),
    ("lightsail", "GetInstanceAccessDetails", {"accessDetails": {
        "password": SECRET, "privateKey": "other", "passwordData": {"ciphertext": "other"}}}),
    ("s3", "CreateSession", {"Credentials": CREDENTIALS}),
    ("secretsmanager", "GetSecretValue", {"Name": "n", "SecretString": SECRET}),
    ("ssm", "StartSession", {"SessionId": "s", "TokenValue": SECRET, "StreamUrl": "wss://x"}),
    ("ssm", "CreateActivation", {"ActivationId": "a", "ActivationCode": SECRET}),
    ("sso", "GetRoleCredentials", {"roleCredentials": {
        "accessKeyId": "ASIA", "secretAccessKey": "other", "sessionToken": SECRET}}),
    ("sts", "AssumeRole", {"Credentials": CREDENTIALS}),
    ("sts", "AssumeRoleWithSAML", {"Credentials": CREDENTIALS}),
    ("sts", "AssumeRoleWithWebIdentity", {"Credentials": CREDENTIALS}),
    ("sts", "GetFederationToken", {"Credentials": CREDENTIALS}),
    ("sts", "GetSessionToken", {"Credentials": CREDENTIALS}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    REQUESTS,
    ids=[f"{service}-{operation}" for service, operation, _ in REQUESTS],
)
def test_no_secret_of_a_request_survives(service, operation, parameters):
    plain, call = asked(service, operation, parameters)
    assert found(SECRET, plain, call)  # or the test would show nothing
    assert call.operation == operation
    assert found(SECRET, *REDACTOR.both(plain, call)) == []


@pytest.mark.parametrize(
    ("service", "operation", "result"),
    ANSWERS,
    ids=[f"{service}-{operation}" for service, operation, _ in ANSWERS],
)
def test_no_secret_of_an_answer_survives(service, operation, result):
    plain, call = answered(service, operation, result)
    assert found(SECRET, plain, call)
    redacted, told = REDACTOR.both(plain, call)
    assert found(SECRET, redacted, told) == []
    assert redacted.response.body.redacted
