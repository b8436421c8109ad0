"""How a webhook's receiver knows that an alert is ours: Standard Webhooks 1.0, symmetric signatures.

What is signed is `ID.TIMESTAMP.BODY`; the timestamp lets a receiver refuse what somebody repeats later.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

from apitrail.errors import UsageError

# A key that begins so is in base64 (Standard Webhooks, "Symmetric").
PREFIX = "whsec_"
SHORTEST = 16


def headers(keys: Iterable[bytes], number: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers of one message; a signature for each key, so that keys can be changed."""
    signed = b".".join((number.encode(), str(seconds).encode(), body))
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": number,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in digests),
    }


def keys(content: bytes, place: str) -> tuple[bytes, ...]:
    """The keys in a file or a variable, one a line; the text itself never is in a message.

    Raises:
        UsageError: there is none, or one is too short.
    """
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    found = tuple(_key(line, place) for line in lines)
    hint = f"write at least {SHORTEST} random bytes: openssl rand -base64 32"
    if not found:
        raise UsageError(f"there is no key in {place}", hint=hint)
    if any(len(key) < SHORTEST for key in found):
        raise UsageError(f"the key in {place} is too short", hint=hint)
    return found


def _key(line: bytes, place: str) -> bytes:
    if not line.startswith(PREFIX.encode()):
        return line
    try:
        return base64.b64decode(line.removeprefix(PREFIX.encode()), validate=True)
    except binascii.Error:
        raise UsageError(f"the key in {place} begins with {PREFIX}, and is not base64") from None
