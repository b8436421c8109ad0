"""Operations whose IAM action has another name than the operation.

From "Actions, resources, and condition keys" of each service and the permissions that the API
reference names for the operation.
"""

from __future__ import annotations

import re

# botocore service -> IAM's prefix, where none of its names on the wire is one.
PREFIXES = {
    "account-access-runtime": "account-access",
    "apigateway": "apigateway",
    "apigatewaymanagementapi": "execute-api",
    "apigatewayv2": "apigateway",
    "cloudcontrol": "cloudformation",
    "iot-data": "iot",
    "iot-jobs-data": "iotjobsdata",
    "iotsecuretunneling": "iot",
    "keyspaces": "cassandra",
    "keyspacesstreams": "cassandra",
    "mturk": "mechanicalturk",
    "neptunedata": "neptune-db",
    "partnercentral-account": "partnercentral",
    "partnercentral-benefits": "partnercentral",
    "partnercentral-channel": "partnercentral",
    "partnercentral-selling": "partnercentral",
    "sso-oidc": "sso-oauth",
}

_GRAPH_QUERY = "ReadDataViaQuery WriteDataViaQuery DeleteDataViaQuery"

# service -> operation and what it takes, a line each; a name with a colon is another service's.
_TABLES = {
    "accessanalyzer": """
        GetFindingV2 GetFinding
        ListFindingsV2 ListFindings
    """,
    "apigatewaymanagementapi": """
        DeleteConnection ManageConnections
        GetConnection ManageConnections
        PostToConnection ManageConnections
    """,
    "bedrock-agent-runtime": "RetrieveAndGenerateStream RetrieveAndGenerate",
    "bedrock-runtime": """
        Converse InvokeModel
        ConverseStream InvokeModelWithResponseStream
        InvokeModelWithBidirectionalStream InvokeModelWithResponseStream
        StartAsyncInvoke InvokeModel
    """,
    "cloudfront": "CreateDistributionWithTags CreateDistribution TagResource",
    "comprehendmedical": "DetectEntities DetectEntitiesV2",
    "dms": """
        DescribeDataProviders ListDataProviders
        DescribeExtensionPackAssociations ListExtensionPacks
        DescribeInstanceProfiles ListInstanceProfiles
        DescribeMetadataModelAssessments ListMetadataModelAssessments
        DescribeMetadataModelConversions ListMetadataModelConversions
        DescribeMetadataModelExportsAsScript ListMetadataModelExports
        DescribeMetadataModelExportsToTarget ListMetadataModelExports
        DescribeMigrationProjects ListMigrationProjects
        ModifyConversionConfiguration UpdateConversionConfiguration
        ModifyDataProvider UpdateDataProvider
        ModifyInstanceProfile UpdateInstanceProfile
        ModifyMigrationProject UpdateMigrationProject
        StartExtensionPackAssociation AssociateExtensionPack
        StartMetadataModelExportAsScript StartMetadataModelExportAsScripts
    """,
    "dynamodb": "TransactGetItems GetItem",
    "elasticache": """
        PrepareMigration StartMigration
        StopMigration CompleteMigration
    """,
    "iot-jobs-data": "StartCommandExecution iot:StartCommandExecution",
    "keyspaces": """
        CreateKeyspace Create
        CreateTable Create
        CreateType Create
        DeleteKeyspace Drop
        DeleteTable Drop
        DeleteType Drop
        GetKeyspace Select
        GetTable Select
        GetTableAutoScalingSettings Select
        GetType Select
        ListKeyspaces Select
        ListTables Select
        ListTagsForResource Select
        ListTypes Select
        RestoreTable Restore Select
        UpdateKeyspace Alter
        UpdateTable Alter
    """,
    "kms": "ReEncrypt ReEncryptFrom ReEncryptTo",
    "lambda": """
        AddEventSource CreateEventSourceMapping
        GetEventSource GetEventSourceMapping
        GetLayerVersionByArn GetLayerVersion
        Invoke InvokeFunction
        InvokeAsync InvokeFunction
        InvokeWithResponseStream InvokeFunction
        ListEventSources ListEventSourceMappings
        RemoveEventSource DeleteEventSourceMapping
        UploadFunction UpdateFunctionCode
    """,
    "neptune-graph": f"""
        ExecuteQuery {_GRAPH_QUERY}
        GetQuery GetQueryStatus
    """,
    "neptunedata": f"""
        CancelGremlinQuery CancelQuery
        CancelOpenCypherQuery CancelQuery
        DeletePropertygraphStatistics DeleteStatistics
        DeleteSparqlStatistics DeleteStatistics
        ExecuteFastReset ResetDatabase
        ExecuteGremlinExplainQuery {_GRAPH_QUERY}
        ExecuteGremlinProfileQuery {_GRAPH_QUERY}
        ExecuteGremlinQuery {_GRAPH_QUERY}
        ExecuteOpenCypherExplainQuery {_GRAPH_QUERY}
        ExecuteOpenCypherQuery {_GRAPH_QUERY}
        GetGremlinQueryStatus GetQueryStatus
        GetMLDataProcessingJob GetMLDataProcessingJobStatus
        GetMLEndpoint GetMLEndpointStatus
        GetMLModelTrainingJob GetMLModelTrainingJobStatus
        GetMLModelTransformJob GetMLModelTransformJobStatus
        GetOpenCypherQueryStatus GetQueryStatus
        GetPropertygraphStatistics GetStatisticsStatus
        GetPropertygraphStream GetStreamRecords
        GetPropertygraphSummary GetGraphSummary
        GetRDFGraphSummary GetGraphSummary
        GetSparqlStatistics GetStatisticsStatus
        GetSparqlStream GetStreamRecords
        ListGremlinQueries GetQueryStatus
        ListOpenCypherQueries GetQueryStatus
        ManagePropertygraphStatistics ManageStatistics
        ManageSparqlStatistics ManageStatistics
    """,
    "s3": """
        CompleteMultipartUpload PutObject
        CopyObject PutObject
        CreateBucketMetadataConfiguration CreateBucketMetadataTableConfiguration
        CreateMultipartUpload PutObject
        CreateSession s3express:CreateSession
        DeleteBucketAnalyticsConfiguration PutAnalyticsConfiguration
        DeleteBucketCors PutBucketCORS
        DeleteBucketEncryption PutEncryptionConfiguration
        DeleteBucketIntelligentTieringConfiguration PutIntelligentTieringConfiguration
        DeleteBucketInventoryConfiguration PutInventoryConfiguration
        DeleteBucketLifecycle PutLifecycleConfiguration
        DeleteBucketMetadataConfiguration DeleteBucketMetadataTableConfiguration
        DeleteBucketMetricsConfiguration PutMetricsConfiguration
        DeleteBucketOwnershipControls PutBucketOwnershipControls
        DeleteBucketReplication PutReplicationConfiguration
        DeleteBucketTagging PutBucketTagging
        DeleteObjects DeleteObject
        DeletePublicAccessBlock PutBucketPublicAccessBlock
        GetBucketAccelerateConfiguration GetAccelerateConfiguration
        GetBucketAnalyticsConfiguration GetAnalyticsConfiguration
        GetBucketEncryption GetEncryptionConfiguration
        GetBucketIntelligentTieringConfiguration GetIntelligentTieringConfiguration
        GetBucketInventoryConfiguration GetInventoryConfiguration
        GetBucketLifecycle GetLifecycleConfiguration
        GetBucketLifecycleConfiguration GetLifecycleConfiguration
        GetBucketMetadataConfiguration GetBucketMetadataTableConfiguration
        GetBucketMetricsConfiguration GetMetricsConfiguration
        GetBucketNotificationConfiguration GetBucketNotification
        GetBucketReplication GetReplicationConfiguration
        GetObjectLockConfiguration GetBucketObjectLockConfiguration
        GetPublicAccessBlock GetBucketPublicAccessBlock
        HeadBucket ListBucket
        HeadObject GetObject
        ListBucketAnalyticsConfigurations GetAnalyticsConfiguration
        ListBucketIntelligentTieringConfigurations GetIntelligentTieringConfiguration
        ListBucketInventoryConfigurations GetInventoryConfiguration
        ListBucketMetricsConfigurations GetMetricsConfiguration
        ListBuckets ListAllMyBuckets
        ListDirectoryBuckets s3express:ListAllMyDirectoryBuckets
        ListMultipartUploads ListBucketMultipartUploads
        ListObjects ListBucket
        ListObjectsV2 ListBucket
        ListObjectVersions ListBucketVersions
        ListParts ListMultipartUploadParts
        PostObject PutObject
        PutBucketAccelerateConfiguration PutAccelerateConfiguration
        PutBucketAnalyticsConfiguration PutAnalyticsConfiguration
        PutBucketEncryption PutEncryptionConfiguration
        PutBucketIntelligentTieringConfiguration PutIntelligentTieringConfiguration
        PutBucketInventoryConfiguration PutInventoryConfiguration
        PutBucketLifecycle PutLifecycleConfiguration
        PutBucketLifecycleConfiguration PutLifecycleConfiguration
        PutBucketMetricsConfiguration PutMetricsConfiguration
        PutBucketNotificationConfiguration PutBucketNotification
        PutBucketReplication PutReplicationConfiguration
        PutObjectLockConfiguration PutBucketObjectLockConfiguration
        PutPublicAccessBlock PutBucketPublicAccessBlock
        RenameObject s3express:CreateSession
        SelectObjectContent GetObject
        UploadPart PutObject
        UploadPartCopy PutObject
        WriteGetObjectResponse s3-object-lambda:WriteGetObjectResponse
    """,
    "s3control": """
        DeleteAccessPointScope s3express:DeleteAccessPointScope
        DeleteBucketLifecycleConfiguration s3-outposts:PutLifecycleConfiguration
        DeleteBucketReplication s3-outposts:PutReplicationConfiguration
        DeleteBucketTagging s3-outposts:PutBucketTagging
        DeletePublicAccessBlock PutAccountPublicAccessBlock
        GetAccessPointScope s3express:GetAccessPointScope
        GetBucket s3-outposts:GetBucket
        GetBucketLifecycleConfiguration s3-outposts:GetLifecycleConfiguration
        GetBucketReplication s3-outposts:GetReplicationConfiguration
        GetPublicAccessBlock GetAccountPublicAccessBlock
        ListAccessPointsForDirectoryBuckets s3express:ListAccessPointsForDirectoryBuckets
        ListRegionalBuckets s3-outposts:ListRegionalBuckets
        PutAccessPointScope s3express:PutAccessPointScope
        PutBucketLifecycleConfiguration s3-outposts:PutLifecycleConfiguration
        PutBucketReplication s3-outposts:PutReplicationConfiguration
        PutPublicAccessBlock PutAccountPublicAccessBlock
    """,
    "sns": "PublishBatch Publish",
    "sqs": """
        ChangeMessageVisibilityBatch ChangeMessageVisibility
        DeleteMessageBatch DeleteMessage
        SendMessageBatch SendMessage
    """,
    "timestream-query": "Query Select",
    "verifiedpermissions": """
        BatchGetPolicy GetPolicy
        BatchIsAuthorized IsAuthorized
        BatchIsAuthorizedWithToken IsAuthorizedWithToken
    """,
}

RENAMED: dict[tuple[str, str], tuple[str, ...]] = {
    (service, words[0]): tuple(words[1:])
    for service, lines in _TABLES.items()
    for line in lines.strip().splitlines()
    for words in [line.split()]
}

# Budgets has two actions for all of a budget's operations ("budgets:ViewBudget").
_BUDGETS = re.compile(r"(Describe)?.*?(?:Budgets?|Notifications?|Subscribers?)\w*")


def renamed(service: str, operation: str) -> tuple[str, ...]:
    """The names of the actions of an operation, if they are known to be others than its own."""
    if service == "budgets" and not operation.endswith(("Action", "Actions", "Resource")):
        match = _BUDGETS.fullmatch(operation)
        if match and "Action" not in operation:
            return ("ViewBudget",) if match[1] else ("ModifyBudget",)
    return RENAMED.get((service, operation), ())
