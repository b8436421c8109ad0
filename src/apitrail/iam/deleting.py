"""Calls that delete: by their names, and batches by what is in them."""

from __future__ import annotations

import re

from apitrail.aws.call import Call

# First words of operations and actions that end what exists ("Delete a…", "Terminates…", "Releases…").
_DELETES = re.compile(
    r"(?:Admin|Batch|Bulk)?(?:Delete|Deprovision|Deregister|Destroy|Drop|Expire|Purge|Release|Terminate|Wipe)"
    r"(?![a-z])"
    r"|.*Deletion(?![a-z])"  # ScheduleKeyDeletion
    r"|DELETE|PartiQLDelete"
)
_NOT = re.compile(r"Cancel|Describe|Get|List")

# Their names say something else. They delete data or parts of an upload; what a policy of retention or a
# lifecycle no longer keeps; and what a stack or a fleet no longer has.
_NAMED_OTHERWISE = {
    "backup": "UpdateRecoveryPointLifecycle",
    "chime": "PutRetentionSettings",
    "chime-sdk-identity": "PutAppInstanceRetentionSettings PutAppInstanceUserExpirationSettings",
    "chime-sdk-messaging": "PutChannelExpirationSettings",
    "cloudformation": "CancelUpdateStack ContinueUpdateRollback ExecuteChangeSet RollbackStack "
    "UpdateStack UpdateStackInstances UpdateStackSet",
    "codeartifact": "DisposePackageVersions",
    "config": "PutRetentionConfiguration",
    "dlm": "CreateLifecyclePolicy UpdateLifecyclePolicy",
    "dynamodb": "UpdateTimeToLive",
    "ec2": "CancelSpotFleetRequests",
    "ecr": "PutLifecyclePolicy",
    "elasticbeanstalk": "UpdateApplicationResourceLifecycle",
    "glacier": "AbortMultipartUpload",
    "imagebuilder": "CreateLifecyclePolicy UpdateLifecyclePolicy",
    "kinesis": "DecreaseStreamRetentionPeriod",
    "kinesisvideo": "UpdateDataRetention",
    "logs": "PutRetentionPolicy",
    "mediastore": "PutLifecyclePolicy",
    "neptune-graph": "ResetGraph",
    "neptunedata": "ExecuteFastReset",
    "omics": "AbortMultipartReadSetUpload",
    "opensearchserverless": "CreateLifecyclePolicy UpdateLifecyclePolicy",
    "organizations": "CloseAccount",
    "outposts": "StartOutpostDecommission",
    "redshift": "ModifySnapshotCopyRetentionPeriod",
    "s3": "AbortMultipartUpload PutBucketLifecycle PutBucketLifecycleConfiguration",
    "s3control": "PutBucketLifecycleConfiguration",
    "s3tables": "PutTableRecordExpirationConfiguration",
    "wickr": "UpdateDataRetention",
    "workmail": "PutRetentionPolicy",
}
NAMED_OTHERWISE = frozenset(
    (service, operation)
    for service, operations in _NAMED_OTHERWISE.items()
    for operation in operations.split()
)


def deletes(call: Call, action: str) -> bool:
    """Does a call, or the part of it that asks for `action`, delete something?"""
    service, operation = call.service or "", call.operation or ""
    if (service, operation) in NAMED_OTHERWISE:
        return True
    if service == "dynamodb" and operation == "BatchWriteItem":
        return _has_delete(call)
    names = (operation, action.partition(":")[2])
    return any(_DELETES.match(name) and not _NOT.match(name) for name in names)


def _has_delete(call: Call) -> bool:
    """Does a batch of writes delete an item?"""
    tables = (call.parameters or {}).get("RequestItems")
    if not isinstance(tables, dict):
        return True  # what is in it cannot be told
    return any(
        not isinstance(item, dict) or item.get("DeleteRequest") is not None
        for items in tables.values()
        for item in (items if isinstance(items, list) else [None])
    )
