"""What an operation is worth to an attacker: the tables that first-seen calls are weighed by.

The techniques are those of MITRE ATT&CK's cloud matrix (IaaS) and of the emulation tools that
publish theirs (Stratus Red Team, Pacu, CloudGoat, Leonidas). A name is looked up without the
version that Lambda and CloudFront write at its end.
"""

from __future__ import annotations

import re

from apitrail.cloudtrail.access import READ_ONLY_PREFIXES
from apitrail.insights import operation_rules as rules
from apitrail.insights.operation_rules import Worth, by_rule
from apitrail.remembered import remembered

_EVASION = """
StopLogging DeleteTrail UpdateTrail PutEventSelectors DeleteEventDataStore StopEventDataStoreIngestion
PutInsightSelectors DeregisterOrganizationDelegatedAdmin
DeleteFlowLogs DeleteDetector UpdateDetector DisassociateFromMasterAccount DisassociateMembers
DisassociateFromAdministratorAccount StopMonitoringMembers
DeletePublishingDestination DeleteThreatIntelSet DeleteConfigurationRecorder StopConfigurationRecorder
DeleteDeliveryChannel DisableSecurityHub BatchDisableStandards
DeleteResolverQueryLogConfig DisassociateResolverQueryLogConfig LeaveOrganization
DeleteAnalyzer
DisableOrganizationAdminAccount DeleteMembers
DeleteOrganization RemoveAccountFromOrganization DetachPolicy DisablePolicyType DisableMacie
"""
_CREDENTIALS = """
CreateAccessKey UpdateAccessKey CreateLoginProfile UpdateLoginProfile DeactivateMFADevice DeleteVirtualMFADevice
DeleteAccountPasswordPolicy UpdateAccountPasswordPolicy
CreateServiceSpecificCredential ResetServiceSpecificCredential UploadSSHPublicKey UploadSigningCertificate
CreateSAMLProvider UpdateSAMLProvider CreateOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint
AddClientIDToOpenIDConnectProvider CreateTrustAnchor UpdateTrustAnchor CreateProfile ImportCrl
EnableTrustAnchor GetFederationToken AssumeRoot GetPasswordData GetInstanceAccessDetails DownloadDefaultKeyPair CreateAccessEntry AssociateAccessPolicy
CreatePermissionSet CreateAccountAssignment AttachManagedPolicyToPermissionSet
PutInlinePolicyToPermissionSet ProvisionPermissionSet AdminSetUserPassword CreateCertificateFromCsr
GetCredentialsForIdentity PasswordRecoveryRequested RequestMFARecovery EmailUpdated
EnableConsoleLogin ConsoleLoginWithoutMFA
"""
_ESCALATION = """
UpdateAssumeRolePolicy SetDefaultPolicyVersion PutUserPolicy AttachUserPolicy
AddUserToGroup DeleteRolePermissionsBoundary
DeleteUserPermissionsBoundary PutUserPermissionsBoundary CreateUser
UpdateUser ReplaceIamInstanceProfileAssociation ModifyInstanceMetadataOptions
ModifyInstanceMetadataDefaults EnableSerialConsoleAccess SendSerialConsoleSSHPublicKey SendSSHPublicKey
ModifyInstanceAttributeUserData CreateDevEndpoint UpdateDevEndpoint UpdateFunctionConfigurationLayers AddLayerVersionPermission
UpdateAccessEntry CreatePresignedNotebookInstanceUrl
CreatePresignedDomainUrl UpdateNotebookInstanceLifecycleConfig CreateDelegation
EnableOrganizationsRootSessions EnableOrganizationsRootCredentialsManagement
RegisterDelegatedAdministrator InviteAccountToOrganization
SetVaultAccessPolicy PutDashboardSharing GetSSMConnection AcceptHandshake CreateAccount
"""
_EXFILTRATION = """
ModifySnapshotAttribute ModifyImageAttribute ModifyDBSnapshotAttribute ModifyDBClusterSnapshotAttribute
ModifyFpgaImageAttribute ModifyDocumentPermission SharePackage CreateInstanceExportTask ExportImage
CreateStoreImageTask GetEbsSnapshotPublic DeletePublicAccessBlock DeleteAccountPublicAccessBlock
PutAccountPublicAccessBlock DisableSnapshotBlockPublicAccess DisableImageBlockPublicAccess
DisableEbsEncryptionByDefault PutBucketReplication GetSnapshotBlock StartExportTask
ExportTableToPointInTime CreateTrafficMirrorSession CreateTrafficMirrorTarget CreateTrafficMirrorFilter
PutObjectAcl SetRepositoryPolicy
PutRegistryPolicy EnableSharingWithAwsOrganization
DeleteBucketPolicy ModifyDBInstancePublic ModifyClusterSnapshotSharing AuthorizeSnapshotAccess
CreateStreamingURL CreateLocationS3 TransferDomain
DisableDomainTransferLock RetrieveDomainAuthCode EnableImageDeprecation AuthorizeEndpointAccess AuthorizeDataShare
CreateClientVpnEndpoint
"""
_IMPACT = """
ScheduleKeyDeletion DisableKey DeleteImportedKeyMaterial DisableKeyRotation DeleteBackupVault
DeleteRecoveryPoint DeleteBackupVaultLockConfiguration DeleteVault DeleteArchive
PutBucketLifecycle PutBucketLifecycleConfiguration DeleteStackSet UpdateAccountSendingEnabled PutAccountDetails PutAccountSendingAttributes PutUseCaseForModelAccess CreateFoundationModelAgreement PutFoundationModelEntitlement
PutModelInvocationLoggingConfiguration DeleteModelInvocationLoggingConfiguration PurchaseReservedInstancesOffering
PurchaseHostReservation CloseAccount DeleteAccount
PutBucketObjectLockConfiguration RebootBroker ModifyReservedInstances
DeleteConfigurationAggregator DisableReplication ModifyDBInstanceUnprotected ModifyDBClusterUnprotected
UpdateContinuousBackupsOff PutBucketVersioningSuspended CopyObjectCustomerKey
"""
_EXECUTION = """
SendCommand StartSession ResumeSession ExecuteCommand StartAutomationExecution
SendAutomationSignal CreateActivation
RegisterManagedInstance CreateSSHKeyPair
"""

