"""One link of the log: small exact bytes whose hash is both chain link and Merkle leaf.

It does not know what an event means, SQLite, or signatures. The format is `docs/format.md`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from apitrail.errors import FormatError
from apitrail.tlog import merkle

VERSION = 1

# The facets an entry can commit to, in the order they are written.
TAGS = ("who", "what", "request", "response", "reqbody", "resbody", "learned")

# What an entry can say. `api` and `unknown` are calls; the rest is the recorder's own book-keeping.
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
)
CALLS = ("api", "unknown")

START = bytes(32)
"""The previous hash of entry 0."""


def salt(event_key: bytes, tag: str) -> bytes:
    """The 32-byte salt of one facet: SHA-256(event_key ‖ tag padded with NUL to 8 bytes)."""
    return hashlib.sha256(event_key + tag.encode("ascii").ljust(8, b"\0")).digest()


def commitment(facet_salt: bytes, content: bytes) -> bytes:
    """SHA-256(0x02 ‖ salt ‖ SHA-256(content)): all inputs of fixed length, so never ambiguous."""
    return hashlib.sha256(b"\x02" + facet_salt + hashlib.sha256(content).digest()).digest()


def commit(event_key: bytes, facets: Mapping[str, bytes]) -> dict[str, bytes]:
    """The commitment of each facet, in the order of `TAGS`."""
    return {tag: commitment(salt(event_key, tag), facets[tag]) for tag in TAGS if tag in facets}


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

    @classmethod
    def parse(cls, data: bytes) -> Entry:
        """Inverse of `data`; any other spelling of the same content is refused.

        Raises:
            FormatError: not exactly what `following` writes.
        """
        try:
            match json.loads(data):
                case {
                    "v": 1,
                    "i": int(index),
                    "t": int(time),
                    "p": str(previous),
                    "k": str(kind),
                    "c": dict(committed),
                } if kind in KINDS and list(committed) == [t for t in TAGS if t in committed]:
                    entry = cls.following(
                        index=index,
                        time=time,
                        previous=_hash(previous),
                        kind=kind,
                        commitments={tag: _hash(value) for tag, value in committed.items()},
                    )
                case _:
                    raise FormatError("malformed entry")
        except (ValueError, TypeError, RecursionError) as error:
            raise FormatError("malformed entry") from error
        # One spelling only: two readers of the same bytes must never see different things
        # (duplicate keys, spaces, escapes, non-canonical base64).
        if entry.data != data:
            raise FormatError("malformed entry: not canonical")
        return entry

    @property
    def hash(self) -> bytes:
        """RFC 6962 leaf hash of the stored bytes."""
        return merkle.leaf_hash(self.data)


def _hash(text: Any) -> bytes:
    if not isinstance(text, str):
        raise FormatError("malformed entry: a hash is not a string")
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise FormatError("malformed entry: bad base64") from error
    if len(value) != 32:
        raise FormatError("malformed entry: a hash is not 32 bytes")
    return value
