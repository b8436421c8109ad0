"""What CloudTrail calls a service, an operation and a region."""

from __future__ import annotations

import re

from apitrail.aws.call import Call

UNKNOWN = "Unknown"
"""The eventName of a call whose operation could not be told."""

# Services whose event source is not `{botocore's service name}.amazonaws.com`
# (reference: measured event sources of all 439 services).
SOURCES = {
    "accessanalyzer": "access-analyzer",
    "account-access-runtime": "account-access",
    "agent-registry-control": "agent-registry",
    "amp": "aps",
    "apigatewaymanagementapi": "execute-api",
    "apigatewayv2": "apigateway",
    "appconfigdata": "appconfig",
    "appintegrations": "app-integrations",
    "application-autoscaling": "autoscaling",
    "applicationcostprofiler": "application-cost-profiler",
    "backupsearch": "backup-search",
    "bedrock-agent": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-agentcore-control": "bedrock-agentcore",
    "bedrock-data-automation": "bedrock",
    "bedrock-data-automation-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
    "chime-sdk-identity": "chime",
    "chime-sdk-meetings": "chime",
    "chime-sdk-messaging": "chime",
    "cleanroomsml": "cleanrooms-ml",
    "cloudcontrol": "cloudcontrolapi",
    "cloudhsmv2": "cloudhsm",
    "cloudsearchdomain": "cloudsearch",
    "cloudwatch": "monitoring",
    "cloudwatchomni": "cloudwatch",
    "codeguruprofiler": "codeguru-profiler",
    "compute-optimizer-automation": "aco-automation",
    "connect-contact-lens": "contact-lens",
    "connectcampaigns": "connect-campaigns",
    "connectcampaignsv2": "connect-campaigns",
    "connectcases": "cases",
    "connecthealth": "health-agent",
    "connectparticipant": "participant-connect",
    "connectscheduling": "connect",
    "customer-profiles": "profile",
    "devops-agent": "aidevops",
    "docdb": "rds",
    "dynamodbstreams": "dynamodb",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "elementalinference": "elemental-inference",
    "emr": "elasticmapreduce",
    "endusermessaging": "end-user-messaging",
    "eventbridgev2": "events",
    "forecastquery": "forecast",
    "greengrassv2": "greengrass",
    "iam-toolbox": "iam",
    "iot-data": "iotdata",
    "iot-jobs-data": "iotjobsdata",
    "iot-managed-integrations": "iotmanagedintegrations",
    "iotsecuretunneling": "iotsecuredtunneling",
    "ivs-realtime": "ivs",
    "keyspaces": "cassandra",
    "keyspacesstreams": "cassandra",
    "kinesis-video-archived-media": "kinesisvideo",
    "kinesis-video-media": "kinesisvideo",
    "kinesis-video-signaling": "kinesisvideo",
    "kinesis-video-webrtc-storage": "kinesisvideo",
    "kinesisanalyticsv2": "kinesisanalytics",
    "lambda-core": "lambda",
    "lambda-microvms": "lambda",
    "lambda-web": "lambda",
    "launch-wizard": "launchwizard",
    "lex-models": "lex",
    "lex-runtime": "lex",
    "lexv2-models": "lex",
    "lexv2-runtime": "lex",
    "location": "geo",
    "mailmanager": "ses",
    "marketplace-agreement": "agreement-marketplace",
    "marketplace-catalog": "marketplacecatalog",
    "marketplace-deployment": "deployment-marketplace",
    "marketplace-discovery": "discovery-marketplace",
    "marketplace-entitlement": "entitlement-marketplace",
    "marketplace-reporting": "reporting-marketplace",
    "mediastore-data": "mediastore",
    "meteringmarketplace": "metering-marketplace",
    "mgh": "migrationhub",
    "migration-hub-refactor-spaces": "refactor-spaces",
    "migrationhub-config": "mgh",
    "migrationhuborchestrator": "migrationhub-orchestrator",
    "migrationhubstrategy": "migrationhub-strategy",
    "mq": "amazonmq",
    "mturk": "mturk-requester",
    "mwaa": "airflow",
    "mwaa-serverless": "airflow-serverless",
    "neptune": "rds",
    "neptunedata": "neptune-db",
    "notificationscontacts": "notifications-contacts",
    "opensearch": "es",
    "opensearchmemory": "osm",
    "opensearchserverless": "aoss",
    "partnercentral-revenue-measurement": "partnercentral",
    "payment-cryptography-data": "payment-cryptography",
    "personalize-events": "personalize",
    "personalize-runtime": "personalize",
    "pinpoint-email": "ses",
    "pinpoint-sms-voice": "sms-voice",
    "pinpoint-sms-voice-v2": "sms-voice",
    "pricing": "pricelist",
    "pricing-plan-manager": "pricingplanmanager",
    "rds-data": "rdsdata",
    "resiliencehubv2": "resiliencehub",
    "resourcegroupstaggingapi": "tagging",
    "s3control": "s3",
    "s3outposts": "s3-outposts",
    "sagemaker-a2i-runtime": "sagemaker",
    "sagemaker-edge": "sagemaker",
    "sagemaker-featurestore-runtime": "sagemaker",
    "sagemaker-geospatial": "sagemaker",
    "sagemaker-inference-router-runtime": "sagemaker",
    "sagemaker-metrics": "sagemaker",
    "sagemaker-runtime": "sagemaker",
    "sagemakerjobruntime": "sagemaker",
    "sagemakertrainingsessionruntime": "sagemaker",
    "service-quotas": "servicequotas",
    "sesv2": "ses",
    "signer-data": "signer",
    "simpledbv2": "sdb",
    "socialmessaging": "social-messaging",
    "sso-admin": "sso",
    "sso-oidc": "sso-oauth",
    "stepfunctions": "states",
    "supplychain": "scn",
    "support-app": "supportapp",
    "taxsettings": "tax",
    "timestream-query": "timestream",
    "timestream-write": "timestream",
    "voice-id": "voiceid",
    "workspaces-thin-client": "thinclient",
}

