"""A receipt: the proof that one entry is in the log, for whoever made the call.

It is a C2SP tlog-proof file. Its `extra` data are the entry's bytes, so that it can be checked with
nothing else than the log's key.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, takewhile
from pathlib import Path

from apitrail.entry import Entry
from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.evidence.bundle import Bundle
from apitrail.evidence.bundle.bundle_writer import cosigned
from apitrail.evidence.verify import Finding, Report, Trust, Verdict
from apitrail.evidence.verify.witnessed import hold, sightings
from apitrail.tlog import merkle, note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.proof import Proof
from apitrail.trail.audit import Audit
from apitrail.when import iso

MAGIC = b"c2sp.org/tlog-proof@v1\n"

# So many of the newest heads are compared: the last may have been signed by a witness alone.
RECENT = 32


def of_trail(directory: Path, index: int) -> Proof | None:
    """The receipt of an entry, under a head that most witnesses have signed, if one has it.

    None where there is no such entry.
    """
    with Audit(directory) as audit:
        audit.pin()
        found = audit.entry(index) if index >= 0 else None
        signed = _head(audit, index)
        if found is None or signed is None:
            return None
        size = Checkpoint.unverified(signed).size
        return Proof(index, tuple(audit.inclusion(index, size)), signed, found.data)


def of_bundle(bundle: Bundle, index: int) -> Proof | None:
    """The receipt of an entry that a bundle discloses."""
    if (found := bundle.entry(index)) is None:
        return None
    return Proof(index, tuple(bundle.inclusion(index)), bundle.checkpoint_note, found.data)


def is_receipt(path: Path) -> bool:
    """Does the file begin as a receipt?"""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def checkpoint_of(text: str) -> str:
    """The checkpoint that a receipt is under; what is no receipt is given back."""
    if not text.startswith(MAGIC.decode()):
        return text
    return Proof.parse(text).checkpoint_note


def verify_file(path: Path, trust: Trust, *, step: Callable[[str], None]) -> Report:
    """Check the receipt in a file."""
    known = Report(verdict=Verdict.OK, message="", trusted_by=trust.by)
    try:
        step("1. the entry, its proof, and the checkpoint's signature")
        return _verified(Proof.parse(path.read_bytes()), trust)
    except (FormatError, VerificationError) as error:
        return known.failing(error)
    except OSError as error:
        raise UsageError(f"cannot read {str(path)!r}: {error.strerror}") from error


def _verified(proof: Proof, trust: Trust) -> Report:
    if proof.extra is None:
        raise FormatError("the receipt does not hold its entry")
    entry = Entry.parse(proof.extra)
    if entry.index != proof.index:
        raise FormatError(f"the entry in the receipt is {entry.index}, not {proof.index}")
    try:
        head = proof.check(merkle.leaf_hash(proof.extra), trust.verifiers)
    except note.UnknownKeyError as error:
        raise Finding(
            Verdict.UNTRUSTED_KEY, str(error),
            hint="get the log's public key from its owner (`apitrail key show`), then --key VKEY",
        ) from error  # fmt: skip
    said = f"entry {entry.index}, {entry.kind} at {iso(entry.time)}, is in a log of {head.size} entries"
    opened = note.Note.parse(proof.checkpoint_note)
    held = None
    if (policy := trust.policy) is not None:
        found = sightings(policy, head.size, opened.text, opened.signatures, None)
        if (held := hold(policy, found)) is not None:
            said += f"; it cannot be rewritten unless {held.liars()}"
    signed = note.open(proof.checkpoint_note, trust.verifiers).signatures
    signer = next(
        x for x in trust.verifiers if (x.name, x.key_id) == (signed[0].name, signed[0].key_id)
    )
    return Report(
        verdict=Verdict.OK, message=said, step=1, index=entry.index, origin=head.origin,
        key=str(signer), trusted_by=trust.by, entries=head.size, last=entry.time,
        checkpoint=proof.checkpoint_note, witnessed=None if held is None else held.facts(),
    )  # fmt: skip


def _head(audit: Audit, index: int) -> str | None:
    """Of the newest checkpoints that have this entry, the one that most witnesses have signed."""
    newer = takewhile(lambda size: size > index, audit.cosigned())
    fitting = (size for size in newer if size <= audit.size)
    heads = [
        (kept, lines)
        for size in islice(fitting, RECENT)
        if (kept := audit.kept(size)) is not None and (lines := audit.cosignatures(size))
    ]
    # The first of those with most: the newest.
    best = max(heads, key=lambda head: len(head[1]), default=None)
    return audit.tail() if best is None else cosigned(*best)
