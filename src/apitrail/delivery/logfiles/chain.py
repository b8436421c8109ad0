"""Do the digests hold: each signed, each naming the one before, and the log files as listed?

It does not know where the files are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from apitrail.delivery.logfiles import digest, records
from apitrail.delivery.logfiles.place import Place
from apitrail.delivery.logfiles.tree_manifest import DigestFile, LogFile, Manifest, read_json
from apitrail.errors import FormatError
from apitrail.when import iso_second

type Read = Callable[[str], bytes | None]
"""A digest's bytes by key, if they are those of the manifest."""


def problems(manifest: Manifest, read: Read) -> Iterator[tuple[str, str]]:
    """What does not hold of the digests, as (key, problem); what is not here is not told again."""
    logs = {log.key: log for log in manifest.logs}
    keys = {key.fingerprint: key for key in manifest.public_keys}
    last: dict[Place, DigestFile] = {}
    covered: set[str] = set()
    for each in manifest.digests:
        covered.update(each.logs)
        if (data := read(each.key)) is not None:
            try:
                yield from _digest(manifest, each, last.get(each.place), logs, keys, data)
            except FormatError as error:
                yield each.key, str(error)
        last[each.place] = each
    for log in manifest.logs:
        if log.key not in covered:
            yield log.key, "no digest speaks of it"


def log_problems(log: LogFile, data: bytes) -> Iterator[str]:
    """What does not hold of a log file."""
    try:
        content = digest.inflate(data)
        found = records.parse(content)
    except FormatError as error:
        yield f"{log.key}: {error}"
        return
    if not log.erased and hashlib.sha256(content).hexdigest() != log.hash:
        yield f"{log.key}: its content is not what the digest says"
    most, least = len(log.indexes), len(log.indexes) - len(log.erased)
    if not least <= len(found) <= most:
        yield f"{log.key}: it has {len(found)} records of {most}"


def _digest(
    manifest: Manifest,
    each: DigestFile,
    previous: DigestFile | None,
    logs: dict[str, LogFile],
    keys: dict[str, Any],
    data: bytes,
) -> Iterator[tuple[str, str]]:
    content = digest.inflate(data)
    said = read_json(content, "digest")
    said = said if isinstance(said, dict) else {}
    public = keys.get(str(said.get("digestPublicKeyFingerprint")))
    message = digest.string_to_sign(
        bucket=manifest.bucket, key=each.key, end=each.end, content=content,
        previous=previous.signature if previous else None,
    )  # fmt: skip
    if public is None or not digest.verifies(public, message, each.signature):
        yield each.key, "its signature is not good"
    expected = {
        "awsAccountId": each.place.account,
        "digestStartTime": iso_second(each.start),
        "digestEndTime": iso_second(each.end),
        "digestS3Bucket": manifest.bucket,
        "digestS3Object": each.key,
        "previousDigestS3Object": previous.key if previous else None,
        "previousDigestHashValue": previous.hash if previous else None,
        "previousDigestSignature": previous.signature if previous else None,
    }
    for name, value in expected.items():
        if said.get(name) != value:
            yield each.key, f"its {name} is {said.get(name)!r} and not {value!r}"
    listed = [(key, logs[key].hash if key in logs else None) for key in each.logs]
    if _listed(said.get("logFiles")) != listed:
        yield each.key, "it speaks of other log files"


def _listed(items: object) -> list[tuple[object, object]]:
    found = items if isinstance(items, list) else []
    return [
        (item.get("s3Object"), item.get("hashValue")) if isinstance(item, dict) else (None, None)
        for item in found
    ]
