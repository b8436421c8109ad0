"""One link of the log: small exact bytes whose hash is both chain link and Merkle leaf.

Kinds and facets of a later version are read like any other: their bytes are verified, and what they
say is left to those who know. The format is `docs/format.md`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from binascii import b2a_base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from apitrail.errors import FormatError
from apitrail.tlog import merkle
from apitrail.tlog.encoding import MAX_INTEGER

VERSION = 1

# The facets an entry can commit to, in the order they are written.
TAGS = ("who", "what", "request", "response", "reqbody", "resbody", "learned")

# What an entry can say. `api`, `unknown` and `denied` are calls; the rest is the recorder's own book-keeping.
KINDS = (
    "api",
    "open",
    "close",
    "heartbeat",
    "unknown",
    "run",
    "erase",
    "key",
    "gap",
    "anchor",
    "clock",
    "refused",
    "insight",
    "mute",
    "denied",
    "policy",
    "decision",
)
CALLS = ("api", "unknown", "denied")

KEY_SIZE = 32
"""Bytes of an event key."""

TAG_SIZE = 8
_PADDED = {tag: tag.encode("ascii").ljust(TAG_SIZE, b"\0") for tag in TAGS}
_WRITTEN = {tag: (padded, b'"%b":"' % tag.encode()) for tag, padded in _PADDED.items()}

_CALLS = {kind.encode("ascii"): kind for kind in CALLS}
# From the comma after the time to the kind: `,"p":"`, 44 characters of base64, `","k":"`.
_TO_KIND = 6 + 44 + 7
_DIGITS = 19

START = bytes(32)
"""The previous hash of entry 0."""


def salt(event_key: bytes, tag: str) -> bytes:
    """The 32-byte salt of one facet: SHA-256(event_key ‖ tag padded with NUL to 8 bytes)."""
    padded = _PADDED.get(tag) or tag.encode("ascii").ljust(TAG_SIZE, b"\0")
    return hashlib.sha256(event_key + padded).digest()


def in_order(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags in the order in which an entry has them: those of `TAGS`, then any others by name."""
    found = set(tags)
    return (*(tag for tag in TAGS if tag in found), *sorted(found.difference(TAGS)))


def commitment(facet_salt: bytes, content: bytes) -> bytes:
    """SHA-256(0x02 ‖ salt ‖ SHA-256(content)): all inputs of fixed length, so never ambiguous."""
    return hashlib.sha256(b"\x02" + facet_salt + hashlib.sha256(content).digest()).digest()


def commit(event_key: bytes, facets: Mapping[str, bytes]) -> dict[str, bytes]:
    """The commitment of each facet, in the order of `TAGS`."""
    return {tag: commitment(salt(event_key, tag), facets[tag]) for tag in in_order(facets)}


