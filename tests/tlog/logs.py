"""A small log made of our own parts, and the textbook tree it is held against."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache

from apitrail.tlog import merkle
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.note import Signer, sign
from apitrail.tlog.proof import Proof

ORIGIN = "example.org/log"
SIGNER = Signer.generate(ORIGIN, hashlib.sha256(b"log").digest())
OTHER = Signer.generate(ORIGIN, hashlib.sha256(b"other").digest())

ENTRIES = [b"entry %d" % index for index in range(700)]
HASHES = [hashlib.sha256(b"\x00" + entry).digest() for entry in ENTRIES]


@cache
def naive_root(start: int, end: int) -> bytes:
    """MTH(D[start:end]) as RFC 6962 section 2.1 defines it."""
    if end == start:
        return hashlib.sha256(b"").digest()
    if end - start == 1:
        return HASHES[start]
    middle = start + split(end - start)
    children = naive_root(start, middle) + naive_root(middle, end)
    return hashlib.sha256(b"\x01" + children).digest()


def naive_path(index: int, start: int, end: int) -> list[bytes]:
    """PATH(m, D[n]) as RFC 6962 section 2.1.1 defines it."""
    if end - start == 1:
        return []
    middle = start + split(end - start)
    if index < middle:
        return [*naive_path(index, start, middle), naive_root(middle, end)]
    return [*naive_path(index, middle, end), naive_root(start, middle)]


def naive_subproof(old: int, start: int, end: int, *, whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b) as RFC 6962 section 2.1.2 defines it."""
    if old == end:
        return [] if whole else [naive_root(start, end)]
    middle = start + split(end - start)
    if old <= middle:
        return [*naive_subproof(old, start, middle, whole=whole), naive_root(middle, end)]
    return [*naive_subproof(old, middle, end, whole=False), naive_root(start, middle)]


def split(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def reader(size: int) -> merkle.Read:
    """A read over the naive tree that refuses to look outside of `size` leaves."""

    def read(level: int, index: int) -> bytes:
        start, end = index << level, (index + 1) << level
        assert 0 <= start < end <= size
        return naive_root(start, end)

    return read


def signed_head(size: int, *signers: Signer) -> str:
    checkpoint = Checkpoint(ORIGIN, size, naive_root(0, size))
    return sign(str(checkpoint), *(signers or (SIGNER,)))


def proof_of(index: int, size: int) -> Proof:
    path = merkle.prove_inclusion(index, size, reader(size))
    return Proof(index, tuple(path), signed_head(size))


def flips(data: bytes) -> Sequence[bytes]:
    """All the texts that differ from `data` in one bit."""
    return [
        data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]
        for at in range(len(data))
        for bit in range(8)
    ]