# From one caller to another.
_LATERAL = """
AssumeRole AssumeRoleWithSAML GetRoleCredentials
"""

# What infrastructure as code does now and then, and attackers like.
_RARE = """
DeleteTable DeleteFunction DeleteCluster DeleteHostedZone DeleteSecret DeleteDomain
DeleteDBSnapshot DeleteDBClusterSnapshot DeleteFileSystem PutKeyPolicy PutBucketVersioning
DeleteReplicationGroup CreateFunctionUrlConfig UpdateFunctionUrlConfig
CreateVpcPeeringConnection AcceptVpcPeeringConnection AddRoleToInstanceProfile CreateFleet
CreateComputeEnvironment CreateConnection DeleteConfigRule PutConfigurationRecorder CreateGrant
DisableAlarmActions
DeleteBucketLifecycle CreatePolicyVersion PutRolePermissionsBoundary CreateWorkspaces
DeleteSubscriptionFilter DeleteLogStream DeleteWebACL DeleteRuleGroup DisassociateWebACL
DeleteLoggingConfiguration PublishLayerVersion CreateNotebookInstance CreateServer
CreateReplicationTask StartReplicationTask CreateReplicationInstance RequestServiceQuotaIncrease
GetCommandInvocation UpdateEventSourceMapping CreateAssociation UpdateAssociation
DeleteBackupPlan ArchiveFindings BatchUpdateFindings CreateFilter CreateIPSet
CreateVpnConnection CreateVirtualMFADevice EnableMFADevice PutGroupPolicy AttachGroupPolicy
CreateAccountAlias RequestSpotInstances RequestSpotFleet ChangePassword DeleteBucketEncryption
DeletePatchBaseline RunCommand CreateResourceShare AssociateResourceShare
DeleteBackupVaultAccessPolicy AssociateIamInstanceProfile PutBucketAcl DeleteDBInstance
DeleteDBCluster DeleteGlobalCluster RestoreDBInstanceFromDBSnapshot RestoreDBClusterFromSnapshot
ModifyInstanceAttributeUnprotected UpdateTableUnprotected PutRetentionPolicyShort RunInstancesLarge
ModifyDBInstancePassword ModifyDBClusterPassword PutObjectCustomerKey PutBucketLoggingOff
CopyDBSnapshot CreateTransferServer CreateDataSync
"""

