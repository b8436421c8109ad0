"""NextFiles up: the calls and insights that no digest covers yet become log files, and digests over them.

It does not know where files are put, nor what time it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric import rsa

from apitrail.delivery.logfiles import digest, records
from apitrail.delivery.logfiles.place import CALLS, INSIGHTS, Place
from apitrail.delivery.logfiles.records import Record
from apitrail.delivery.logfiles.tree_manifest import DigestFile, LogFile, Manifest

# The most records, and the most characters, in one log file. CloudTrail's are up to 50 MB.
RECORDS = 5_000
CHARACTERS = 16_000_000
# A silence of up to this many intervals gets one digest per interval. A longer one gets a single
# digest.
SILENT = 24

type Put = Callable[[str, bytes], None]
"""Keeps a file under its key."""


@dataclass(slots=True)
class NextFiles:
    """Adds to `manifest` what `put` has kept; `unique` gives a log file's 16 alphanumerics."""

    manifest: Manifest
    key: rsa.RSAPrivateKey
    unique: Callable[[], str]
    put: Put
    # By place and folder.
    _open: dict[tuple[Place, str], list[Record]] = field(default_factory=dict)
    _size: dict[tuple[Place, str], int] = field(default_factory=dict)
    _written: dict[Place, list[LogFile]] = field(default_factory=dict)
    _newest: dict[Place, DigestFile] = field(default_factory=dict)
    _logs: list[LogFile] = field(default_factory=list)
    _digests: list[DigestFile] = field(default_factory=list)
    _fingerprint: str = ""

    def run(self, found: Iterable[Record], now: int) -> Manifest:
        """Cover these calls, the last of them up to `now`, Unix milliseconds.

        A call belongs to the interval in which its entry was written. The newest interval is
        closed early, and the next digest begins where it ends.
        """
        self._know_key(now // 1000)
        self._newest = self.manifest.newest()
        every = self.manifest.every * 1000
        interval: int | None = None
        for record in found:
            mine = record.time // every
            if interval is not None and mine > interval:
                self._close(interval, (interval + 1) * every)
                interval = mine
            interval = mine if interval is None else interval
            self._add(record)
        if interval is not None:
            self._close(interval, max(min(now, (interval + 1) * every), interval * every))
        return replace(
            self.manifest,
            logs=(*self.manifest.logs, *self._logs),
            digests=(*self.manifest.digests, *self._digests),
        )

    def _know_key(self, since: int) -> None:
        public = digest.public_key(self.key, since)
        self._fingerprint = public.fingerprint
        known = self.manifest.public_keys
        if all(each.fingerprint != public.fingerprint for each in known):
            self.manifest = replace(self.manifest, public_keys=(*known, public))

    def _add(self, record: Record) -> None:
        folder = record.place, record.folder
        self._open.setdefault(folder, []).append(record)
        self._size[folder] = self._size.get(folder, 0) + len(record.text)
        if len(self._open[folder]) >= RECORDS or self._size[folder] >= CHARACTERS:
            self._write(*folder)

    def _write(self, place: Place, folder: str) -> None:
        found = self._open.pop((place, folder), [])
        if not found:
            return
        self._size.pop((place, folder))
        content = records.content([record.text for record in found])
        data = digest.compress(content)
        key = place.log_key(
            self.manifest.prefix, found[-1].time // 1000, self.unique(), folder=folder
        )
        self.put(key, data)
        log = LogFile(
            key=key, place=place,
            sha256=hashlib.sha256(data).hexdigest(), hash=hashlib.sha256(content).hexdigest(),
            oldest=min(record.happened for record in found),
            newest=max(record.happened for record in found),
            indexes=tuple(record.index for record in found),
        )  # fmt: skip
        self._written.setdefault(place, []).append(log)

    def _close(self, interval: int, end: int) -> None:
        """End an interval: `end` is in milliseconds, not after the interval's own."""
        start = interval * self.manifest.every
        for place in sorted({*(place for place, _ in self._open), *self._written}):
            for folder in (CALLS, INSIGHTS):
                self._write(place, folder)
            logs = self._written.pop(place)
            self._logs += logs
            last = self._newest.get(place)
            begin = start if last is None else self._tell_silence(place, last.end, start)
            # Two digests must not end in the same second: they would have the same name.
            self._digest(place, begin, max(-(-end // 1000), begin + 1), logs)

    def _tell_silence(self, place: Place, since: int, until: int) -> int:
        """Empty digests from the last one to the interval's start; gives where they end."""
        every = self.manifest.every
        first = since // every + 1
        ends = [count * every for count in range(first, until // every + 1)]
        for end in ends if len(ends) <= SILENT else ends[-1:]:
            self._digest(place, since, end, [])
            since = end
        return since

    def _digest(self, place: Place, start: int, end: int, logs: list[LogFile]) -> None:
        bucket, previous = self.manifest.bucket, self._newest.get(place)
        key = place.digest_key(self.manifest.prefix, end)
        content = digest.document(
            bucket=bucket, key=key, place=place, start=start, end=end, logs=logs,
            previous=previous, fingerprint=self._fingerprint,
        )  # fmt: skip
        message = digest.string_to_sign(
            bucket=bucket, key=key, end=end, content=content,
            previous=previous.signature if previous else None,
        )  # fmt: skip
        data = digest.compress(content)
        self.put(key, data)
        made = DigestFile(
            key=key, place=place, start=start, end=end,
            sha256=hashlib.sha256(data).hexdigest(), hash=hashlib.sha256(content).hexdigest(),
            signature=digest.sign(self.key, message), logs=tuple(log.key for log in logs),
        )  # fmt: skip
        self._digests.append(made)
        self._newest[place] = made
