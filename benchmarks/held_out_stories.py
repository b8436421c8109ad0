"""Attack stories that the detectors were not made with: other techniques of the same tools.

The sources are those of `stories`: techniques of Stratus Red Team, Pacu's modules, CloudGoat's and
Leonidas's scenarios, and published reports of break-ins, which `stories` does not hold. They were
written before the detectors were looked at, and the detectors are mended by kind, never by story.
"""

from __future__ import annotations

from benchmarks.stories import OTHER, Story
from benchmarks.traffic import ACCOUNT

_OUTSIDER = {"AWS": f"arn:aws:iam::{OTHER}:root"}
_PUBLIC = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"%s"}]}'
_TRUSTING = f'{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{OTHER}:root"}},"Action":"*"}}]}}'

# What a call asks for, by its operation, or by story and operation where they differ.
PARAMETERS: dict[str, object] = {
    "PutKeyPolicy": {"keyId": "k", "policy": _TRUSTING},
    "CreateGrant": {"keyId": "k", "granteePrincipal": f"arn:aws:iam::{OTHER}:root", "operations": ["Decrypt"]},
    "PutResourcePolicy": {"secretId": "prod/app-1/db", "resourcePolicy": _TRUSTING},
    "SetRepositoryPolicy": {"repositoryName": "shop", "policyText": _PUBLIC % "ecr:BatchGetImage"},
    "SetQueueAttributes": {"queueUrl": "q", "attributes": {"Policy": _PUBLIC % "sqs:ReceiveMessage"}},
    "SetTopicAttributes": {"topicArn": "t", "attributeName": "Policy", "attributeValue": _PUBLIC % "sns:Subscribe"},
    "Subscribe": {"topicArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:orders", "protocol": "https", "endpoint": "https://198.51.100.9/in"},
    "PutPermission": {"eventBusName": "default", "principal": OTHER, "action": "events:PutEvents"},
    "PutBucketReplication": {"bucketName": "app-0-data", "ReplicationConfiguration": {"Rule": {"Destination": {"Bucket": "arn:aws:s3:::elsewhere", "Account": OTHER}}}},
    "PutBucketVersioning": {"bucketName": "app-0-data", "VersioningConfiguration": {"Status": "Suspended"}},
    "PutBucketAcl": {"bucketName": "app-0-data", "x-amz-acl": "public-read"},
    "PutBucketLogging": {"bucketName": "app-0-data", "BucketLoggingStatus": ""},
    "CreateResourceShare": {"name": "x", "principals": [OTHER], "resourceArns": ["arn:aws:ec2:eu-west-1:1:subnet/s"]},
    "CreateVpcPeeringConnection": {"vpcId": "vpc-1", "peerVpcId": "vpc-9", "peerOwnerId": OTHER},
    "ModifyDocumentPermission": {"name": "doc", "permissionType": "Share", "accountIdsToAdd": [OTHER]},
    "ModifyDBInstance": {"dBInstanceIdentifier": "orders", "masterUserPassword": "****", "publiclyAccessible": True},
    "ModifyDBClusterSnapshotAttribute": {"dBClusterSnapshotIdentifier": "s", "attributeName": "restore", "valuesToAdd": ["all"]},
    "AuthorizeSecurityGroupIngress": {"ipPermissions": {"items": [{"ipProtocol": "-1", "ipv6Ranges": {"items": [{"cidrIpv6": "::/0"}]}}]}},
    "AttachRolePolicy": {"roleName": "app-1", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    "PutRolePolicy": {"roleName": "app-1", "policyName": "x", "policyDocument": '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'},
    "AttachGroupPolicy": {"groupName": "developers", "policyArn": "arn:aws:iam::aws:policy/IAMFullAccess"},
    "CreateOpenIDConnectProvider": {"url": "https://198.51.100.9", "clientIDList": ["sts.amazonaws.com"]},
    "CreateFunctionUrlConfig": {"functionName": "f", "authType": "NONE"},
    "CreateFunctionUrlConfig20211031": {"functionName": "f", "authType": "NONE"},
    "UpdateTrail": {"name": "main", "s3BucketName": "elsewhere", "isMultiRegionTrail": False},
    "PutRetentionPolicy": {"logGroupName": "audit", "retentionInDays": 1},
    "CopyObject": {"bucketName": "app-1-data", "key": "1", "x-amz-server-side-encryption-customer-algorithm": "AES256"},
    "GetObject": {"bucketName": "app-2-data", "key": "1"},
    "RunInstances": {"instanceType": "p4d.24xlarge", "instancesSet": {"items": [{"minCount": 8, "maxCount": 8}]}},
    "CreateCodeRepository": {"codeRepositoryName": "x"},
    "UpdateAssumeRolePolicy": {"roleName": "x", "policyDocument": _TRUSTING},
    "ChangeResourceRecordSets": {"hostedZoneId": "Z1", "changeBatch": {"changes": [{"action": "UPSERT", "resourceRecordSet": {"name": "login.example.com", "type": "CNAME"}}]}},
    "CreateIPSet": {"detectorId": "d", "name": "x", "location": "https://198.51.100.9/list", "activate": True},
    "CreateExportTask": {"logGroupName": "audit", "destination": "elsewhere"},
    "AssumeRole": {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole", "roleSessionName": "x"},
    "CreateStackSet": {"stackSetName": "x", "capabilities": ["CAPABILITY_NAMED_IAM"]},
    "CreateStack": {"stackName": "x", "capabilities": ["CAPABILITY_IAM"], "roleARN": f"arn:aws:iam::{ACCOUNT}:role/admin"},
    "UpdateStack": {"stackName": "core", "capabilities": ["CAPABILITY_IAM"]},
    "CreateDevEndpoint": {"endpointName": "x", "roleArn": f"arn:aws:iam::{ACCOUNT}:role/glue-admin", "publicKey": "ssh-rsa x"},
    "CreateNotebookInstance": {"notebookInstanceName": "x", "roleArn": f"arn:aws:iam::{ACCOUNT}:role/ml-admin"},
    "CreateFunction20150331": {"functionName": "x", "role": f"arn:aws:iam::{ACCOUNT}:role/admin"},
    "RegisterTaskDefinition": {"family": "web", "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/admin"},
    "GetParameter": {"name": "/prod/api-key", "withDecryption": True},
    "GetParametersByPath": {"path": "/", "recursive": True, "withDecryption": True},
}  # fmt: skip

_LIST = """
sagemaker-lifecycle|execution|person agent ci|sagemaker ListNotebookInstances, sagemaker StopNotebookInstance, sagemaker UpdateNotebookInstanceLifecycleConfig, sagemaker StartNotebookInstance
sagemaker-notebook-url|escalation|person agent|sagemaker CreateNotebookInstance, sagemaker CreatePresignedNotebookInstanceUrl
glue-dev-endpoint|escalation|agent ci user|glue GetDevEndpoints, glue CreateDevEndpoint, glue GetDevEndpoint*3
datapipeline-pass-role|escalation|agent ci|datapipeline CreatePipeline, datapipeline PutPipelineDefinition, datapipeline ActivatePipeline
cloudformation-pass-role|escalation|agent ci user|cloudformation CreateStack, cloudformation DescribeStacks*4
codebuild-secrets|credential access|user agent app|codebuild ListProjects, codebuild BatchGetProjects, ssm DescribeParameters, ssm GetParameter*4|stolen inside
codebuild-pass-role|escalation|person agent|codebuild CreateProject, codebuild StartBuild, codebuild BatchGetBuilds
lambda-pass-role|escalation|agent user ci|iam ListRoles, lambda CreateFunction20150331, lambda Invoke, lambda DeleteFunction20150331
lambda-backdoor-new-users|persistence|person agent|lambda CreateFunction20150331, events PutRule, lambda AddPermission20150331v2, events PutTargets
lambda-url-open|persistence|person agent app|lambda ListFunctions20150331, lambda CreateFunctionUrlConfig20211031, lambda AddPermission20150331v2
boundary-off|escalation|person agent iac|iam DeleteUserPermissionsBoundary, iam DeleteRolePermissionsBoundary
role-attach-admin|escalation|agent ci app|iam ListAttachedRolePolicies, iam AttachRolePolicy|stolen inside
role-inline-admin|escalation|agent ci user|iam GetRole, iam PutRolePolicy
group-attach|escalation|person agent|iam ListGroupsForUser, iam AttachGroupPolicy
ssh-key-codecommit|persistence|person agent user|iam UploadSSHPublicKey, codecommit ListRepositories, codecommit GitPull
service-credential|persistence|person iac agent|iam CreateServiceSpecificCredential
signing-certificate|persistence|person agent|iam UploadSigningCertificate
oidc-provider|persistence|person agent ci|iam CreateOpenIDConnectProvider, iam UpdateAssumeRolePolicy
api-gateway-keys|persistence|person agent|apigateway GetRestApis, apigateway CreateApiKey
cognito-self-admin|escalation|agent app|cognito-idp ListUserPools, cognito-idp AdminCreateUser, cognito-idp AdminAddUserToGroup|stolen inside
identity-center-user|persistence|person|sso-directory CreateUser, sso-directory AddMemberToGroup
delegated-admin|persistence|person agent|organizations ListAccounts, organizations RegisterDelegatedAdministrator
scp-off|evasion|person agent|organizations ListPolicies, organizations DetachPolicy, organizations DisablePolicyType
org-hop|lateral movement|person agent|organizations ListAccounts, sts AssumeRole*4
stack-set|lateral movement|person agent|cloudformation CreateStackSet, cloudformation CreateStackInstances
signin-token|lateral movement|user agent app|sts GetCallerIdentity, sts GetFederationToken, signin GetSigninToken, signin ConsoleLogin?|stolen
sso-device-code|initial access|person|sso CreateToken, sso ListAccounts, sso GetRoleCredentials*6|stolen
lightsail-keys|credential access|user agent|lightsail GetInstances, lightsail DownloadDefaultKeyPair, lightsail GetInstanceAccessDetails*3
ecr-credentials|credential access|agent user app|ecr DescribeRepositories, ecr GetAuthorizationToken, ecr BatchGetImage, ecr GetDownloadUrlForLayer*12|stolen
rds-token-iam|credential access|app agent|rds DescribeDBInstances, rds ModifyDBInstance|stolen inside
parameters-by-path|credential access|app agent ci|ssm GetParametersByPath*6
lambda-env-secrets|credential access|agent user app|lambda ListFunctions20150331, lambda GetFunction20150331v2*15|stolen inside
ec2-instance-profile-swap|escalation|person agent|ec2 DescribeIamInstanceProfileAssociations, ec2 DisassociateIamInstanceProfile, ec2 AssociateIamInstanceProfile
iam-bruteforce|discovery|user agent ci|iam GetUser!, iam ListAttachedUserPolicies!, iam ListUserPolicies!, ec2 DescribeVpcs!, ec2 DescribeInstances!, sqs ListQueues!, sns ListTopics!, dynamodb ListTables!, kms ListKeys!, cloudformation ListStacks!, logs DescribeLogGroups!, ecs ListClusters!, eks ListClusters!|stolen
role-name-enumeration|discovery|user agent|iam UpdateAssumeRolePolicy$*20
s3-survey|discovery|user app agent|s3 ListBuckets, s3 GetBucketAcl*10, s3 GetBucketPolicy*10, s3 GetBucketVersioning*10, s3 ListObjects*10|stolen
detection-survey|discovery|user app ci|cloudtrail DescribeTrails, guardduty ListDetectors, securityhub DescribeHub, macie2 GetMacieSession, config DescribeConfigRules, access-analyzer ListAnalyzers, monitoring DescribeAlarms, wafv2 ListWebACLs|stolen inside
org-survey|discovery|user app agent|organizations DescribeOrganization, organizations ListAccounts, organizations ListRoots, organizations ListOrganizationalUnitsForParent, account GetContactInformation, account ListRegions|stolen inside
honeytoken-check|discovery|user agent|sts GetCallerIdentity, sdb ListDomains!, iam GetUser!, sns Publish!|stolen
region-hop|evasion|user agent ci|account EnableRegion, ec2 DescribeInstances@, ec2 RunInstances@*4|stolen
trail-redirect|evasion|person iac agent|cloudtrail UpdateTrail
guardduty-trusted-ip|evasion|person agent|guardduty ListDetectors, guardduty CreateIPSet
guardduty-suppress|evasion|person agent|guardduty CreateFilter, guardduty ArchiveFindings
securityhub-off|evasion|person agent|securityhub BatchDisableStandards, securityhub DisableSecurityHub
macie-off|evasion|person agent|macie2 DisableMacie
analyzer-off|evasion|person iac agent|access-analyzer DeleteAnalyzer
alarms-off|evasion|person agent ci|monitoring DescribeAlarms, monitoring DisableAlarmActions, monitoring DeleteAlarms*6
log-groups-gone|evasion|person iac app|logs DescribeLogGroups, logs DeleteLogGroup*8|stolen inside
log-stream-gone|evasion|app agent|logs DescribeLogStreams, logs DeleteLogStream*5|stolen inside
retention-short|evasion|person agent|logs PutRetentionPolicy*6
waf-off|evasion|person agent ci|wafv2 ListWebACLs, wafv2 DisassociateWebACL, wafv2 DeleteWebACL
bucket-logging-off|evasion|person iac|s3 PutBucketLogging, s3 PutBucketVersioning
config-rules-gone|evasion|person agent|config DeleteConfigRule*4, config DeleteDeliveryChannel
event-rule-off|evasion|person agent ci|events ListRules, events DisableRule*3, events RemoveTargets
key-policy-outsider|exfiltration|person iac agent|kms PutKeyPolicy
key-grant-outsider|exfiltration|person agent app|kms CreateGrant
secret-policy-outsider|exfiltration|person iac agent|secretsmanager PutResourcePolicy
repository-open|exfiltration|person ci agent|ecr SetRepositoryPolicy
queue-open|exfiltration|person iac agent|sqs SetQueueAttributes
topic-listen|exfiltration|person agent app|sns ListTopics, sns Subscribe|stolen inside
event-bus-open|exfiltration|person agent|events PutPermission
bucket-replication|exfiltration|person iac agent|s3 PutBucketReplication
resource-share|exfiltration|person agent|ram CreateResourceShare
peering-outsider|lateral movement|person agent|ec2 CreateVpcPeeringConnection, ec2 CreateRoute
traffic-mirror|exfiltration|person agent|ec2 CreateTrafficMirrorTarget, ec2 CreateTrafficMirrorFilter, ec2 CreateTrafficMirrorSession
document-share|exfiltration|person agent|ssm ModifyDocumentPermission
cluster-snapshot-public|exfiltration|person agent backup|rds CreateDBClusterSnapshot, rds ModifyDBClusterSnapshotAttribute
restore-and-enter|exfiltration|person agent|rds DescribeDBSnapshots, rds RestoreDBInstanceFromDBSnapshot, rds ModifyDBInstance
volume-mount|exfiltration|agent app ci|ec2 CreateSnapshot, ec2 CreateVolume, ec2 AttachVolume|stolen inside
table-dump|exfiltration|app agent|dynamodb ListTables, dynamodb Scan*60|stolen
table-export|exfiltration|person agent|dynamodb ListTables, dynamodb ExportTableToPointInTime
image-export|exfiltration|person agent|ec2 CreateStoreImageTask, ec2 CreateInstanceExportTask
logs-export|exfiltration|person agent|logs DescribeLogGroups, logs CreateExportTask
datasync-out|exfiltration|person agent|datasync CreateLocationS3, datasync CreateTask, datasync StartTaskExecution
queue-drain|exfiltration|app agent|sqs ListQueues, sqs ReceiveMessage*40, sqs DeleteMessage*40|stolen
dns-takeover|impact|person agent ci|route53 ListHostedZones, route53 ChangeResourceRecordSets
domain-transfer|impact|person agent|route53domains DisableDomainTransferLock, route53domains TransferDomainToAnotherAwsAccount
ransom-customer-key|impact|app agent|s3 ListObjects, s3 CopyObject*40, s3 PutBucketLifecycle|stolen inside
bucket-wipe|impact|person agent app|s3 PutBucketVersioning, s3 DeleteObject*40, s3 DeleteBucket
instances-gone|impact|person agent ci|ec2 DescribeInstances, ec2 ModifyInstanceAttribute, ec2 TerminateInstances*4
volumes-gone|impact|person agent backup|ec2 DeregisterImage*3, ec2 DeleteSnapshot*25, ec2 DeleteVolume*5
clusters-gone|impact|person agent|eks ListClusters, eks DeleteNodegroup*2, eks DeleteCluster
table-gone|impact|person agent iac|dynamodb UpdateContinuousBackups, dynamodb DeleteTable*4
key-material-gone|impact|person agent|kms DisableKey*3, kms DeleteImportedKeyMaterial
gpu-burst|impact|user agent ci|servicequotas RequestServiceQuotaIncrease, ec2 RequestSpotFleet, ec2 RunInstances*5|stolen
batch-mining|impact|agent ci user|batch CreateComputeEnvironment, batch CreateJobQueue, batch RegisterJobDefinition, batch SubmitJob*5|stolen
amplify-mining|impact|agent user|amplify CreateApp, amplify CreateBranch, amplify StartJob*4|stolen
sns-smishing|impact|user agent app|sns GetSMSAttributes, sns SetSMSAttributes, sns Publish*30|stolen
workmail-phish|impact|user agent|workmail CreateOrganization, workmail CreateUser, ses VerifyDomainIdentity|stolen
lockout|impact|person agent|iam ListUsers, iam DeleteLoginProfile*3, iam UpdateAccessKey*3, iam DeleteUser
automation-run|execution|person agent ci|ssm CreateDocument, ssm StartAutomationExecution, ssm GetAutomationExecution*2
association-run|persistence|person agent|ssm CreateAssociation
state-machine-run|execution|agent ci|states ListStateMachines, states UpdateStateMachine, states StartExecution
eks-token-map|lateral movement|person agent|eks DescribeCluster, eks UpdateClusterConfig, eks CreateAccessEntry
ecs-backdoor-task|persistence|person agent ci|ecs DescribeTaskDefinition, ecs RegisterTaskDefinition, ecs RunTask
bedrock-guard-off|evasion|agent person|bedrock ListGuardrails, bedrock DeleteGuardrail, bedrock DeleteModelInvocationLoggingConfiguration
"""


def stories() -> list[Story]:
    """All of them."""
    return [Story(*line.split("|")) for line in _LIST.strip().splitlines()]
