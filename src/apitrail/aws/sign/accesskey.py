"""What an access key id says by itself: its kind, and for newer keys the account."""

from __future__ import annotations

import base64
import re

from apitrail.remembered import remembered

# IAM user guide, "Understanding unique ID prefixes"; LKIA and LSIA are LocalStack's own.
KINDS = {
    "ABIA": "bearer token",
    "ACCA": "context-specific credential",
    "AGPA": "group",
    "AIDA": "user",
    "AIPA": "instance profile",
    "AKIA": "access key",
    "ANPA": "managed policy",
    "ANVA": "managed policy version",
    "APKA": "public key",
    "AROA": "role",
    "ASCA": "certificate",
    "ASIA": "temporary access key",
    "LKIA": "access key",
    "LSIA": "temporary access key",
}

_ACCOUNT = re.compile(r"[0-9]{12}")
_KEY = re.compile(r"(?:AKIA|ASIA|LKIA|LSIA)([A-Z2-7]{16})")

# Of the first 48 bits after the prefix: one flag bit, forty of account, seven of something else.
_FLAG = 1 << 47
_MASK = 0x7FFFFFFFFF80
_SHIFT = 7
_LAST_ACCOUNT = 999_999_999_999


def kind(unique_id: str) -> str | None:
    """What the four-letter prefix stands for, None if it is not one of IAM's or LocalStack's."""
    return KINDS.get(unique_id[:4])


@remembered(1024)
def account(access_key_id: str) -> str | None:
    """The twelve-digit account that a key id encodes, None where it encodes none.

    Keys made before the encoding came (those whose fifth character is below `Q`) answer None.
    A key id of twelve digits is LocalStack's way to name the account itself.
    """
    if _ACCOUNT.fullmatch(access_key_id):
        return access_key_id
    if not (match := _KEY.fullmatch(access_key_id)):
        return None
    number = int.from_bytes(base64.b32decode(match[1])[:6])
    if not number & _FLAG:
        return None
    decoded = (number & _MASK) >> _SHIFT
    return f"{decoded:012}" if decoded <= _LAST_ACCOUNT else None
