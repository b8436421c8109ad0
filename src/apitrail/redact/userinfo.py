"""Messages without the user and the password of the URLs and mode specs that they quote."""

from __future__ import annotations

import re

# What stands before an `@`, up to the last of its word, and what follows.
_USER = re.compile(
    r"(?P<mode>(?<![a-z])(?:reverse|upstream|socks5|dns|local|wireguard|transparent|regular):)?"
    r"(?P<scheme>[a-z][a-z0-9+.\-]*://)?(?P<user>(?!\[['\"])[^\s@('\"<][^\s]*)@(?P<host>[^\s@]*)",
    re.IGNORECASE,
)
# A mode's target and where it listens: `reverse:http://localhost:4566@127.0.0.1:8080`.
_TARGET = re.compile(r"(?:\[[0-9a-f:]*\]|[^:@\s]*)(?::\d{1,5})?(?:/[^:@\s]*)?", re.IGNORECASE)
_LISTENER = re.compile(r"(?:(?:\[[0-9a-f:]*\]|[\w.\-]*):)?\d{1,5}['\",;:.)\]]*", re.IGNORECASE)


def without_userinfo(text: str) -> str:
    """The text with `***` for each user and password in front of a host."""
    return _USER.sub(_shown, text) if "@" in text else text


def _shown(match: re.Match[str]) -> str:
    mode, scheme, user = match["mode"] or "", match["scheme"] or "", match["user"]
    if not scheme and ":" not in user:
        return match[0]
    if mode and _TARGET.fullmatch(user) and _LISTENER.fullmatch(match["host"]):
        return match[0]
    return f"{mode}{scheme}***@{match['host']}"
