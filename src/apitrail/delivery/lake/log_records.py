"""The records of log files, for rows to be held against: of a tree, or as they were shipped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from apitrail.delivery.bucket import bucket_check
from apitrail.delivery.bucket.object_lock import SCHEME, Bucket, Location
from apitrail.delivery.lake.lake_list import LakeList
from apitrail.delivery.lake.log_check import LogFiles
from apitrail.delivery.lake.row_check import Records
from apitrail.delivery.logfiles import digest, records, tree_check
from apitrail.delivery.logfiles.tree import Tree
from apitrail.delivery.logfiles.tree_manifest import LogFile, Manifest
from apitrail.errors import UsageError
from apitrail.evidence.verify.report import Trust, tampered

type _Read = Callable[[LogFile], bytes | None]


def of(text: str, trust: Trust, *, endpoint: str | None, profile: str | None) -> LogFiles:
    """What gives the records of a list's entries, out of log files that hold.

    Raises:
        UsageError: there are none at this place, or they do not hold.
        Finding: what was shipped there does not hold.
    """
    manifest, read = _opened(text, trust, endpoint, profile)

    def found(said: LakeList) -> Records:
        if said.origin != manifest.origin:
            return Records({}, frozenset())
        logs = [log for log in manifest.logs if not log.is_of_insights and _meets(log, said)]
        by_id = {
            str(record.get("eventID")): record
            for log in logs
            for record in records.parse(digest.inflate(_bytes(log, read)))
        }
        indexes = frozenset(i for log in logs for i in log.indexes if i not in log.erased)
        return Records(by_id, indexes)

    return found


def _opened(
    text: str, trust: Trust, endpoint: str | None, profile: str | None
) -> tuple[Manifest, _Read]:
    if text.startswith(SCHEME):
        location = Location.parse(text)
        bucket = Bucket.connect(location.bucket, endpoint=endpoint, profile=profile)
        return bucket_check.shipped_logs(location, bucket, trust)
    report = tree_check.verify_tree(Path(text), trust)
    if not report.holds:
        raise UsageError(f"the log files in {text!r} do not hold: {report}", hint=report.hint)
    tree = Tree(Path(text))
    return tree.manifest(), lambda log: tree.read(log.key)


def _meets(log: LogFile, said: LakeList) -> bool:
    return bool(log.indexes) and log.indexes[0] < said.stop and log.indexes[-1] >= said.start


def _bytes(log: LogFile, read: _Read) -> bytes:
    data = read(log)
    if data is None or hashlib.sha256(data).hexdigest() != log.sha256:
        raise tampered(f"the log file {log.key} is missing, or is not what was listed")
    return data
