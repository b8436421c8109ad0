"""The RSA key that signs digests: `keys/digest.key`, mode 0600, made at its first use."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from apitrail import durable, private_file
from apitrail.errors import UsageError

FILE = "digest.key"


def digest_key(keys: Path) -> rsa.RSAPrivateKey:
    """The key in the directory `keys`.

    Raises:
        UsageError: it cannot be used.
    """
    path = keys / FILE
    if not path.exists():
        return _make(path)
    data = private_file.read(path)
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{str(path)!r} is no signing key",
            hint="move it away for a new one; digests that it has signed go on holding",
        ) from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise UsageError(f"{str(path)!r} is no RSA key", hint="move it away for a new one")
    return key


def _make(path: Path) -> rsa.RSAPrivateKey:
    # CloudTrail's digests are signed with RSA keys of 2,048 bits.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    durable.write(path, pem, mode=0o600)
    return key
