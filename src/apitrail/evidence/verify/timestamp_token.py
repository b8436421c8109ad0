"""What a timestamp's token (RFC 3161) says: of which text, and when. Its signature is not looked at.

The token is an authority's whole answer, in DER:

    TimeStampResp  SEQUENCE {status SEQUENCE {INTEGER 0, …}, ContentInfo}
    ContentInfo    SEQUENCE {signedData, [0] SEQUENCE {version, digests, SEQUENCE {tSTInfo, [0] OCTET STRING}, …}}
    TSTInfo        SEQUENCE {version, policy, SEQUENCE {SEQUENCE {sha256, …}, OCTET STRING}, serial, time, …}
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from apitrail.errors import FormatError

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_TST_INFO = bytes.fromhex("2a864886f70d0109100104")
_SHA256 = bytes.fromhex("608648016503040201")

_INTEGER, _OCTETS, _OID, _TIME, _SEQUENCE, _EXPLICIT = 0x02, 0x04, 0x06, 0x18, 0x30, 0xA0
_GENERALIZED = re.compile(rb"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?:\.[0-9]{1,9})?Z")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """What was stamped, as SHA-256, and when, in whole seconds (ISO 8601)."""

    imprint: bytes
    time: str

    @classmethod
    def parse(cls, data: bytes) -> Token:
        """Read a token; raises FormatError."""
        [answer] = _children(data, _SEQUENCE, exactly=1)
        status, token = _children(answer, _SEQUENCE, _SEQUENCE, exactly=2)
        if _children(status, _INTEGER) != [b"\0"]:
            raise FormatError("no timestamp was given")
        signed = _content(token, _SIGNED_DATA, _SEQUENCE)
        _, _, inner = _children(signed, None, None, _SEQUENCE)
        info = _content(inner, _TST_INFO, _OCTETS)
        [said] = _children(info, _SEQUENCE, exactly=1)
        _, _, imprint, _, time = _children(said, _INTEGER, _OID, _SEQUENCE, _INTEGER, _TIME)
        algorithm, digest = _children(imprint, _SEQUENCE, _OCTETS, exactly=2)
        match = _GENERALIZED.fullmatch(time)
        if match is None or _children(algorithm, _OID) != [_SHA256] or len(digest) != 32:
            raise FormatError("a timestamp of another kind")
        return cls(digest, "{}-{}-{}T{}:{}:{}Z".format(*(part.decode() for part in match.groups())))

    def is_of(self, text: str) -> bool:
        """Is this what was stamped?"""
        return self.imprint == hashlib.sha256(text.encode()).digest()


def _content(data: bytes, kind: bytes, tag: int) -> bytes:
    """What stands in `SEQUENCE {kind, [0] content}`."""
    found, explicit = _children(data, _OID, _EXPLICIT, exactly=2)
    if found != kind:
        raise FormatError("a timestamp of another kind")
    return _children(explicit, tag, exactly=1)[0]


def _children(data: bytes, *tags: int | None, exactly: int | None = None) -> list[bytes]:
    """The contents of the first values in `data`, which have these tags (None: any)."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        tag, content, at = _value(data, at)
        found.append((tag, content))
    given = found[: len(tags)]
    fits = len(given) == len(tags) and all(
        want in (None, tag) for want, (tag, _) in zip(tags, given, strict=True)
    )
    if not fits or exactly not in (None, len(found)):
        raise FormatError("malformed timestamp")
    return [content for _, content in given]


def _value(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Tag, content and end of the value that begins here; only DER's one form of a length is taken."""
    head = data[at : at + 2]
    if len(head) < 2 or head[0] & 31 == 31:
        raise FormatError("malformed timestamp")
    start, length = at + 2, head[1]
    if length > 127:
        size = length - 128
        digits = data[start : start + size]
        start, length = start + size, int.from_bytes(digits, "big")
        if not 1 <= size <= 4 or len(digits) != size or digits[0] == 0 or length < 128:
            raise FormatError("malformed timestamp")
    if start + length > len(data):
        raise FormatError("malformed timestamp")
    return head[0], data[start : start + length], start + length
