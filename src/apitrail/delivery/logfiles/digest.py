"""A digest: the log files of some time, their hashes, and the signature of the digest before.

CloudTrail User Guide, "CloudTrail digest file structure" and "Custom implementations of CloudTrail
log file integrity validation". It does not know where keys and files are kept.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from apitrail.delivery.logfiles.place import Place
from apitrail.delivery.logfiles.tree_manifest import DigestFile, LogFile, PublicKey
from apitrail.errors import FormatError
from apitrail.when import iso_second

SIGNATURE_ALGORITHM = "SHA256withRSA"
HASH_ALGORITHM = "SHA-256"
# At most this many bytes are inflated from one file.
LIMIT = 1 << 30


def document(
    *,
    bucket: str,
    key: str,
    place: Place,
    start: int,
    end: int,
    logs: Sequence[LogFile],
    previous: DigestFile | None,
    fingerprint: str,
) -> bytes:
    """The JSON of a digest; times are Unix seconds."""
    before = previous is not None
    content = {
        "awsAccountId": place.account,
        "digestStartTime": iso_second(start),
        "digestEndTime": iso_second(end),
        "digestS3Bucket": bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": fingerprint,
        "digestSignatureAlgorithm": SIGNATURE_ALGORITHM,
        "newestEventTime": iso_second(max(log.newest for log in logs)) if logs else None,
        "oldestEventTime": iso_second(min(log.oldest for log in logs)) if logs else None,
        "previousDigestS3Bucket": bucket if before else None,
        "previousDigestS3Object": previous.key if previous else None,
        "previousDigestHashValue": previous.hash if previous else None,
        "previousDigestHashAlgorithm": HASH_ALGORITHM if before else None,
        "previousDigestSignature": previous.signature if previous else None,
        "logFiles": [_log(bucket, log) for log in logs],
    }
    return json.dumps(content, separators=(",", ":")).encode()


def _log(bucket: str, log: LogFile) -> dict[str, str]:
    return {
        "s3Bucket": bucket,
        "s3Object": log.key,
        "hashValue": log.hash,
        "hashAlgorithm": HASH_ALGORITHM,
        "newestEventTime": iso_second(log.newest),
        "oldestEventTime": iso_second(log.oldest),
    }


def string_to_sign(
    *, bucket: str, key: str, end: int, content: bytes, previous: str | None
) -> bytes:
    """What is signed of a digest: `content` is uncompressed, `previous` a signature in hex."""
    digest = hashlib.sha256(content).hexdigest()
    return f"{iso_second(end)}\n{bucket}/{key}\n{digest}\n{previous or 'null'}".encode()


def sign(key: rsa.RSAPrivateKey, message: bytes) -> str:
    """The signature in hex, as it stands in the object's metadata."""
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256()).hex()


def verifies(public: PublicKey, message: bytes, signature: str) -> bool:
    """Is `signature` (hex) this key's over `message`?

    Raises:
        FormatError: the key is none.
    """
    try:
        key = load_der_public_key(base64.b64decode(public.value, validate=True))
    except ValueError as error:
        raise FormatError(f"malformed public key {public.fingerprint!r}") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise FormatError(f"the public key {public.fingerprint!r} is not RSA's")
    try:
        key.verify(bytes.fromhex(signature), message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key(key: rsa.RSAPrivateKey, since: int) -> PublicKey:
    """What ListPublicKeys tells of a key: DER of PKCS#1, and the MD5 of that."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return PublicKey(fingerprint(der), base64.b64encode(der).decode("ascii"), since)


def fingerprint(der: bytes) -> str:
    """How CloudTrail names a public key; nothing rests on this hash."""
    return hashlib.md5(der, usedforsecurity=False).hexdigest()


def compress(content: bytes) -> bytes:
    """Gzip without a time, so that the same content is the same file."""
    return gzip.compress(content, 6, mtime=0)


def inflate(data: bytes) -> bytes:
    """What is in one gzip member.

    Raises:
        FormatError: it is not just that, or too large.
    """
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = inflater.decompress(data, LIMIT)
    except zlib.error as error:
        raise FormatError("it is not gzip") from error
    if not inflater.eof or inflater.unused_data:
        raise FormatError("it is not one gzip member")
    return content
