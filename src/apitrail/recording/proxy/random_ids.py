"""Random identifiers as text, without an object for each."""

from __future__ import annotations

import os

# Asking the system takes longer than writing one down: so for this many at once.
_AT_ONCE = 64

# Random digits of those to come. Taking one is a step of the list's own, so threads share them.
_READY: list[str] = []


def new() -> str:
    """A random UUID (RFC 9562, version 4), as `str(uuid.uuid4())` writes one."""
    try:
        digits = _READY.pop()
    except IndexError:
        digits = _more()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def _more() -> str:
    """Digits of one more, with others laid by."""
    drawn = os.urandom(16 * _AT_ONCE).hex()
    first, *others = [drawn[at : at + 32] for at in range(0, len(drawn), 32)]
    _READY.extend(others)
    return first


# A process that is forked must not take what this one will take.
os.register_at_fork(after_in_child=_READY.clear)
