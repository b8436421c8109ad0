"""Whether a trail is complete and unaltered.

It does not know where the evidence came from, nor any policy beyond the keys it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apitrail import entry
from apitrail.entry import Entry
from apitrail.errors import FormatError, VerificationError
from apitrail.tlog import checkpoint, merkle, note
from apitrail.trail.reader import Reader


class Verdict(StrEnum):
    """What can be said; the first word on stdout."""

    OK = "OK"
    TAMPERED = "TAMPERED"
    UNTRUSTED_KEY = "UNTRUSTED-KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The verdict and what it rests on."""

    verdict: Verdict
    message: str
    size: int
    calls: int = 0
    origin: str | None = None
    in_flight: int = 0

    @property
    def holds(self) -> bool:
        """Does the evidence hold?"""
        return self.verdict is Verdict.OK

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "verdict": str(self.verdict),
            "message": self.message,
            "entries": self.size,
            "calls": self.calls,
            "origin": self.origin,
            "inFlight": self.in_flight,
        }

    def __str__(self) -> str:
        return f"{self.verdict}: {self.message}"


def check(
    reader: Reader, verifiers: Iterable[note.NoteVerifier], *, step: Callable[[str], None]
) -> Report:
    """Check everything in order; stops at the first thing that does not hold and says which."""
    text = reader.tail()
    if text is None:
        return Report(verdict=Verdict.OK, message="the trail is empty", size=0)
    try:
        # 1. The signed head: what the log's key says there is.
        step("1. signature of the newest checkpoint")
        head, _ = checkpoint.open(text, verifiers)
        # 2. Every entry: well-formed, in order, following the one before, committed to its facets.
        step(f"2. {head.size} entries: chain and tree")
        calls = _entries(reader, head)
    except note.UnknownKeyError as error:
        return Report(verdict=Verdict.UNTRUSTED_KEY, message=str(error), size=reader.size)
    except (VerificationError, FormatError) as error:
        return Report(verdict=Verdict.TAMPERED, message=str(error), size=reader.size)
    return Report(
        verdict=Verdict.OK,
        message=f"{head.size} entries, {calls} calls, complete and unaltered",
        size=head.size,
        calls=calls,
        origin=head.origin,
        in_flight=reader.in_flight(),
    )


def _entries(reader: Reader, head: checkpoint.Checkpoint) -> int:
    previous, time, calls = entry.START, 0, 0
    frontier = merkle.Frontier()
    for index, data in enumerate(reader.entries(0, head.size)):
        try:
            link = Entry.parse(data)
        except FormatError as error:
            raise VerificationError(f"entry {index}: {error}") from error
        if link.index != index or link.previous != previous:
            raise VerificationError(f"entry {index} does not follow entry {index - 1}")
        if link.time < time:
            raise VerificationError(f"entry {index} is older than the one before it")
        _facets(reader, link)
        previous, time, calls = link.hash, link.time, calls + (link.kind in entry.CALLS)
        frontier.append(previous)
    if frontier.size != head.size:
        raise VerificationError(f"entry {frontier.size} is missing: the log has {head.size}")
    if frontier.root() != head.root:
        raise VerificationError(
            f"the entries are not those that the checkpoint of {head.size} signs"
        )
    return calls


def _facets(reader: Reader, link: Entry) -> None:
    key = reader.seal(link.index)
    contents = reader.facets(link.index)
    if set(contents) != set(link.commitments):
        missing = set(link.commitments) ^ set(contents)
        raise VerificationError(
            f"entry {link.index}: facet {min(missing)!r} is not as committed"
        )
    if key is None:
        raise VerificationError(f"entry {link.index}: its event key is missing")
    for tag, content in contents.items():
        if entry.commitment(entry.salt(key, tag), content) != link.commitments[tag]:
            raise VerificationError(f"entry {link.index}: facet {tag!r} was altered")
