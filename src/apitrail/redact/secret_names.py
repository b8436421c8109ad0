"""Which names announce a secret: member names, map keys, headers and query parameters."""

from __future__ import annotations

from apitrail.redact.known_secrets import (
    ENVIRONMENT_NAME,
    HARMLESS_NAME,
    HARMLESS_TOKEN,
    HARMLESS_WORDS,
    KEY_NAME,
    MEMBER_NAME,
    WORD,
)
from apitrail.remembered import remembered

_MAX_NAME = 200  # longer names are a hostile client's data; their end decides


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name[-_MAX_NAME:])).lower()


def _harmless(name: str, plain: str) -> bool:
    if plain.endswith(("token", "tokens")):
        words = [word.lower() for word in WORD.findall(name[-_MAX_NAME:])]
        before = words[-2] if len(words) > 1 else ""
        return (
            before in HARMLESS_WORDS or HARMLESS_TOKEN.match(words[-1] if words else "") is not None
        )
    return HARMLESS_NAME.search(plain) is not None


@remembered(16384)
def is_secret_member(name: str) -> bool:
    """Does a member, header or query parameter of this name hold a secret?"""
    plain = _plain(name)
    return MEMBER_NAME.search(plain) is not None and not _harmless(name, plain)


@remembered(16384)
def is_secret_key(name: str) -> bool:
    """Does a map entry or environment variable of this name hold a secret?

    Wider than `is_secret_member`: people's names follow no convention.
    """
    plain = _plain(name)
    return KEY_NAME.search(plain) is not None and not _harmless(name, plain)


@remembered(16384)
def is_environment(name: str) -> bool:
    """Does a member of this name hold a process's environment variables?"""
    return ENVIRONMENT_NAME.search(_plain(name)) is not None
