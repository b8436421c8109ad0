"""Writes that are about an account as a whole, or about nothing that lasts.

They name no resource because there is none. Any other write that names none is undetermined.
"""

from __future__ import annotations

_SETTINGS = {
    "acm": "PutAccountConfiguration",
    "appconfig": "UpdateAccountSettings",
    "application-signals": "DeleteGroupingConfiguration PutGroupingConfiguration StartDiscovery",
    "arc-zonal-shift": "UpdateAutoshiftObserverNotificationStatus",
    "artifact": "PutAccountSettings",
    "auditmanager": "DeregisterAccount DeregisterOrganizationAdminAccount RegisterAccount",
    "autoscaling": "PutAccountSetting",
    "backup": "UpdateGlobalSettings UpdateRegionSettings",
    "bcm-pricing-calculator": "UpdatePreferences",
    "bedrock": "DeleteModelInvocationLoggingConfiguration PutAccountDataRetention "
    "PutModelInvocationLoggingConfiguration PutUseCaseForModelAccess",
    "billing": "RedeemCredits UpdateBillingPreferences",
    "ce": "StartCostAllocationTagBackfill UpdateCostAllocationTagsStatus",
    "chatbot": "UpdateAccountPreferences",
    "chime": "UpdateGlobalSettings UpdatePhoneNumberSettings",
    "chime-sdk-voice": "UpdateGlobalSettings UpdatePhoneNumberSettings",
    "cloudformation": "ActivateOrganizationsAccess DeactivateOrganizationsAccess",
    "cloudwatch": "PutMetricData StartOTelEnrichment StopOTelEnrichment UpdateOTelEnrichment",
    "compute-optimizer": "UpdateEnrollmentStatus",
    "compute-optimizer-automation": "UpdateEnrollmentConfiguration",
    "cost-optimization-hub": "UpdateEnrollmentStatus UpdatePreferences",
    "detective": "DisableOrganizationAdminAccount",
    "devops-guru": "PutFeedback StartCostEstimation UpdateEventSourcesConfig "
    "UpdateServiceIntegration",
    "dms": "UpdateSubscriptionsToEventBridge",
    "drs": "InitializeService",
    "ec2": "DeregisterInstanceEventNotificationAttributes DisableAllowedImagesSettings "
    "DisableAwsNetworkPerformanceMetricSubscription DisableCapacityManager "
    "DisableEbsEncryptionByDefault DisableImageBlockPublicAccess DisableSerialConsoleAccess "
    "DisableSnapshotBlockPublicAccess EnableAllowedImagesSettings "
    "EnableAwsNetworkPerformanceMetricSubscription EnableCapacityManager "
    "EnableEbsEncryptionByDefault EnableImageBlockPublicAccess "
    "EnableReachabilityAnalyzerOrganizationSharing EnableSerialConsoleAccess "
    "EnableSnapshotBlockPublicAccess ModifyAccountVpcEncryptionControl ModifyAvailabilityZoneGroup "
    "ModifyDefaultCreditSpecification ModifyIdFormat ModifyInstanceMetadataDefaults "
    "ModifyManagedResourceVisibility RegisterInstanceEventNotificationAttributes "
    "ReplaceImageCriteriaInAllowedImagesSettings UpdateCapacityManagerMonitoredTagKeys "
    "UpdateCapacityManagerOrganizationsAccess",
    "ecr": "PutAccountSetting PutRegistryScanningConfiguration",
    "ecs": "PutAccountSetting PutAccountSettingDefault DeleteAccountSetting",
    "efs": "PutAccountPreferences",
    "emr": "PutBlockPublicAccessConfiguration",
    "evs": "PutAccountSettings",
    "greengrass": "DisassociateServiceRoleFromAccount",
    "greengrassv2": "DisassociateServiceRoleFromAccount",
    "health": "DisableHealthServiceAccessForOrganization EnableHealthServiceAccessForOrganization",
    "iam": "DeleteAccountPasswordPolicy DisableOutboundWebIdentityFederation PutAccountProperties "
    "SetSecurityTokenServicePreferences UpdateAccountPasswordPolicy",
    "inspector2": "UpdateConfiguration UpdateEc2DeepInspectionConfiguration "
    "UpdateOrgEc2DeepInspectionConfiguration UpdateOrganizationConfiguration",
    "iot": "ClearDefaultAuthorizer DeleteAccountAuditConfiguration DeleteRegistrationCode "
    "SetLoggingOptions SetV2LoggingOptions UpdateAccountAuditConfiguration "
    "UpdateEncryptionConfiguration UpdateEventConfigurations UpdateIndexingConfiguration "
    "UpdatePackageConfiguration",
    "iotfleetwise": "PutLoggingOptions",
    "iotsitewise": "PutLoggingOptions",
    "iotwireless": "ResetAllResourceLogLevels UpdateEventConfigurationByResourceTypes "
    "UpdateLogLevelsByResourceTypes UpdateMetricConfiguration",
    "kinesis": "UpdateAccountSettings",
    "license-manager": "UpdateServiceSettings",
    "license-manager-linux-subscriptions": "UpdateServiceSettings",
    "logs": "PutStorageTierPolicy",
    "macie2": "CreateSampleFindings DisableMacie DisassociateFromAdministratorAccount "
    "DisassociateFromMasterAccount EnableMacie PutFindingsPublicationConfiguration "
    "UpdateAutomatedDiscoveryConfiguration UpdateMacieSession UpdateOrganizationConfiguration",
    "mediaconvert": "DeletePolicy PutPolicy",
    "mgn": "InitializeService",
    "migrationhubstrategy": "PutPortfolioPreferences",
    "notifications": "DisableNotificationsAccessForOrganization "
    "EnableNotificationsAccessForOrganization",
    "observabilityadmin": "StartTelemetryEvaluation StartTelemetryEvaluationForOrganization "
    "StopTelemetryEnrichment StopTelemetryEvaluation StopTelemetryEvaluationForOrganization",
    "odb": "InitializeService",
    "organizations": "DeleteOrganization DisableAWSServiceAccess EnableAWSServiceAccess "
    "EnableAllFeatures LeaveOrganization",
    "opensearchserverless": "UpdateAccountSettings",
    "pinpoint-email": "PutAccountDedicatedIpWarmupAttributes PutAccountSendingAttributes "
    "PutDeliverabilityDashboardOption",
    "ram": "EnableSharingWithAwsOrganization",
    "resource-explorer-2": "DisassociateDefaultView",
    "resource-groups": "UpdateAccountSettings",
    "s3control": "DeletePublicAccessBlock PutPublicAccessBlock",
    "securityhub": "DisableSecurityHubV2",
    "service-quotas": "AssociateServiceQuotaTemplate DisassociateServiceQuotaTemplate "
    "StartAutoManagement StopAutoManagement UpdateAutoManagement",
    "servicecatalog": "DisableAWSOrganizationsAccess EnableAWSOrganizationsAccess",
    "servicecatalog-appregistry": "PutConfiguration",
    "ses": "UpdateAccountSendingEnabled",
    "sesv2": "PutAccountDedicatedIpWarmupAttributes PutAccountDetails PutAccountPricingAttributes "
    "PutAccountSendingAttributes PutAccountSuppressionAttributes PutAccountVdmAttributes "
    "PutDeliverabilityDashboardOption",
    "shield": "AssociateProactiveEngagementDetails CreateSubscription DeleteSubscription "
    "DisableProactiveEngagement DisassociateDRTRole EnableProactiveEngagement "
    "UpdateEmergencyContactSettings UpdateSubscription",
    "sns": "Publish SetSMSAttributes",  # Publish without a topic is to a telephone
    "ssm": "DeregisterDefaultHostManagementConfiguration",
    "ssm-quicksetup": "UpdateServiceSettings",
    "support-app": "DeleteAccountAlias",
    "uxc": "UpdateAccountCustomizations",
    "wellarchitected": "UpdateGlobalSettings",
    "workspaces": "ModifyAccount",
    "xray": "PutEncryptionConfig PutTelemetryRecords PutTraceSegments "
    "UpdateTraceSegmentDestination",
}  # fmt: skip

