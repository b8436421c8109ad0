"""`verify --ask`: the newest head that each witness has seen, asked for now."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from apitrail.errors import Error, FormatError, VerificationError
from apitrail.evidence.witness import asking
from apitrail.tlog import checkpoint, note
from apitrail.tlog.add_checkpoint import log_digest
from apitrail.tlog.policy import Policy, PolicyWitness

PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class NewestHead:
    """What a witness answered: a signed and cosigned note, or why there is none."""

    witness: str
    note: str | None = None
    problem: str | None = None


def ask_all(policy: Policy, origin: str) -> Iterator[NewestHead]:
    """Ask all witnesses at once; the answers in the policy's order."""
    with ThreadPoolExecutor(max(len(policy.witnesses), 1)) as pool:
        yield from pool.map(lambda witness: _ask(witness, origin), policy.witnesses)


def _ask(witness: PolicyWitness, origin: str) -> NewestHead:
    if witness.url is None:
        problem = f"{witness.name} was not asked: the policy has no URL for it"
        return NewestHead(witness.name, problem=problem)
    try:
        answer = asking.ask(witness.url, f"{log_digest(origin)}/checkpoint", seconds=PATIENCE)
    except Error as error:
        return NewestHead(witness.name, problem=str(error))
    if answer.status == 404:
        return NewestHead(witness.name, problem=f"{witness.name} has seen nothing of this log")
    if answer.status != 200:
        return NewestHead(witness.name, problem=f"{witness.name} answers {answer.status}")
    try:
        text = answer.body.decode("utf-8")
        head = checkpoint.Checkpoint.parse(note.open(text, [witness.verifier]).text)
    except (UnicodeDecodeError, FormatError, VerificationError) as error:
        return NewestHead(witness.name, problem=f"the answer of {witness.name} is none: {error}")
    if head.origin != origin:
        return NewestHead(witness.name, problem=f"{witness.name} answers for another log")
    return NewestHead(witness.name, text)
