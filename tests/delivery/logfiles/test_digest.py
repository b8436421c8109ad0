"""A digest: what it says, what is signed of it, and what is not a file of it."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from apitrail.delivery.logfiles import digest
from apitrail.delivery.logfiles.place import Place
from apitrail.delivery.logfiles.tree_manifest import DigestFile, LogFile, PublicKey
from apitrail.errors import FormatError

PLACE = Place("123456789012", "eu-central-1")
START, END = 1_700_000_000, 1_700_003_600


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def log(key: str, oldest: int, newest: int) -> LogFile:
    return LogFile(
        key=key, sha256="", hash="aa", place=PLACE, oldest=oldest, newest=newest, indexes=(1,)
    )


def said(*logs: LogFile, previous: DigestFile | None = None) -> dict:
    return json.loads(digest.document(
        bucket="b", key="k", place=PLACE, start=START, end=END, logs=logs, previous=previous,
        fingerprint="f",
    ))  # fmt: skip


def test_it_spans_the_events_of_its_files():
    found = said(log("one", START + 9, START + 20), log("two", START + 3, START + 15))
    assert found["oldestEventTime"] == "2023-11-14T22:13:23Z"
    assert found["newestEventTime"] == "2023-11-14T22:13:40Z"
    assert [each["s3Object"] for each in found["logFiles"]] == ["one", "two"]


def test_the_first_names_none_before_it_and_an_empty_one_no_events():
    found = said()
    assert found["oldestEventTime"] is found["newestEventTime"] is None
    assert {v for k, v in found.items() if k.startswith("previous")} == {None}
    before = DigestFile(
        key="p", sha256="", hash="bb", place=PLACE, start=0, end=START, signature="cc", logs=()
    )
    assert {k: v for k, v in said(previous=before).items() if k.startswith("previous")} == {
        "previousDigestS3Bucket": "b", "previousDigestS3Object": "p",
        "previousDigestHashValue": "bb", "previousDigestHashAlgorithm": "SHA-256",
        "previousDigestSignature": "cc",
    }  # fmt: skip


def test_what_is_signed_is_as_the_user_guide_has_it():
    message = digest.string_to_sign(bucket="b", key="k", end=END, content=b"x", previous=None)
    lines = message.decode().split("\n")
    assert lines == [
        "2023-11-14T23:13:20Z", "b/k",
        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "null",
    ]  # fmt: skip


def test_a_signature_is_this_keys_over_this_message(key):
    public = digest.public_key(key, since=START)
    signature = digest.sign(key, b"message")
    assert digest.verifies(public, b"message", signature)
    assert not digest.verifies(public, b"massage", signature)
    assert not digest.verifies(public, b"message", "not hex")


@pytest.mark.parametrize("value", ["", "!", "AAAA"])
def test_what_is_no_public_key_is_named(value):
    with pytest.raises(FormatError, match="malformed public key 'f'"):
        digest.verifies(PublicKey("f", value, 0), b"", "")


def test_the_same_content_is_the_same_file():
    assert digest.compress(b"x" * 100) == digest.compress(b"x" * 100)
    assert digest.inflate(digest.compress(b"x" * 100)) == b"x" * 100


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"plain", "not gzip"),
        (zlib.compress(b"x"), "not gzip"),
        (gzip.compress(b"x", mtime=0) + gzip.compress(b"y", mtime=0), "not one gzip member"),
        (gzip.compress(b"x", mtime=0) + b"\0", "not one gzip member"),
        (gzip.compress(b"x" * 100, mtime=0)[:-4], "not one gzip member"),
    ],
)
def test_only_one_whole_gzip_member_is_a_file(data, message):
    with pytest.raises(FormatError, match=message):
        digest.inflate(data)


def test_a_bomb_is_not_inflated_to_its_end(monkeypatch):
    monkeypatch.setattr(digest, "LIMIT", 1000)
    with pytest.raises(FormatError):
        digest.inflate(gzip.compress(bytes(1001)))