# What infrastructure as code does every day, and what attackers do as well.
_COMMON = """
CreateRole PutRolePolicy AttachRolePolicy CreatePolicy CreateGroup DeleteUser DeleteRole DeleteRolePolicy
DetachRolePolicy DetachUserPolicy DeleteUserPolicy DeletePolicy DeleteAccessKey DeleteLoginProfile
RemoveUserFromGroup CreateInstanceProfile UpdateRole CreateServiceLinkedRole TagUser TagRole
RunInstances CreateFunction UpdateFunctionCode UpdateFunctionConfiguration AddPermission
CreateEventSourceMapping PutRule PutTargets DeleteRule DisableRule RemoveTargets PutBucketPolicy
PutBucketNotification PutBucketCors PutBucketWebsite PutBucketLogging PutPublicAccessBlock CreateKeyPair
ImportKeyPair AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress
CreateSecurityGroup CreateNetworkAclEntry ReplaceNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry
CreateRoute CreateInternetGateway AttachInternetGateway ModifySubnetAttribute DeleteVpc DeleteSubnet
CreateSnapshot CreateSnapshots CopySnapshot CreateImage CopyImage CreateDBSnapshot CreateDBClusterSnapshot
DeleteSnapshot DeregisterImage DeleteVolume CreateVolume AttachVolume DetachVolume TerminateInstances
StopInstances ModifyInstanceAttribute ModifyDBInstance ModifyDBCluster CreateStack UpdateStack CreateStackSet
CreateStackInstances DeleteStack CreateChangeSet ExecuteChangeSet CreateCluster RegisterTaskDefinition
RunTask CreateService UpdateService StartTask CreateProject StartBuild UpdateProject CreateApp
CreateTrainingJob CreateProcessingJob SubmitJob RegisterJobDefinition CreateJob StartJobRun CreateAutoScalingGroup
CreateLaunchTemplate CreateLaunchTemplateVersion CreateLaunchConfiguration UpdateAutoScalingGroup
SetDesiredCapacity CreateStateMachine UpdateStateMachine StartExecution DeleteBucket DeleteObject
DeleteObjects DeleteObjectVersion DeleteLogGroup PutRetentionPolicy DeleteAlarms DeleteQueue DeleteTopic
DeleteParameter DeleteParameters DeleteKeyPair DeleteSecurityGroup DeleteNetworkInterface
ChangeResourceRecordSets UpdateDistribution CreateDistribution CreateCloudFrontOriginAccessIdentity
UpdateSecret PutSecretValue PutResourcePolicy DeleteResourcePolicy PutSubscriptionFilter CreateExportTask
SetTopicAttributes SetQueueAttributes Subscribe SendEmail SendRawEmail
VerifyEmailIdentity VerifyDomainIdentity CreateEmailIdentity CreateDataSource CreateEndpoint CreateBucket
CopyObject PutObject RestoreObject CreateApiKey CreateGraphqlApi UpdateGraphqlApi CreateKey
DeleteVpcEndpoints CreateVpcEndpoint ModifyVpcEndpoint CreateDocument UpdateDocument UpdateDocumentDefaultVersion
CreatePortfolioShare CreateDeployment Invoke BatchDeleteImage PutImage UpdateTable DeleteItem
PutLifecyclePolicy UpdateUserPool SwitchRole InvokeModel InvokeModelWithResponseStream Converse ConverseStream
DeregisterTaskDefinition PurgeQueue
"""

# Reads that give what is secret, or a map of who may do what.
_SECRETS = """
GetSecretValue BatchGetSecretValue GetParameter GetParameters GetParametersByPath GetParameterHistory
"""
_TELLING_READS = """
GetAccountAuthorizationDetails GetCredentialReport GenerateCredentialReport GetSessionToken
GetAuthorizationToken GetLoginProfile GetFunction GetUserData DescribeInstanceAttributeUserData Decrypt
DownloadDBLogFilePortion GetConsoleScreenshot GetConsoleOutput ListServiceSpecificCredentials
GetSendQuota GetAccountSendingEnabled GetSendStatistics ListFoundationModels GetUseCaseForModelAccess
GetFoundationModelAvailability GetModelInvocationLoggingConfiguration SimulatePrincipalPolicy
ListServiceQuotas GetEbsEncryptionByDefault ListAccessKeys GetAccessKeyLastUsed
GetAccountPasswordPolicy ListSAMLProviders ListOpenIDConnectProviders
GetSigninToken GetObject DescribeOrganization ListDelegatedAdministrators
ListBuckets ListSecrets ListUsers GetCallerIdentity DescribeTrails GetTrailStatus
ListDetectors DescribeConfigurationRecorders GetDetector ListAttachedUserPolicies GetAccountSummary
SelectObjectContent ExecuteStatement BatchExecuteStatement GetQueryResults
Scan GetTraceData ListSnapshotBlocks ConsoleLogin
"""


_TABLES = (
    (_TELLING_READS, rules.TELLING_READ),
    (_SECRETS, rules.SECRET),
    (_COMMON, rules.COMMON),
    (_RARE, rules.RARE),
    (_LATERAL, rules.LATERAL),
    (_EXECUTION, rules.EXECUTION),
    (_IMPACT, rules.IMPACT),
    (_EXFILTRATION, rules.EXFILTRATION),
    (_ESCALATION, rules.ESCALATION),
    (_CREDENTIALS, rules.CREDENTIALS),
    (_EVASION, rules.EVASION),
)
# A name that is in two tables has the worth of the later one.
WORTH: dict[str, Worth] = {name: found for names, found in _TABLES for name in names.split()}
SECRET_READS = frozenset(_SECRETS.split())
# A few of one is a hand at work, a hundred may be the end of a business.
DESTRUCTIVE = ("Delete", "Terminate", "Stop", "Disable", "Deregister", "Schedule", "CopyObject")

_VERSION = re.compile(r"\d{8}(?:v\d)?$|\d{4}_\d\d_\d\d$|v\d$")


@remembered(4096)
def plain_name(name: str) -> str:
    """`UpdateFunctionCode20150331v2` → `UpdateFunctionCode`."""
    return _VERSION.sub("", name)


@remembered(4096)
def worth(operation: str, *, read_only: bool) -> Worth:
    """What a call of `service:Operation` is worth, whichever of its table and the rules says more."""
    by_words = by_rule(operation, read_only=read_only)
    named = WORTH.get(plain_name(operation.rpartition(":")[2]))
    return by_words if named is None or by_words.prior >= rules.CRITICAL else named


def reads(name: str) -> bool:
    """Does an operation only read, by its name? Where a record does not say."""
    return name.startswith((*READ_ONLY_PREFIXES, "Assume", "ConsoleLogin"))
