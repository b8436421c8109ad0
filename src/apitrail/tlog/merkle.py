"""The Merkle tree of RFC 6962 and RFC 9162 over SHA-256: roots, proofs and their checks.

It does not know where hashes are kept: whoever asks brings a `read(level, index)`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from apitrail.errors import FormatError, VerificationError

HASH_SIZE = 32

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves (RFC 6962 section 2.1)."""

type Read = Callable[[int, int], bytes]
"""`read(level, index)`: hash of the complete subtree over leaves [index << level, index+1 << level)."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of an entry as a leaf: SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(size: int, read: Read) -> bytes:
    """Root of the tree over the first `size` leaves."""
    if size < 0:
        raise ValueError(f"a tree has no {size} leaves")
    return _subtree(0, size, read) if size else EMPTY_ROOT


def root_of(hashes: Iterable[bytes]) -> bytes:
    """Root of the tree over the given leaf hashes."""
    frontier = Frontier()
    frontier.extend(hashes)
    return frontier.root()


def prove_inclusion(index: int, size: int, read: Read) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves, from its sibling up.

    RFC 9162 section 2.1.3.1, unrolled from the root down. Raises ValueError unless
    0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(middle, end, read))
            end = middle
        else:
            path.append(_subtree(start, middle, read))
            start = middle
    return path[::-1]


def check_inclusion(
    *, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Hold `proof` to show that the leaf hash `leaf` is leaf `index` under `root`, or raise."""
    _check_hashes(root)
    if root_by(index=index, size=size, leaf=leaf, proof=proof) != root:
        raise VerificationError(f"leaf {index} is not what the tree of {size} holds there")


def root_by(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root under which `proof` puts the leaf hash `leaf`, or raise.

    RFC 9162 section 2.1.3.2.
    """
    _check_hashes(leaf, *proof)
    if not 0 <= index < size:
        raise VerificationError(f"leaf {index} is not in a tree of {size}")
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if not last:
            raise VerificationError(f"inclusion proof of leaf {index} is too long")
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            # A right edge without siblings: climb until this node is a right child again.
            shift = _trailing_zeros(node)
            node, last = node >> shift, last >> shift
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise VerificationError(f"inclusion proof of leaf {index} is too short")
    return result


def prove_consistency(old: int, new: int, read: Read) -> list[bytes]:
    """The proof that the tree of `new` leaves continues the one of `old` leaves.

    RFC 9162 section 2.1.4.1, unrolled from the root down. Raises ValueError unless
    0 < old <= new: the empty tree is continued by every tree, which proves nothing.
    """
    if not 0 < old <= new:
        raise ValueError(f"a tree of {new} cannot be shown to continue a tree of {old}")
    path, start, end = [], 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_subtree(middle, end, read))
            end = middle
        else:
            path.append(_subtree(start, middle, read))
            start = middle
    if start:  # else this subtree is the old tree itself, whose root the verifier has
        path.append(_subtree(start, end, read))
    return path[::-1]


def check_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Hold `proof` to show that the new tree continues the old one, or raise.

    RFC 9162 section 2.1.4.2. Size 0 is refused, see `prove_consistency`.
    """
    _check_hashes(old_root, new_root, *proof)
    if not 0 < old <= new:
        raise VerificationError(f"a tree of {new} does not continue a tree of {old}")
    if old == new:
        if proof or old_root != new_root:
            raise VerificationError(f"two different trees of {old}")
        return
    path = list(proof)
    if old & (old - 1) == 0:  # a power of two: the old root is itself a node of the new tree
        path.insert(0, old_root)
    if not path:
        raise VerificationError(f"consistency proof from {old} to {new} is too short")
    if _climb(old, new, path) != (old_root, new_root):
        raise VerificationError(f"the tree of {new} does not continue the tree of {old}")


def _climb(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The two roots a consistency path leads to (RFC 9162 section 2.1.4.2, steps 4 to 6)."""
    shift = _trailing_zeros(old)  # the number of ones at the end of old - 1
    node, last = (old - 1) >> shift, (new - 1) >> shift
    old_result = new_result = path[0]
    for sibling in path[1:]:
        if not last:
            raise VerificationError(f"consistency proof from {old} to {new} is too long")
        if node & 1 or node == last:
            old_result = node_hash(sibling, old_result)
            new_result = node_hash(sibling, new_result)
            shift = _trailing_zeros(node)
            node, last = node >> shift, last >> shift
        else:
            new_result = node_hash(new_result, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise VerificationError(f"consistency proof from {old} to {new} is too short")
    return old_result, new_result


class Frontier:
    """The right edge of a growing tree: all that is needed to append leaves and know the root.

    `peaks` are the roots of the complete subtrees the tree is made of, largest first, one for
    each bit set in `size`.
    """

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """Continue a tree; raises FormatError if `peaks` cannot be those of `size` leaves."""
        self._size = size
        self._peaks = list(peaks)
        if size < 0 or len(self._peaks) != size.bit_count():
            raise FormatError(f"{len(self._peaks)} peaks do not make a tree of {size}")
        for peak in self._peaks:
            _check_size(peak)

    @classmethod
    def read(cls, size: int, read: Read) -> Frontier:
        """The edge of the tree of `size` leaves."""
        return cls(size, _peaks(0, size, read))

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, largest first."""
        return tuple(self._peaks)

    def copy(self) -> Frontier:
        """An edge that grows on its own from here."""
        twin = Frontier()
        twin._size, twin._peaks = self._size, self._peaks.copy()
        return twin

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf by its hash."""
        self.extend((leaf_hash,))

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add leaves by their hashes; raises FormatError at one that is not 32 bytes."""
        peaks, sha256 = self._peaks, hashlib.sha256
        for leaf in leaf_hashes:
            if len(leaf) != HASH_SIZE:
                _check_size(leaf)
            node, size = leaf, self._size
            while size & 1:  # as many merges as carries in size + 1
                node = sha256(b"\x01" + peaks.pop() + node).digest()
                size >>= 1
            peaks.append(node)
            self._size += 1

    def root(self) -> bytes:
        """Root over all leaves so far."""
        return _fold(self._peaks) if self._peaks else EMPTY_ROOT


def _split(count: int) -> int:
    """The largest power of two below `count`, where RFC 6962 cuts a tree."""
    return 1 << ((count - 1).bit_length() - 1)


def _trailing_zeros(number: int) -> int:
    """How often `number` can be halved; 0 counts as odd."""
    return max((number & -number).bit_length() - 1, 0)


def _subtree(start: int, end: int, read: Read) -> bytes:
    """Root over leaves [start, end), where `start` is a multiple of the range's capacity."""
    return _fold(_peaks(start, end, read))


def _peaks(start: int, end: int, read: Read) -> list[bytes]:
    """Roots of the complete subtrees that [start, end) falls into, largest first."""
    peaks = []
    while start < end:
        level = (end - start).bit_length() - 1
        peak = read(level, start >> level)
        _check_size(peak)
        peaks.append(peak)
        start += 1 << level
    return peaks


def _fold(peaks: Sequence[bytes]) -> bytes:
    """Bag the peaks from the right."""
    result = peaks[-1]
    for peak in peaks[-2::-1]:
        result = node_hash(peak, result)
    return result


def _check_size(data: bytes) -> None:
    if len(data) != HASH_SIZE:
        raise FormatError(f"a hash has {len(data)} bytes instead of {HASH_SIZE}")


def _check_hashes(*hashes: bytes) -> None:
    if any(len(data) != HASH_SIZE for data in hashes):
        raise VerificationError(f"a hash in the proof does not have {HASH_SIZE} bytes")
