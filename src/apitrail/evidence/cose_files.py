"""COSE Receipts as files, and what they prove: `INDEX.cose`, and its entry in `INDEX.leaf`.

`checkpoint` beside them is the head that they are under, with the signatures of witnesses. A verifier
of COSE does without it; who judges by witnesses does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from apitrail.entry import Entry
from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.evidence.verify import Finding, Report, Trust, Verdict
from apitrail.evidence.verify.witnessed import Witnessed, hold, sightings
from apitrail.tlog import checkpoint, merkle, note
from apitrail.tlog.cose_receipt import MAGIC, CoseReceipt
from apitrail.trail import database
from apitrail.when import iso

RECEIPT = ".cose"
LEAF = ".leaf"
CHECKPOINT = "checkpoint"
COSE_KEY = "log.cosekey"


def receipts(path: Path) -> list[Path]:
    """The receipts that a path names: one file, or those of a directory, by index.

    A trail's directory has none, whatever somebody has put into it.

    Raises:
        UsageError: it is a directory of receipts without any.
    """
    if (path / database.FILE).exists():
        return []
    if path.is_dir():
        found = sorted(path.glob(f"*{RECEIPT}"), key=lambda each: (len(each.name), each.name))
        if not found and (path / COSE_KEY).is_file():
            raise UsageError(
                f"there is no receipt in {str(path)!r}", hint="the export matched no call"
            )
        return found
    if not path.is_file():
        return []
    with path.open("rb") as file:
        return [path] if file.read(len(MAGIC)) == MAGIC else []


@dataclass(frozen=True, slots=True)
class _Proved:
    """An entry that a receipt proves, in a log of `size`, and who has seen that head."""

    entry: Entry
    size: int
    verifier: note.Verifier
    witnessed: Witnessed | None


def verify_files(paths: Sequence[Path], trust: Trust, *, step: Callable[[str], None]) -> Report:
    """Check receipts, which lie in one directory; the first that does not hold decides."""
    what = "the receipt" if len(paths) == 1 else f"{len(paths)} receipts"
    step(f"1. {what}: the entry, its proof, and the signature on the root")
    found: list[_Proved] = []
    for path in paths:
        try:
            found.append(_proved(path, trust))
        except (FormatError, VerificationError) as error:
            said = Report(verdict=Verdict.OK, message="", trusted_by=trust.by).failing(error)
            if len(paths) > 1:
                return replace(said, message=f"{path.name}: {said.message}")
            return said
    return _report(found, trust)


def _report(found: Sequence[_Proved], trust: Trust) -> Report:
    last, size = found[-1].entry, max(each.size for each in found)
    if len(found) == 1:
        said = f"entry {last.index}, {last.kind} at {iso(last.time)}, is in a log of {size} entries"
    else:
        first = found[0].entry.index
        said = f"{len(found)} receipts hold, of entries {first} to {last.index} of a log of {size} entries"
    if (held := found[-1].witnessed) is not None:
        said += f"; {'they' if len(found) > 1 else 'it'} cannot be rewritten unless {held.liars()}"
    return Report(
        verdict=Verdict.OK, message=said, step=1, calls=len(found), entries=size,
        index=last.index if len(found) == 1 else None, last=last.time,
        origin=found[-1].verifier.name, key=str(found[-1].verifier), trusted_by=trust.by,
        witnessed=None if held is None else held.facts(),
    )  # fmt: skip


def _proved(path: Path, trust: Trust) -> _Proved:
    receipt = CoseReceipt.parse(_read(path))
    leaf = _read(path.with_suffix(LEAF))
    try:
        verifier, root = receipt.check(merkle.leaf_hash(leaf), trust.verifiers)
    except note.UnknownKeyError as error:
        raise Finding(
            Verdict.UNTRUSTED_KEY, str(error),
            hint="get the log's public key from its owner (`apitrail key show`), then --key VKEY",
        ) from error  # fmt: skip
    entry = Entry.parse(leaf)
    if entry.index != receipt.index:
        raise FormatError(f"the entry of the receipt is {entry.index}, not {receipt.index}")
    witnessed = _witnessed(path.with_name(CHECKPOINT), receipt.size, root, trust)
    return _Proved(entry, receipt.size, verifier, witnessed)


def _witnessed(path: Path, size: int, root: bytes, trust: Trust) -> Witnessed | None:
    """What the policy's witnesses have seen of the head that a receipt is under."""
    if (policy := trust.policy) is None:
        return None
    if not path.is_file():
        return hold(policy, [])
    head, opened = checkpoint.open(_read(path), trust.verifiers)
    if (head.size, head.root) != (size, root):
        raise VerificationError(f"{path.name!r} is of another head than the receipt")
    signed = note.Note.parse(_read(path)).signatures
    return hold(policy, sightings(policy, size, opened.text, signed, None))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read {str(path)!r}: {error.strerror}",
            hint=f"keep NAME{LEAF} beside NAME{RECEIPT}: it is the entry that is proved",
        ) from error