# They work on what the request holds and give it back; nothing is kept.
_STATELESS = {
    "appsync": "EvaluateCode EvaluateMappingTemplate",
    "bedrock-agent-runtime": "Rerank",
    "comprehend": "BatchDetectDominantLanguage BatchDetectKeyPhrases BatchDetectSentiment "
    "BatchDetectSyntax BatchDetectTargetedSentiment ContainsPiiEntities",
    "comprehendmedical": "InferICD10CM InferRxNorm InferSNOMEDCT",
    "ecs": "DiscoverPollEndpoint",
    "glue": "CreateScript",
    "kinesisanalytics": "DiscoverInputSchema",
    "lightsail": "IsVpcPeered",
    "mediaconvert": "Probe",
    "polly": "SynthesizeSpeech",
    "rekognition": "CompareFaces RecognizeCelebrities",
    "sts": "DecodeAuthorizationMessage GetSessionToken",
    "textract": "AnalyzeDocument AnalyzeExpense AnalyzeID",
    "translate": "TranslateDocument TranslateText",
}

_ALL = frozenset(
    (service, operation)
    for table in (_SETTINGS, _STATELESS)
    for service, operations in table.items()
    for operation in operations.split()
)


def account_wide(service: str, operation: str) -> bool:
    """Is there no resource that such a write could name?"""
    return (service, operation) in _ALL
