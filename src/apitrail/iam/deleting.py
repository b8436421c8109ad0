"""Calls that delete: by their names, and batches by what is in them."""

from __future__ import annotations

import re

from apitrail.aws.call import Call

# First words of operations and actions that end what exists ("Delete a…", "Terminates…", "Releases…").
_DELETES = re.compile(
    r"(?:Admin|Batch|Bulk)?(?:Delete|Deregister|Destroy|Drop|Expire|Purge|Release|Terminate|Wipe)"
    r"(?![a-z])"
    r"|.*Deletion(?![a-z])"  # ScheduleKeyDeletion
    r"|DELETE|PartiQLDelete"
)
_NOT = re.compile(r"Cancel|Describe|Get|List")

# Their names say something else: they delete data, parts of an upload, or objects from a day on.
_NAMED_OTHERWISE = frozenset({
    ("cloudformation", "ExecuteChangeSet"),
    ("neptune-graph", "ResetGraph"),
    ("neptunedata", "ExecuteFastReset"),
    ("s3", "AbortMultipartUpload"),
    ("s3", "PutBucketLifecycle"),
    ("s3", "PutBucketLifecycleConfiguration"),
})  # fmt: skip


def deletes(call: Call, action: str) -> bool:
    """Does a call, or the part of it that asks for `action`, delete something?"""
    service, operation = call.service or "", call.operation or ""
    if (service, operation) in _NAMED_OTHERWISE:
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
