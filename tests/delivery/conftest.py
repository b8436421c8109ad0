"""A stand-in for S3 that locks, and a trail to ship."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

import delivering
from apitrail import durable
from apitrail.delivery.bucket import bucket_check
from apitrail.delivery.bucket.anchors import anchors_of
from apitrail.delivery.bucket.object_lock import Bucket, Location
from apitrail.delivery.bucket.shipping import Outcome, Shipping
from apitrail.delivery.bucket.versions import BucketContents
from apitrail.delivery.logfiles import signing
from apitrail.evidence.verify import Report
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Anchor

_numbers = itertools.count()


ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "y",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": "/nonexistent",
    "NO_PROXY": "*",
}


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The URL of moto's S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def client(s3: str) -> Any:
    """A client that is made once: that takes longer than what is asked of it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        return Bucket.connect("any", endpoint=s3, profile=None).client


@pytest.fixture(scope="session")
def rsa_key(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A key that signs digests, made once for the same reason."""
    directory = tmp_path_factory.mktemp("rsa")
    signing.digest_key(directory)
    return (directory / signing.FILE).read_bytes()


@dataclass
class Shelf:
    """A bucket, the trail that is shipped to it, and what an attacker may do to the bucket."""

    trail: Path
    location: Location
    bucket: Bucket
    endpoint: str
    now: int = delivering.HOUR + 3 * 3_600_000

    @property
    def client(self) -> Any:
        return self.bucket.client

    def reconnect(self) -> None:
        """Use a client of one's own, to listen in on."""
        self.bucket = Bucket.connect(self.bucket.name, endpoint=self.endpoint, profile=None)

    def ship(self, **options: Any) -> Outcome:
        self.now += 1000
        options = {"retain": "7y"} | options
        return Shipping(self.trail, self.location, self.bucket, **options).ship(self.now)

    def anchors(self) -> list[tuple[int, Anchor]]:
        """What the log says of shipments."""
        with Reader(self.trail) as source:
            return anchors_of(source, self.location)

    def versions(self) -> dict[str, list[str]]:
        """The ids of the versions of each key in the bucket."""
        contents = BucketContents(self.bucket, self.location)
        return {key: [each.id for each in found] for key, found in contents.versions.items()}

    def call(self, number: int) -> None:
        self.now += 1000
        delivering.record(self.trail, [delivering.at(self.now, number)])

    def check(self, **options: Any) -> Report:
        options = {"trail": self.trail} | options
        trust = options.pop("trust", delivering.trust(self.trail))
        return bucket_check.verify_bucket(self.location, self.bucket, trust, **options)

    def listed(self, part: str = "") -> list[str]:
        holding = BucketContents(self.bucket, self.location)
        return sorted(key for key in holding.versions if part in key)

    def version(self, key: str) -> str:
        return self.client.head_object(Bucket=self.bucket.name, Key=key)["VersionId"]

    def take_away(self, key: str) -> None:
        """Delete every version for good, as only who breaks Object Lock could."""
        for version in BucketContents(self.bucket, self.location).versions[key]:
            self.unlock(key, version.id)
            self.client.delete_object(Bucket=self.bucket.name, Key=key, VersionId=version.id)

    def unlock(self, key: str, version: str) -> None:
        """moto lets a lock be shortened; AWS does not."""
        self.client.put_object_retention(
            Bucket=self.bucket.name, Key=key, VersionId=version,
            Retention={"Mode": "COMPLIANCE", "RetainUntilDate": "2023-11-15T00:00:00Z"},
        )  # fmt: skip


@pytest.fixture
def shelf(tmp_path: Path, s3: str, client: Any, rsa_key: bytes) -> Shelf:
    """A trail of three hours, and a bucket of this test's own that locks."""
    location = Location.parse(f"s3://keep-{next(_numbers)}/audit")
    bucket = Bucket(location.bucket, client)
    bucket.client.create_bucket(Bucket=location.bucket, ObjectLockEnabledForBucket=True)
    calls = [
        delivering.at(delivering.HOUR + hour * 3_600_000 + minute * 60_000, hour * 60 + minute)
        for hour in range(3)
        for minute in (5, 50)
    ]
    trail = delivering.record(tmp_path / "trail", calls)
    durable.write(trail / "keys" / signing.FILE, rsa_key)
    return Shelf(trail, location, bucket, s3)
