"""Does a call only read, and is it CloudTrail's management or data event?

The rules are CloudTrail's own, which differ from IAM's access levels.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from apitrail.aws.call import Call

type Category = Literal["Management", "Data"]

# Reproduces readOnly on 526 of the 531 (source, operation) pairs of 27,843 real records.
READ_ONLY_PREFIXES = (
    "BatchGet", "Check", "Decrypt", "Describe", "Detect", "Download", "Encrypt", "Estimate",
    "Export", "Fetch", "Generate", "Get", "Head", "List", "Lookup", "Preview", "Query", "Read",
    "Scan", "Search", "Select", "Simulate", "Test", "Validate", "Verify", "View",
)  # fmt: skip

# (service, operation) -> readOnly, where the name misleads: the other five pairs, and reads
# that AWS documents as such.
READ_ONLY_EXCEPTIONS = {
    ("bedrock-runtime", "Converse"): True,
    ("bedrock-runtime", "ConverseStream"): True,
    ("bedrock-runtime", "InvokeModel"): True,
    ("bedrock-runtime", "InvokeModelWithResponseStream"): True,
    ("dynamodb", "BatchGetItem"): True,
    ("dynamodb", "TransactGetItems"): True,
    ("ses", "VerifyDomainDkim"): False,
    ("ses", "VerifyDomainIdentity"): False,
    ("ses", "VerifyEmailAddress"): False,
    ("ses", "VerifyEmailIdentity"): False,
    ("sqs", "ReceiveMessage"): True,
    ("sts", "AssumeRole"): True,
    ("sts", "AssumeRoleWithSAML"): True,
    ("sts", "AssumeRoleWithWebIdentity"): True,
    ("sts", "AssumeRoot"): True,
    ("sts", "GetFederationToken"): False,
    ("sts", "GetSessionToken"): False,
}

_DYNAMODB_ITEMS = (
    "BatchExecuteStatement BatchGetItem BatchWriteItem DeleteItem ExecuteStatement "
    "ExecuteTransaction GetItem PutItem Query Scan TransactGetItems TransactWriteItems UpdateItem"
)
_S3_OBJECTS = (
    "AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload "
    "CreateSession DeleteObject DeleteObjects DeleteObjectTagging GetObject GetObjectAcl "
    "GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent "
    "HeadBucket HeadObject ListMultipartUploads ListObjects ListObjectsV2 ListObjectVersions "
    "ListParts PostObject PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention "
    "PutObjectTagging RenameObject RestoreObject SelectObjectContent UploadPart UploadPartCopy "
    "WriteGetObjectResponse"
)
_SES_SENDING = (
    "SendBounce SendBulkEmail SendBulkTemplatedEmail SendCustomVerificationEmail SendEmail "
    "SendRawEmail SendTemplatedEmail"
)

# service -> operations that are data events (the "data event" resource types of the
# CloudTrail user guide; reference §2). All others are management events.
DATA_OPERATIONS: dict[str, frozenset[str]] = {
    service: frozenset(operations.split())
    for service, operations in {
        "appconfigdata": "GetLatestConfiguration StartConfigurationSession",
        "bedrock-agent-runtime": (
            "InvokeAgent InvokeFlow InvokeInlineAgent Retrieve RetrieveAndGenerate "
            "RetrieveAndGenerateStream"
        ),
        "cloudtrail-data": "PutAuditEvents",
        "cloudwatch": (
            "GetInsightRuleReport GetMetricData GetMetricStatistics GetMetricWidgetImage "
            "ListMetrics PutMetricData"
        ),
        "cognito-identity": (
            "GetCredentialsForIdentity GetId GetOpenIdToken GetOpenIdTokenForDeveloperIdentity "
            "UnlinkIdentity"
        ),
        "dynamodb": _DYNAMODB_ITEMS,
        "dynamodbstreams": "GetRecords GetShardIterator",
        "ebs": (
            "CompleteSnapshot GetSnapshotBlock ListChangedBlocks ListSnapshotBlocks "
            "PutSnapshotBlock StartSnapshot"
        ),
        "firehose": "PutRecord PutRecordBatch",
        "kinesis": "GetRecords GetShardIterator PutRecord PutRecords SubscribeToShard",
        "kinesis-video-archived-media": (
            "GetClip GetDASHStreamingSessionURL GetHLSStreamingSessionURL GetImages "
            "GetMediaForFragmentList ListFragments"
        ),
        "kinesis-video-media": "GetMedia PutMedia",
        "lambda": "Invoke InvokeAsync InvokeWithResponseStream",
        "pinpoint-email": _SES_SENDING,
        "s3": _S3_OBJECTS,
        "sagemaker-featurestore-runtime": "BatchGetRecord DeleteRecord GetRecord PutRecord",
        "sagemaker-runtime": "InvokeEndpoint InvokeEndpointAsync InvokeEndpointWithResponseStream",
        "ses": _SES_SENDING,
        "sesv2": _SES_SENDING,
        "sns": "Publish PublishBatch",
        "sqs": (
            "ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage "
            "DeleteMessageBatch ReceiveMessage SendMessage SendMessageBatch"
        ),
        "stepfunctions": "GetActivityTask StartSyncExecution",
        "timestream-query": "CancelQuery PrepareQuery Query",
        "timestream-write": "WriteRecords",
        "xray": (
            "BatchGetTraces GetServiceGraph GetTimeSeriesServiceStatistics GetTraceGraph "
            "GetTraceSummaries PutTelemetryRecords PutTraceSegments"
        ),
    }.items()
}


def read_only(call: Call) -> bool:
    """CloudTrail's `readOnly`; False for an unknown operation, which may have written."""
    return call.operation is not None and _only_reads(call.service or "", call.operation)


@lru_cache(maxsize=4096)
def _only_reads(service: str, operation: str) -> bool:
    exception = READ_ONLY_EXCEPTIONS.get((service, operation))
    return operation.startswith(READ_ONLY_PREFIXES) if exception is None else exception


def category(call: Call) -> Category:
    """CloudTrail's `eventCategory`; Management for an unknown operation."""
    return "Data" if call.operation in DATA_OPERATIONS.get(call.service or "", ()) else "Management"


def management_event(call: Call) -> bool:
    """CloudTrail's `managementEvent`."""
    return category(call) == "Management"
