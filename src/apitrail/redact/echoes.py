"""Echoes: secrets that a call told in one place, found again in another, in any spelling."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from urllib.parse import quote, quote_from_bytes

from apitrail.redact.text import Digest
from apitrail.remembered import remembered

ECHO_MIN = 6
"""Bytes a secret must have before its chance occurrences in other text count as echoes."""

ECHO_MAX = 64 * 1024
"""Bytes beyond which a secret is an archive or a document, which nothing echoes."""

FORMS_MAX = 5_000
"""Spellings of all secrets of a call that are looked for."""

_ESCAPE = re.compile(r"%[0-9A-F]{2}")
_LONG = 1024  # bytes beyond which a secret is looked for in its usual spellings only
_FEW = 200
_HEAD = 6


def spellings(secret: bytes) -> frozenset[str]:
    """The forms in which a secret may turn up in text."""
    coded = base64.b64encode(secret).decode()
    if len(secret) > _LONG:
        return frozenset({secret.decode("utf-8", "replace"), coded})
    in_urls = coded.replace("+", "-").replace("/", "_")
    quoted_code = coded.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    forms = {secret.hex(), secret.hex().upper(), quoted_code}
    forms |= {coded, coded.rstrip("="), in_urls, in_urls.rstrip("=")}
    if secret.isalnum():
        forms.add(secret.decode())
    else:
        forms |= _written(secret) | _quoted(secret)
    return frozenset(forms)


def _written(secret: bytes) -> set[str]:
    """As text, in JSON, in XML, and as header values show what is UTF-8 on the wire."""
    shown = secret.decode("latin-1")
    try:
        plain = secret.decode()
    except UnicodeDecodeError:
        plain = shown
    return {
        plain,
        shown,
        json.dumps(plain)[1:-1],
        json.dumps(plain, ensure_ascii=False)[1:-1],
        html.escape(plain),
        html.escape(plain, quote=False),
    }


def _quoted(secret: bytes) -> set[str]:
    """Percent-encoded: wholly, as in paths, as in forms, in lower case, and twice."""
    quoted = quote_from_bytes(secret, safe="")
    return {
        quoted,
        quoted.replace("%2F", "/"),
        quoted.replace("%20", "+"),
        _ESCAPE.sub(lambda escape: escape[0].lower(), quoted),
        quoted.replace("%", "%25"),
    }


def credential_spellings(secret: bytes) -> frozenset[str]:
    """The same for a token that comes with every request: only the forms that HTTP gives it."""
    if secret.isalnum():
        return frozenset({secret.decode()})  # a signature, of which each request has another
    return _in_http(secret)


@remembered(256)
def _in_http(secret: bytes) -> frozenset[str]:
    plain = secret.decode("utf-8", "replace")
    return frozenset({plain, quote(plain, safe="")})


class Echoes:
    """Known secrets in all their spellings, to be found and replaced in other text.

    Bulk is not looked for: of thousands of marked values in one call (records, users), or of
    an archive, each is redacted where it is, and only the first `FORMS_MAX` forms elsewhere.
    """

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self._forms: dict[str, bytes] = {}
        self._heads: dict[str, list[str]] | None = None
        self._sizes: list[int] = []

    def add(self, secrets: AbstractSet[bytes], *, of: Callable[[bytes], frozenset[str]]) -> None:
        """Look for these too, in the spellings that `of` gives."""
        if not secrets:
            return
        for secret in secrets:
            if len(self._forms) > FORMS_MAX:
                break
            if ECHO_MIN <= len(secret) <= ECHO_MAX:
                self._forms.update(dict.fromkeys(of(secret), secret))
        self._heads = None

    def copy(self) -> Echoes:
        """The same, to be added to separately."""
        other = Echoes(self._digest)
        other._forms = dict(self._forms)
        return other

    def __bool__(self) -> bool:
        return bool(self._forms)

    def found(self, text: str) -> bool:
        """Is there any known secret in the text?"""
        if len(self._forms) <= _FEW:
            return any(map(text.__contains__, self._forms))
        return any(True for _ in self._present(text))

    def replace(self, text: str) -> str:
        """The text with each known secret's digest in its place."""
        present = list(self._present(text))
        if not present:
            return text
        # One pass, longest first: digests that were put in must not be searched again.
        pattern = "|".join(re.escape(form) for form in sorted(present, key=len, reverse=True))
        return re.sub(pattern, lambda match: self._digest(self._forms[match[0]]), text)

    def _present(self, text: str) -> Iterator[str]:
        if len(self._forms) <= _FEW:
            return (form for form in self._forms if form in text)
        # With many forms, only those whose first characters occur at all are looked for.
        if self._heads is None:
            self._heads = {}
            for form in self._forms:
                self._heads.setdefault(form[:_HEAD], []).append(form)
            self._sizes = sorted({len(head) for head in self._heads})
        heads = {text[i : i + size] for size in self._sizes for i in range(len(text))}
        return (
            form
            for head in heads & self._heads.keys()
            for form in self._heads[head]
            if form in text
        )
