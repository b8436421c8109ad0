"""What a service's records have though it was not sent: flags with the service's default."""

from __future__ import annotations

from typing import Any

# RDS fills in the flags that its model requires (shape `Boolean`, not `BooleanOptional`).
_RDS = {
    "CreateDBProxy": "debugLogging requireTLS",
    "DeleteDBCluster": "skipFinalSnapshot",
    "DeleteDBInstance": "skipFinalSnapshot",
    "DeleteTenantDatabase": "skipFinalSnapshot",
    "DescribeDBClusterSnapshots": "includePublic includeShared",
    "DescribeDBClusters": "includeShared",
    "DescribeDBEngineVersions": "defaultOnly",
    "DescribeDBSnapshots": "includePublic includeShared",
    "ModifyDBCluster": "allowEngineModeChange allowMajorVersionUpgrade applyImmediately",
    "ModifyDBInstance": "allowMajorVersionUpgrade applyImmediately",
    "ModifyOptionGroup": "applyImmediately",
    "ResetDBClusterParameterGroup": "resetAllParameters",
    "ResetDBParameterGroup": "resetAllParameters",
    "RestoreDBClusterToPointInTime": "useLatestRestorableTime",
    "RestoreDBInstanceToPointInTime": "useLatestRestorableTime",
}

_FLAGS = {
    **{("rds", operation): tuple(flags.split()) for operation, flags in _RDS.items()},
    ("ssm", "SendCommand"): ("interactive",),
}

# Services that speak RDS's API, and are recorded as RDS.
_LIKE = {"docdb": "rds", "neptune": "rds"}


def completed(
    service: str | None, operation: str | None, request: dict[str, Any]
) -> dict[str, Any]:
    """The request, with the flags that are off unless they are sent."""
    name = _LIKE.get(service or "", service or "")
    flags = _FLAGS.get((name, operation or ""), ())
    return {**dict.fromkeys(flags, False), **request} if flags else request
