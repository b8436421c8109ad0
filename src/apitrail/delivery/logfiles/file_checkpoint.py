"""The log's word for a file: a checkpoint of the log with one more line, the file's hash.

    example.com/log
    20852163
    CsUYapGGPo4dkMg…
    apitrail manifest sha256 2c26b46b…

It is a C2SP checkpoint with an extension line, so whatever reads checkpoints reads it. It does not
know what the file says.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise

from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.evidence.verify.key_history import History
from apitrail.evidence.verify.report import Finding, Trust, Verdict, tampered
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail.rotation import Rotation

_LINE = "apitrail manifest sha256 "


def head(tail: str, signer: note.Signer) -> Checkpoint:
    """The head in the newest note, if this signer has signed it: nothing else is vouched for.

    Raises:
        UsageError: another key has signed it.
    """
    try:
        note.open(tail, [signer.verifier])
    except VerificationError as error:
        raise UsageError(
            f"the log's key has not signed its newest checkpoint: {error}",
            hint="`apitrail verify` says what is wrong; if the key was just changed, try again",
        ) from error
    return Checkpoint.unverified(tail)


def vouch(of: Checkpoint, content: bytes, signer: note.Signer) -> str:
    """The signed note for a file with this content."""
    line = _LINE + hashlib.sha256(content).hexdigest()
    return note.sign(str(replace(of, extensions=(line,))), signer)


def trust(rotations: tuple[str, ...], text: bytes, given: Trust, what: str) -> History:
    """The keys of the log that has signed the note `text` for `what`: one that is trusted, along its
    rotations.

    Raises:
        Finding: none is trusted, or the rotations do not lead from one key to the next.
    """
    try:
        signed = note.Note.parse(text)
        changes = [Rotation.from_note(each) for each in rotations]
    except (FormatError, VerificationError) as error:
        raise tampered(f"the signature of {what}: {error}") from error
    origin = signed.text.partition("\n")[0]
    trusted = [each for each in given.verifiers if isinstance(each, note.Verifier)]
    own = {line.key_id for line in signed.signatures if line.name == origin}
    keys = tuple(each for each in trusted if each.name == origin and each.key_id in own)[:1]
    if changes:
        if any(one.new != two.old for one, two in pairwise(changes)):
            raise tampered(f"the changes of key in {what} do not follow each other")
        keys = (changes[0].old, *(change.new for change in changes))
    if not any(key in trusted and key.name == origin for key in keys):
        signers = ", ".join(f"{origin}+{each.hex()}" for each in sorted(own)) or "nobody"
        raise Finding(
            Verdict.UNTRUSTED_KEY,
            f"{what} is signed by {signers}, which is not a key you trust",
            hint="get the log's public key from its owner (`apitrail key show`), then --key VKEY",
        )
    return History(origin, keys, tuple(changes))


def confirm(history: History, text: bytes, content: bytes, what: str) -> Checkpoint:
    """The head in the note for `what`, if its keys have signed it and it is for this content.

    Raises:
        Finding: either is not so.
    """
    found = _open(history, text, f"the signature of {what}")
    if found.extensions != (_LINE + hashlib.sha256(content).hexdigest(),):
        raise tampered(f"{what} is not what was signed")
    return replace(found, extensions=())


def _open(history: History, text: bytes, what: str) -> Checkpoint:
    """The head in a note that the log's key of that time has signed.

    Where the head ends with a change of key, the log's own checkpoint has both signatures; what
    is made later has the new key's.
    """
    try:
        head = Checkpoint.unverified(text)
        if head.origin != history.origin:
            raise tampered(f"{what} is of the log {head.origin!r}")
        note.open(text, history.signing(head.size)[-1:])
    except (FormatError, VerificationError) as error:
        raise error if isinstance(error, Finding) else tampered(f"{what}: {error}") from error
    return head
