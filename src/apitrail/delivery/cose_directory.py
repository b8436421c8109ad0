"""`export --format cose`: a directory of COSE Receipts, one for each call, and all that checks them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.evidence.bundle import Bundle
from apitrail.evidence.bundle.bundle_writer import cosigned
from apitrail.evidence.bundle.log_tree import tree_of
from apitrail.evidence.cose_files import CHECKPOINT, COSE_KEY, LEAF, RECEIPT
from apitrail.source import Source
from apitrail.tlog import checkpoint, cose_key, merkle, note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.cose_receipt import CoseReceipt
from apitrail.trail.keys import Keys

PEM = "log.pem"


def signer(source: Source, trail: Path) -> note.Signer:
    """The log's key, which signs receipts.

    Raises:
        UsageError: it is not here.
    """
    keys = Keys.of(trail)
    if isinstance(source, Bundle) or not keys.exist:
        raise UsageError(
            f"receipts are signed by the log's key, and it is not in {str(trail)!r}",
            hint="export them where the trail is recorded; a bundle needs no key: --format bundle",
        )
    return keys.signer()


def write(
    source: Source, indexes: Sequence[int], out: Path, *, signer: note.Signer, issued: int
) -> int:
    """Write the receipts of these entries; gives how many those are.

    Args:
        out: a directory, which is new or empty.
        issued: Unix seconds.

    Raises:
        UsageError: it cannot be written, or the log is not what its key has signed.
    """
    check(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".tmp", dir=out.parent))
        try:
            for name, data in _files(source, indexes, signer, issued):
                (made / name).write_bytes(data)
            made.chmod(0o700)
            made.replace(out)  # whole or not at all
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    except OSError as error:
        raise UsageError(f"cannot write {str(out)!r}: {error.strerror}") from error
    return len(indexes)


def check(out: Path) -> None:
    """Refuse a directory that holds something; raises UsageError."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{str(out)!r} is not a directory", hint="name one that is new, or empty")
    if out.is_dir() and next(out.iterdir(), None) is not None:
        raise UsageError(
            f"{str(out)!r} is not empty", hint="name a directory that is new, or empty"
        )


def _files(
    source: Source, indexes: Sequence[int], signer: note.Signer, issued: int
) -> Iterator[tuple[str, bytes]]:
    """Names and contents."""
    signed = _signed(source, max(indexes, default=-1), signer)
    head = _head(signed, signer)
    tree = tree_of(source, signed)
    for index in indexes:
        leaf = next(iter(source.entries(index, index + 1)))
        path = tree.inclusion(index)
        _prove(index, head, leaf, path)
        receipt = CoseReceipt.sign(
            signer, size=head.size, root=head.root, index=index, hashes=path, issued=issued
        )
        yield f"{index}{RECEIPT}", bytes(receipt)
        yield f"{index}{LEAF}", leaf
    public_key = signer.verifier.public_key
    yield PEM, cose_key.pem(public_key)
    yield COSE_KEY, cose_key.encode(public_key)
    yield CHECKPOINT, cosigned(signed, source.cosignatures(head.size)).encode()


def _signed(source: Source, newest: int, signer: note.Signer) -> str:
    """The head that most witnesses have signed, of the newest that have all these entries."""
    if (tail := source.tail()) is None:
        raise UsageError("the trail is empty", hint="record something first: apitrail exec -- CMD")
    size = Checkpoint.unverified(tail).size
    sizes = {at for at in source.last_cosigned(size) if newest < at < size}
    best = max(sizes, key=lambda at: (len(source.cosignatures(at)), at), default=0)
    if not best or len(source.cosignatures(best)) <= len(source.cosignatures(size)):
        return tail
    older = dict(source.checkpoints()).get(best, "")
    try:
        note.open(older, [signer.verifier])
    except (VerificationError, FormatError):
        return tail  # from before a change of key
    return older


def _head(signed: str, signer: note.Signer) -> Checkpoint:
    """The newest head: the key signs no other root than one that it has signed as the log's."""
    try:
        head, _ = checkpoint.open(signed, [signer.verifier])
    except (FormatError, VerificationError) as error:
        raise UsageError(
            f"the newest checkpoint is not by the log's key: {error}", hint="apitrail verify"
        ) from error
    return head


def _prove(index: int, head: Checkpoint, leaf: bytes, path: list[bytes]) -> None:
    try:
        merkle.check_inclusion(
            index=index, size=head.size, leaf=merkle.leaf_hash(leaf), proof=path, root=head.root
        )
    except VerificationError as error:
        raise UsageError(str(error), hint="`apitrail verify` says what is wrong") from error