# Where only the credential scope tells the service: signing name -> source, unless equal.
SOURCES_BY_SIGNING_NAME = {
    "IoTSecuredTunneling": "iotsecuredtunneling",
    "applicationinsights": "application-insights",
    "awsssoportal": "sso",
    "iot-jobs-data": "iotjobsdata",
    "mgh": "migrationhub",
    "mobiletargeting": "pinpoint",
    "mq": "amazonmq",
    "pricing": "pricelist",
    "rds-data": "rdsdata",
    "sagemaker-geospatial": "sagemaker",
}

# S3 under other signing names: directory buckets, Outposts, Object Lambda.
S3_SIGNING_NAMES = frozenset({"s3express", "s3-outposts", "s3-object-lambda"})

# Lambda's names carry the date of the API they came with.
LAMBDA_DATED = {
    "20150331": (
        "CreateAlias CreateEventSourceMapping CreateFunction DeleteAlias DeleteEventSourceMapping "
        "DeleteFunction GetAlias GetEventSourceMapping ListAliases ListEventSourceMappings "
        "ListFunctions ListVersionsByFunction PublishVersion UpdateAlias UpdateEventSourceMapping"
    ),
    "20150331v2": (
        "AddPermission GetFunction GetFunctionConfiguration GetPolicy RemovePermission "
        "UpdateFunctionCode UpdateFunctionConfiguration"
    ),
    "20160819": "GetAccountSettings",
    "20171031": "DeleteFunctionConcurrency PutFunctionConcurrency",
    "20181031": (
        "AddLayerVersionPermission DeleteLayerVersion GetLayerVersion GetLayerVersionPolicy "
        "ListLayerVersions ListLayers PublishLayerVersion RemoveLayerVersionPermission"
    ),
}

# CloudFront dates the operations on functions, and no others.
CLOUDFRONT_DATE = "2020_05_31"
CLOUDFRONT_DATED = (
    "CreateFunction DeleteFunction DescribeFunction GetFunction ListFunctions PublishFunction "
    "TestFunction UpdateFunction"
)

# S3 keeps the names that the operations had before the SDKs renamed them.
S3_NAMES = {
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "ListObjectsV2": "ListObjects",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}

NAMES: dict[str, dict[str, str]] = {
    "lambda": {
        operation: operation + date
        for date, operations in LAMBDA_DATED.items()
        for operation in operations.split()
    },
    "cloudfront": {op: op + CLOUDFRONT_DATE for op in CLOUDFRONT_DATED.split()},
    "s3": S3_NAMES,
    "s3control": {
        "DeletePublicAccessBlock": "DeleteAccountPublicAccessBlock",
        "GetPublicAccessBlock": "GetAccountPublicAccessBlock",
        "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
    },
}

# Services with one endpoint a partition, which CloudTrail records in its first region.
GLOBAL_SERVICES = frozenset({"cloudfront", "iam", "iam-toolbox", "organizations", "route53"})

# Region prefix -> implicit global region of the partition (botocore's partitions.json).
GLOBAL_REGIONS = (
    ("cn-", "cn-northwest-1"),
    ("us-gov-", "us-gov-west-1"),
    ("eusc-", "eusc-de-east-1"),
    ("us-iso-", "us-iso-east-1"),
    ("us-isob-", "us-isob-east-1"),
    ("eu-isoe-", "eu-isoe-west-1"),
    ("us-isof-", "us-isof-south-1"),
)

_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d+")


def event_source(call: Call, host: str = "") -> str:
    """The service as CloudTrail names it, such as `monitoring.amazonaws.com` for CloudWatch.

    Where the service could not be told, the signing name stands for it, then the endpoint's
    prefix, and last the host that was asked for, with nothing added to it.
    """
    if call.service is not None:
        if call.signing_name in S3_SIGNING_NAMES and call.service == "s3":
            return f"{call.signing_name}.amazonaws.com"
        return f"{SOURCES.get(call.service, call.service)}.amazonaws.com"
    signed = call.signing_name or call.endpoint_prefix
    if signed:
        return f"{SOURCES_BY_SIGNING_NAME.get(signed, signed)}.amazonaws.com"
    return host_name(host) or "unknown"


def event_name(call: Call) -> str:
    """The operation as CloudTrail names it; `Unknown` where it could not be told."""
    if call.operation is None:
        return UNKNOWN
    renamed = NAMES.get(call.service or "")
    return renamed.get(call.operation, call.operation) if renamed else call.operation


def aws_region(call: Call, signed: str | None = None) -> str:
    """The region of the call: a global service's first one, `unknown` where nothing tells.

    `signed` is the credential scope's region, for calls that could not be routed.
    """
    region = call.region or signed
    if call.service in GLOBAL_SERVICES or (region and region.endswith("-global")):
        return global_region(region or "")
    return region or "unknown"


def global_region(region: str) -> str:
    """The region in which a region's partition records its global services."""
    for prefix, home in GLOBAL_REGIONS:
        if region.startswith(prefix):
            return home
    return "us-east-1"


def is_region(text: str) -> bool:
    """Does it look like a region, and not like `*`, `aws-global` or `unknown`?"""
    return _REGION.fullmatch(text) is not None


def host_name(host: str) -> str:
    """A host without its port, IPv6 brackets kept."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
