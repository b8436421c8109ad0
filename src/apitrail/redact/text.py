"""Secrets inside longer text, whatever it is: a script, a template, SQL, a message, a URL.

One cheap search decides whether a text is looked at closely, for this runs over every string
that is stored.
"""

from __future__ import annotations

from collections.abc import Callable

from apitrail.redact import decoding, finding
from apitrail.redact.decoding import Decoded
from apitrail.redact.finding import Span
from apitrail.redact.known_secrets import MARKS, RUN

type Digest = Callable[[bytes], str]
"""Turns a secret into what stands for it."""

# Shorter than the shortest name with the shortest secret (`pw=x`).
_SHORTEST = 4
# Levels of escapes that are undone: a URL in a URL in JSON in JSON is four.
_LEVELS = 6

# Short texts that were found to tell nothing: names, regions, types come with every call.
_plain: set[str] = set()
_PLAIN_MOST = 16_384
_PLAIN_LONGEST = 256


def scrub(text: str, digest: Digest) -> str:
    """The text without its secrets, each replaced by what `digest` gives; the rest stays."""
    if text in _plain:
        return text
    found = _remembered(text)
    if not found:
        return text
    parts: list[str] = []
    at = 0
    for start, end, secret in found:
        parts += text[at:start], digest(secret)
        at = end
    return "".join(parts) + text[at:]


def tells(text: str) -> bool:
    """Is there a secret in the text?"""
    return bool(_remembered(text))


def _remembered(text: str) -> list[Span] | None:
    """What is in the text; short texts in which nothing was found are known again."""
    if len(text) < _SHORTEST or text in _plain:
        return None
    found = spans(text)
    if not found and len(text) <= _PLAIN_LONGEST:
        if len(_plain) >= _PLAIN_MOST:
            _plain.clear()
        _plain.add(text)
    return found


def spans(text: str, levels: int = _LEVELS) -> list[Span]:
    """Where secrets stand in the text, in order and apart, and what they are."""
    lower = finding.lowered(text)
    told = finding.telling(lower) if MARKS.search(text) is not None else ()
    return spans_told(text, lower, told, levels)


def spans_told(text: str, lower: str, told: tuple[str, ...], levels: int = _LEVELS) -> list[Span]:
    """The same, where the text was searched before for what tells of secrets (`finding.telling`)."""
    found: list[Span] = []
    if told and MARKS.search(text) is not None:
        found += finding.spans(text, lower, told)
    if RUN.search(text) is not None:
        found += finding.tokens(text, lower)
        found += _in_code(text, levels)
    if levels and ("%" in text or "\\" in text or "&" in text):
        found += _below(decoding.unescaped(text), levels)
    return decoding.merged(found) if found else found


def _below(decoded: Decoded | None, levels: int) -> list[Span]:
    """Secrets of a text whose escapes were undone, by their places in the text with them."""
    if decoded is None:
        return []
    return [
        (*decoded.span(start, end), secret)
        for start, end, secret in spans(decoded.text, levels - 1)
    ]


def _in_code(text: str, levels: int) -> list[Span]:
    """Runs of base64 that hide a secret: they go whole."""
    if not levels:
        return []
    return [
        (start, end, text[start:end].encode())
        for start, end, inside in decoding.coded(text)
        if spans(inside, levels - 1)
    ]
