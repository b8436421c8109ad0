"""Texts inside of texts: percent-encoding, JSON's and XML's escapes, base64, gzip inside it."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

from apitrail.errors import FormatError
from apitrail.redact import unpacking
from apitrail.redact.known_secrets import CODED, ESCAPED

_TOKENS = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|\\u[0-9A-Fa-f]{4}|\\.|&(?:[a-z]{2,4}|#x?[0-9a-fA-F]{1,6});"
)
_SHORT_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


class Decoded:
    """A text with one level of its escapes undone, which knows where each character came from."""

    def __init__(self, text: str, starts: list[int]) -> None:
        self.text = text
        self._starts = starts

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of the decoded text stands in the one it was decoded from."""
        return self._starts[start], self._starts[end]


def unescaped(text: str) -> Decoded | None:
    """One level of escapes undone; None where there is none."""
    if ESCAPED.search(text) is None:
        return None
    parts: list[str] = []
    starts: list[int] = []
    at = 0
    for token in _TOKENS.finditer(text):
        parts.append(text[at : token.start()])
        starts += range(at, token.start())
        for character, place in _characters(token[0]):
            parts.append(character)
            starts.append(token.start() + place)
        at = token.end()
    parts.append(text[at:])
    starts += range(at, len(text) + 1)
    decoded = "".join(parts)
    return None if decoded == text else Decoded(decoded, starts)


def _characters(escape: str) -> Iterator[tuple[str, int]]:
    """The characters that an escape stands for, and where in it each begins."""
    match escape[0], escape[1:2]:
        case "%", _:
            place = 0
            for character in unquote_to_bytes(escape).decode("utf-8", "surrogateescape"):
                yield character, place
                place += 3 * len(character.encode("utf-8", "surrogateescape"))
        case "\\", "u" if len(escape) > 2:
            yield json.loads(f'"{escape}"'), 0
        case "\\", second:
            yield _SHORT_ESCAPES.get(second, second), 0
        case _:
            for character in html.unescape(escape):
                yield character, 0


def coded(text: str) -> Iterator[tuple[int, int, str]]:
    """Each run of base64 that holds a text, with that text."""
    for run in CODED.finditer(text):
        if (inside := _inside(run[0])) is not None:
            yield run.start(), run.end(), inside


def _inside(run: str) -> str | None:
    """The text that a run is: in hex, in base32, or in base64, there also packed or as UTF-16."""
    bare = run.rstrip("=")
    for form, decode in _OTHERS:
        if form.fullmatch(bare) and (text := _readable(decode(bare))) is not None:
            return text
    # The first 24 letters stand on one line, and are enough to tell most runs from texts.
    head = _decoded(run[:24].replace("-", "+").replace("_", "/"))
    if head is None or not (is_zipped(head) or _is_text(head) or _is_wide(head)):
        return None
    data = _decoded(run.translate(_PLAIN))
    if data is None:
        return None
    if _is_wide(head):
        return data.decode("utf-16-le", "replace")
    for _ in range(2):
        if is_zipped(data):
            data = inflated(data)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _hex(run: str) -> bytes:
    return bytes.fromhex(run.removeprefix("0x"))


def _base32(run: str) -> bytes:
    return base64.b32decode(run + "=" * (-len(run) % 8))


# `openssl passwd`, `xxd -p` and SQL's 0x… write bytes in hex; base32 has no small letters.
_OTHERS: tuple[tuple[re.Pattern[str], Callable[[str], bytes]], ...] = (
    (re.compile(r"(?:0x)?(?:[0-9a-f]{2}){12,}|(?:0x)?(?:[0-9A-F]{2}){12,}"), _hex),
    (re.compile(r"(?:[A-Z2-7]{8}){3,}(?:[A-Z2-7]{2}|[A-Z2-7]{4,5}|[A-Z2-7]{7})?"), _base32),
)


def _readable(data: bytes) -> str | None:
    if not _is_text(data[:24]):
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _is_wide(head: bytes) -> bool:
    """UTF-16 of plain letters, as `powershell -EncodedCommand` takes it."""
    return len(head) >= 8 and not any(head[1::2]) and all(head[0::2])


# base64url is base64 with two other letters; lines are joined.
_PLAIN = str.maketrans({"-": "+", "_": "/", "\r": None, "\n": None, "=": None})


def _decoded(run: str) -> bytes | None:
    try:
        return base64.b64decode(run + "=" * (-len(run) % 4))
    except binascii.Error:
        return None


def is_zipped(data: bytes) -> bool:
    """Does it begin as gzip or zlib do?"""
    return data[:2] == b"\x1f\x8b" or (data[:1] == b"\x78" and data[1:2] in b"\x01\x5e\x9c\xda")


def _is_text(head: bytes) -> bool:
    return _CONTROL.search(head) is None and len(_HIGH.findall(head)) <= 4


_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_HIGH = re.compile(rb"[\x7f-\xff]")


def inflated(data: bytes) -> bytes:
    """What gzip or zlib packed, all members and what follows them; nothing where it is broken."""
    try:
        return b"".join(unpacking.unpacked(data, "gzip"))
    except FormatError:
        return b""


def merged(spans: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """Spans in order; of those that overlap one remains, over all of them."""
    apart: list[tuple[int, int, bytes]] = []
    for start, end, secret in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start == end:
            continue
        if not apart or apart[-1][1] <= start:
            apart.append((start, end, secret))
            continue
        first, last, other = apart[-1]
        longer = other if last - first >= end - start else secret
        apart[-1] = first, max(last, end), longer
    return apart
