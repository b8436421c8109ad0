"""`aws cloudtrail validate-logs`, unmodified, over exported trees; and where it sees nothing."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

import delivering
import refusing
import trails
from apitrail.delivery.logfiles import digest, log_directory, tree_check
from apitrail.delivery.logfiles.place import Place
from apitrail.delivery.logfiles.tree import SIDECAR, Tree
from apitrail.delivery.logfiles.tree_manifest import Manifest
from apitrail.when import iso_second
from machine import BIN, clean

HERE = Place(delivering.ACCOUNT, "eu-central-1")
HOURS = 8


class Tampered:
    """An exported tree of eight hours in one region, to change and to have judged."""

    def __init__(self, directory: Path) -> None:
        self.trail = directory / "trail"
        calls = [
            delivering.at(delivering.HOUR + hour * 3_600_000 + minute * 60_000, hour * 60 + minute)
            for hour in range(HOURS)
            for minute in (5, 50)
        ]
        delivering.record(self.trail, calls)
        self.now = delivering.HOUR + HOURS * 3_600_000
        self.manifest: Manifest = log_directory.export(self.trail, directory / "tree", now=self.now)
        self.tree = Tree(directory / "tree")
        self.logs = [log.key for log in self.manifest.logs]
        self.digests = [each.key for each in self.manifest.digests]

    def path(self, key: str) -> Path:
        path = self.tree.path(key)
        assert path is not None
        return path

    def rewrite(self, key: str, old: bytes, new: bytes) -> None:
        content = gzip.decompress(self.path(key).read_bytes())
        assert old in content
        self.path(key).write_bytes(gzip.compress(content.replace(old, new)))

    def aws(self) -> subprocess.CompletedProcess[str]:
        return validate(self.tree.directory, HERE)

    def verify(self) -> tuple[str, str]:
        report = tree_check.verify_tree(self.tree.directory, delivering.trust(self.trail))
        return str(report.verdict), report.message


def validate(tree: Path, place: Place) -> subprocess.CompletedProcess[str]:
    """What the AWS CLI says of a tree; both its outputs together."""
    with delivering.served(tree) as url:
        return subprocess.run(
            [BIN / "aws", "cloudtrail", "validate-logs", "--trail-arn", place.arn,
             "--start-time", iso_second(delivering.HOUR // 1000), "--verbose"],
            env=clean() | {
                "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "x",
                "AWS_SECRET_ACCESS_KEY": "y", "AWS_DEFAULT_REGION": "eu-central-1",
                "AWS_CONFIG_FILE": "/nonexistent", "AWS_PAGER": "", "NO_PROXY": "*",
            },
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture
def tampered(tmp_path):
    return Tampered(tmp_path)


def lines_of(said: str, key: str) -> list[str]:
    return [line for line in said.splitlines() if key in line]


def test_all_is_valid(tampered):
    result = tampered.aws()
    assert result.returncode == 0, result.stdout
    assert "8/8 digest files valid" in result.stdout
    assert "8/8 log files valid" in result.stdout
    assert tampered.verify()[0] == "OK"


def test_insights_are_in_files_that_are_valid_too(tmp_path):
    refusing.unusual(tmp_path / "trail")
    made = log_directory.export(tmp_path / "trail", tmp_path / "tree", now=trails.T0 + 60_000)
    assert [log.is_of_insights for log in made.logs] == [False, True]
    result = validate(tmp_path / "tree", made.logs[1].place)
    assert result.returncode == 0, result.stdout
    assert "2/2 log files valid" in result.stdout
    (tmp_path / "tree" / made.logs[1].key).unlink()
    assert "1/2 log files valid" in validate(tmp_path / "tree", made.logs[1].place).stdout


def test_every_changed_log_is_named(tampered):
    edited, deleted, appended = tampered.logs[1], tampered.logs[3], tampered.logs[5]
    tampered.rewrite(edited, b"10.0.0.", b"10.9.9.")
    tampered.path(deleted).unlink()
    with tampered.path(appended).open("ab") as file:
        file.write(gzip.compress(b'{"Records":[]}'))
    result = tampered.aws()
    assert result.returncode == 1
    assert any("hash value doesn't match" in line for line in lines_of(result.stdout, edited))
    assert any("not found" in line for line in lines_of(result.stdout, deleted))
    assert any("unexpected data" in line for line in lines_of(result.stdout, appended))
    assert "5/8 log files valid" in result.stdout
    verdict, message = tampered.verify()
    assert verdict == "TAMPERED"
    assert all(key in message for key in (edited, deleted, appended))


def test_every_changed_digest_is_named(tampered):
    edited, deleted, moved = tampered.digests[1], tampered.digests[3], tampered.digests[5]
    tampered.rewrite(edited, b'"awsAccountId":', b'"awsAccountId": ')
    tampered.path(deleted).unlink()
    tampered.path(moved).write_bytes(tampered.path(tampered.digests[6]).read_bytes())
    tampered.path(moved + SIDECAR).write_bytes(
        tampered.path(tampered.digests[6] + SIDECAR).read_bytes()
    )
    result = tampered.aws()
    assert result.returncode == 1
    assert any("signature verification failed" in line for line in lines_of(result.stdout, edited))
    assert any("not found" in line for line in lines_of(result.stdout, deleted))
    assert any("moved from its original" in line for line in lines_of(result.stdout, moved))
    verdict, message = tampered.verify()
    assert verdict == "TAMPERED"
    assert all(key in message for key in (edited, deleted, moved))


def test_a_digest_signed_by_another_key_is_named(tampered):
    forged, key = tampered.manifest.digests[-1], rsa.generate_private_key(65537, 2048)
    content = gzip.decompress(tampered.path(forged.key).read_bytes())
    message = digest.string_to_sign(
        bucket=tampered.manifest.bucket, key=forged.key, end=forged.end, content=content,
        previous=tampered.manifest.digests[-2].signature,
    )  # fmt: skip
    about = {"signature": digest.sign(key, message), "signature-algorithm": "SHA256withRSA"}
    tampered.path(forged.key + SIDECAR).write_text(json.dumps(about))
    result = tampered.aws()
    assert result.returncode == 1
    assert any("signature verification failed" in x for x in lines_of(result.stdout, forged.key))
    verdict, message = tampered.verify()
    assert verdict == "TAMPERED"
    assert forged.key in message


def test_a_truncated_tail_passes_the_cli_and_not_us(tampered):
    for key in (tampered.digests[-1], tampered.logs[-1], tampered.digests[-1] + SIDECAR):
        tampered.path(key).unlink()
    assert tampered.aws().returncode == 0
    verdict, message = tampered.verify()
    assert verdict == "TRUNCATED"
    assert tampered.digests[-1] in message
    assert tampered.logs[-1] in message


def test_without_any_digest_the_cli_is_content_and_we_are_not(tampered):
    for key in tampered.digests:
        tampered.path(key).unlink()
        tampered.path(key + SIDECAR).unlink()
    result = tampered.aws()
    assert result.returncode == 0
    assert "No digests found" in result.stdout
    verdict, message = tampered.verify()
    assert verdict == "TRUNCATED"
    assert tampered.digests[0] in message


def test_a_forged_log_passes_the_cli_and_not_us(tampered):
    forged = HERE.log_key("", delivering.HOUR // 1000, "ForgedForged1234")
    tampered.tree.put(forged, gzip.compress(b'{"Records":[{"eventName":"DeleteTrail"}]}'))
    assert tampered.aws().returncode == 0
    verdict, message = tampered.verify()
    assert verdict == "TAMPERED"
    assert f"{forged} is in no manifest" in message


def test_what_comes_later_follows_the_same_chain(tampered):
    now = tampered.now + 20 * 60_000
    delivering.record(tampered.trail, [delivering.at(now - 60_000, 900)])
    made = log_directory.export(tampered.trail, tampered.tree.directory, now=now)
    assert made.digests[: len(tampered.digests)] == tampered.manifest.digests
    result = tampered.aws()
    assert result.returncode == 0, result.stdout
    assert "9/9 digest files valid" in result.stdout
    assert tampered.verify()[0] == "OK"


def test_a_region_is_validated_by_its_own_arn(tmp_path):
    there = Place("210987654321", "us-east-1")
    trail = delivering.record(
        tmp_path / "trail",
        [
            delivering.at(delivering.HOUR + 1000, 1),
            delivering.at(
                delivering.HOUR + 2000, 2, awsRegion="us-east-1", recipientAccountId="210987654321"
            ),
        ],
    )
    log_directory.export(trail, tmp_path / "tree", now=delivering.HOUR + 5000)
    for place in (HERE, there):
        result = validate(tmp_path / "tree", place)
        assert result.returncode == 0
        assert "1/1 digest files valid" in result.stdout