def commit_known(event_key: bytes, facets: Mapping[str, bytes]) -> bytes | None:
    """The commitments as an entry writes them; None where a tag is not in `TAGS`.

    As `commit`, without a call for each hash.
    """
    sha256, written = hashlib.sha256, []
    for tag, (padded, begin) in _WRITTEN.items():
        if (content := facets.get(tag)) is not None:
            salted = b"\x02" + sha256(event_key + padded).digest() + sha256(content).digest()
            written.append(begin + b2a_base64(sha256(salted).digest(), newline=False))
    return b'",'.join(written) + b'"' if len(written) == len(facets) else None


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry and the bytes that are hashed; build one with `following` or `parse`.

    `time` is the sequencer's clock in Unix milliseconds, never less than the entry before;
    `previous` is the leaf hash of the entry before (32 zero bytes for entry 0).
    """

    data: bytes
    index: int
    time: int
    previous: bytes
    kind: str
    commitments: Mapping[str, bytes]

    @classmethod
    def following(
        cls, *, index: int, time: int, previous: bytes, kind: str, commitments: Mapping[str, bytes]
    ) -> Entry:
        """The entry at `index`, written out."""
        committed = ",".join(f'"{tag}":"{_b64(value)}"' for tag, value in commitments.items())
        data = (
            f'{{"v":{VERSION},"i":{index},"t":{time},"p":"{_b64(previous)}",'
            f'"k":"{kind}","c":{{{committed}}}}}'
        ).encode("ascii")
        return cls(data, index, time, previous, kind, MappingProxyType(dict(commitments)))

    @staticmethod
    def written(*, index: int, time: int, previous: bytes, kind: str, committed: bytes) -> bytes:
        """The same bytes alone, with commitments as `commit_known` writes them."""
        return b'{"v":1,"i":%d,"t":%d,"p":"%b","k":"%b","c":{%b}}' % (
            index, time, b2a_base64(previous, newline=False), kind.encode("ascii"), committed,
        )  # fmt: skip

    @classmethod
    def parse(cls, data: object) -> Entry:
        """Inverse of `data`; any other spelling of the same content is refused.

        Raises:
            FormatError: not exactly what `following` writes.
        """
        # One spelling only: two readers of the same bytes must never see different things
        # (duplicate keys, spaces, escapes, numbers, non-canonical base64). So not a JSON parser,
        # which forgives too much, but just what `following` writes.
        if not isinstance(data, bytes) or (match := _ENTRY.fullmatch(data)) is None:
            raise FormatError("malformed entry")
        index, time, kind = int(match["index"]), int(match["time"]), match["kind"].decode("ascii")
        committed = [
            (tag.decode("ascii"), _hash(value)) for tag, value in _COMMITTED.findall(match["c"])
        ]
        tags = [tag for tag, _ in committed]
        if max(index, time) > MAX_INTEGER:
            raise FormatError("malformed entry: too large a number")
        if tuple(tags) != in_order(tags):
            raise FormatError("malformed entry: facets twice or out of order")
        return cls(data, index, time, _hash(match["p"]), kind, MappingProxyType(dict(committed)))

    @staticmethod
    def is_call(
        data: bytes, index: int, previous: bytes, committed: bytes
    ) -> tuple[int, str] | None:
        """Time and kind, if these bytes are a call's entry that says just this: what is expected is
        written out and compared. None says nothing of the bytes.

        Args:
            data: the stored bytes.
            index: its place.
            previous: the leaf hash of the entry before.
            committed: its commitments, of `commit_known`.
        """
        begin = b'{"v":1,"i":%d,"t":' % index
        comma = data.find(b",", len(begin))
        number, start = data[len(begin) : comma], comma + _TO_KIND
        kind = _CALLS.get(data[start : data.find(b'"', start)])
        if kind is None or not number.isdigit() or len(number) > _DIGITS:
            return None
        time = int(number)
        link = Entry.written(
            index=index, time=time, previous=previous, kind=kind, committed=committed
        )
        return (time, kind) if link == data and time <= MAX_INTEGER else None

    @staticmethod
    def head_of(data: bytes) -> tuple[int, int, str]:
        """Index, time and kind of an entry, without its commitments: for reading many.

        Raises:
            FormatError: it does not begin as an entry.
        """
        # An entry has one spelling, so nothing before the kind can be taken for it.
        if (match := _HEAD.match(data)) is None:
            raise FormatError("malformed entry")
        return int(match["index"]), int(match["time"]), match["kind"].decode("ascii")

    @staticmethod
    def kind_of(data: bytes) -> str:
        """The kind of an entry, as `head_of`; raises FormatError."""
        return Entry.head_of(data)[2]

    @property
    def unknown(self) -> tuple[str, ...]:
        """What of it this version does not know: its kind, or tags of facets."""
        if self.kind not in KINDS:
            return (self.kind,)
        return tuple(tag for tag in self.commitments if tag not in TAGS)

    @property
    def hash(self) -> bytes:
        """RFC 6962 leaf hash of the stored bytes."""
        return merkle.leaf_hash(self.data)


def _hash(text: bytes) -> bytes:
    return binascii.a2b_base64(text)


# 32 bytes in base64: of the last character before the padding only four bits count.
_HASH = rb"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
_NUMBER = rb"0|[1-9][0-9]{0,18}"
_PAIR = rb'"[a-z]{1,8}":"' + _HASH + rb'"'
_COMMITTED = re.compile(rb'"([a-z]{1,8})":"(' + _HASH + rb')"')
_START = (
    rb'\{"v":1,"i":(?P<index>' + _NUMBER + rb'),"t":(?P<time>' + _NUMBER + rb'),"p":"(?P<p>'
    + _HASH + rb')","k":"(?P<kind>[a-z]{1,16})","c":\{'
)  # fmt: skip
_HEAD = re.compile(_START)
_ENTRY = re.compile(_START + rb"(?P<c>(?:" + _PAIR + rb"(?:," + _PAIR + rb")*)?)\}\}")
