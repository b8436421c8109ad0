"""The small encodings every C2SP text format is made of, each with exactly one spelling."""

from __future__ import annotations

import base64
import re

from apitrail.errors import FormatError

MAX_INTEGER = 2**63 - 1
"""Indexes and sizes beyond this do not survive the signed 64-bit integers of Go and SQL."""

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
# C2SP signed-note, "Format": no ASCII control characters (below U+0020) other than newline.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str, what: str, *, length: int | None = None) -> bytes:
    """The bytes `text` stands for; any other spelling of them raises FormatError.

    Decoders ignore the bits that padding leaves over, so a text is only taken if it is what
    the encoder would have written.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise FormatError(f"{what} is not base64: {text[:100]!r}") from error
    if encode_base64(data) != text:
        raise FormatError(f"{what} is not canonical base64: {text[:100]!r}")
    if length is not None and len(data) != length:
        raise FormatError(f"{what} has {len(data)} bytes instead of {length}")
    return data


def decode_decimal(text: str, what: str) -> int:
    """A non-negative decimal without leading zeroes, at most MAX_INTEGER."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_INTEGER:
        raise FormatError(f"{what} is not a canonical decimal: {text[:100]!r}")
    return int(text)


def decode_utf8(data: bytes | str, what: str, *, limit: int) -> str:
    """The text of at most `limit` bytes of UTF-8."""
    try:
        size = len(data.encode("utf-8")) if isinstance(data, str) else len(data)
        text = data if isinstance(data, str) else data.decode("utf-8")
    except UnicodeError as error:
        raise FormatError(f"{what} is not UTF-8") from error
    if size > limit:
        raise FormatError(f"{what} has {size} bytes, more than {limit}")
    return text


def check_text(text: str, what: str) -> None:
    """Refuse what may not stand in a note's text: control characters, surrogates, no final newline."""
    decode_utf8(text, what, limit=10**6)
    if _CONTROL.search(text):
        raise FormatError(f"{what} holds a control character")
    if not text.endswith("\n"):
        raise FormatError(f"{what} does not end in a newline")
