"""A link under which one ticket can be decided: its name, when it ends, and a keyed digest of both."""

from __future__ import annotations

import base64
import hashlib
import hmac

from apitrail.errors import UsageError

PATH = "/approvals/link/"
_SIZE = 24


def make(secret: bytes, ticket: str, until: int) -> str:
    """What follows `PATH`. `secret` is the trail's redaction key, `until` Unix milliseconds."""
    return f"{ticket}.{until}.{_digest(secret, ticket, until)}"


def read(secret: bytes, text: str, now: int) -> str:
    """The ticket of a link.

    Raises:
        UsageError: it was not made with this secret, or its time is over.
    """
    ticket, _, rest = text.partition(".")
    until, _, digest = rest.partition(".")
    if not (until.isascii() and until.isdigit() and len(until) < 20):
        raise UsageError("no approval link of this log", hint="open the link as it was sent")
    expected = _digest(secret, ticket, int(until))
    if not hmac.compare_digest(digest.encode("utf-8", "replace"), expected.encode()):
        raise UsageError("no approval link of this log", hint="open the link as it was sent")
    if now >= int(until):
        raise UsageError("this link is over", hint="the call must be made again, which asks anew")
    return ticket


def _digest(secret: bytes, ticket: str, until: int) -> str:
    key = hmac.digest(secret, b"apitrail approval links", hashlib.sha256)
    mac = hmac.digest(key, f"{ticket}.{until}".encode("utf-8", "replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(mac[:_SIZE]).decode()
