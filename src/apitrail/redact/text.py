"""Secrets inside longer text: credentials in URLs, private keys, and echoes of known secrets.

It does not know which exchange a text belongs to.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote_to_bytes

from apitrail.redact.names import is_secret_member

type Digest = Callable[[bytes], str]
"""Turns a secret into what stands for it."""

ECHO_MIN = 6
"""Bytes a secret must have before its chance occurrences in other text count as echoes."""

# `name=value` after ? & or ; in a URL, also one that is itself percent-encoded in another.
_QUERY = re.compile(
    r"(?P<lead>(?:[?&;\s]|%3F|%26|&amp;|\\u0026|^)(?P<name>[A-Za-z0-9_.\-]{2,64})(?P<eq>=|%3D))"
    r"(?P<value>(?:(?!%26|&amp;|\\u0026)[^&;\s\"'<>\\#])+)",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(?<=://)(?P<lead>[^/\s:@?#]*:)(?P<value>[^/\s@?#]+)(?=@)")
_PRIVATE_KEY = re.compile(
    r"(?P<lead>-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----)(?P<value>.*?)(?=-----END|\Z)", re.DOTALL
)
_JWT = re.compile(r"(?P<lead>\b)(?P<value>eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)")

# Query parameters that are secrets under names too plain for `names`.
_QUERY_SECRETS = frozenset({"signature", "x-amz-signature", "sig", "code", "x-amz-security-token"})


def is_secret_query(name: str) -> bool:
    """Does a query parameter of this name hold a secret?"""
    return name.lower() in _QUERY_SECRETS or is_secret_member(name)


def scrub(text: str, digest: Digest) -> str:
    """The text without the credentials that give themselves away by their form."""
    if "=" in text or "%3D" in text:
        text = _QUERY.sub(lambda m: _query(m, digest), text)
    if "://" in text and "@" in text:
        text = _USERINFO.sub(lambda m: _tail(m, digest), text)
    if "PRIVATE KEY" in text:
        text = _PRIVATE_KEY.sub(lambda m: _tail(m, digest), text)
    if "eyJ" in text:
        text = _JWT.sub(lambda m: _tail(m, digest), text)
    return text


def _query(match: re.Match[str], digest: Digest) -> str:
    value = match["value"]
    if value.startswith("redacted:") or not is_secret_query(match["name"]):
        return match[0]
    return match["lead"] + digest(unquote_to_bytes(value))


def _tail(match: re.Match[str], digest: Digest) -> str:
    value = match["value"]
    return match["lead"] + (value if value.startswith("redacted:") else digest(value.encode()))


def spellings(secret: bytes) -> frozenset[str]:
    """The forms in which a secret may turn up in text, longest of them first when sorted."""
    forms = {
        secret.hex(),
        secret.hex().upper(),
        base64.b64encode(secret).decode(),
        base64.urlsafe_b64encode(secret).decode(),
    }
    forms |= {form.rstrip("=") for form in forms}
    try:
        plain = secret.decode()
    except UnicodeDecodeError:
        plain = secret.decode("latin-1")
    forms |= {
        plain,
        # As header values are shown when they are UTF-8 on the wire.
        secret.decode("latin-1"),
        quote(plain, safe=""),
        quote(plain),
        quote_plus(plain),
        json.dumps(plain)[1:-1],
        json.dumps(plain, ensure_ascii=False)[1:-1],
        html.escape(plain),
        html.escape(plain, quote=False),
    }
    forms |= {quote(form, safe="") for form in tuple(forms)}
    return frozenset(form for form in forms if form)


@lru_cache(maxsize=256)
def credential_spellings(secret: bytes) -> frozenset[str]:
    """The same for a token that comes with every request: only the forms that HTTP gives it."""
    plain = secret.decode("utf-8", "replace")
    return frozenset({plain, quote(plain, safe="")})


class Echoes:
    """Known secrets in all their spellings, to be found and replaced in other text."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self._forms: dict[str, bytes] = {}

    def add(self, secrets: Iterable[bytes], *, of: Callable[[bytes], frozenset[str]]) -> None:
        """Look for these too, in the spellings that `of` gives."""
        for secret in secrets:
            if len(secret) >= ECHO_MIN:
                self._forms.update(dict.fromkeys(of(secret), secret))

    def copy(self) -> Echoes:
        """The same, to be added to separately."""
        other = Echoes(self._digest)
        other._forms = dict(self._forms)
        return other

    def __bool__(self) -> bool:
        return bool(self._forms)

    def found(self, text: str) -> bool:
        """Is there any known secret in the text?"""
        return any(form in text for form in self._forms)

    def replace(self, text: str) -> str:
        """The text with each known secret's digest in its place."""
        present = [form for form in self._forms if form in text]
        if not present:
            return text
        # One pass, longest first: a digest put in must not be read as text again.
        pattern = "|".join(re.escape(form) for form in sorted(present, key=len, reverse=True))
        return re.sub(pattern, lambda match: self._digest(self._forms[match[0]]), text)
