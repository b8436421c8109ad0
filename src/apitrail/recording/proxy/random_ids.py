"""Random identifiers as text, without an object for each."""

from __future__ import annotations

import os


def new() -> str:
    """A random UUID (RFC 9562, version 4), as `str(uuid.uuid4())` writes one."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
