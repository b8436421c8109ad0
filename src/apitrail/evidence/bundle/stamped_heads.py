"""The timestamps in a bundle: each is of a checkpoint in it, and says a time."""

from __future__ import annotations

from dataclasses import dataclass

from apitrail.errors import FormatError
from apitrail.evidence.bundle import layout
from apitrail.evidence.bundle.bundle_reader import Bundle
from apitrail.evidence.verify.report import tampered
from apitrail.evidence.verify.timestamp_token import Token
from apitrail.tlog import note


@dataclass(frozen=True, slots=True)
class StampedHead:
    """The file `name` says that the log had `size` entries at `time`; whose word that is, is open."""

    name: str
    size: int
    time: str

    def __str__(self) -> str:
        return f"{self.name} says that the first {self.size} entries existed at {self.time}"


def stamped_heads(bundle: Bundle) -> tuple[StampedHead, ...]:
    """All of them, the newest head's first.

    Raises:
        Finding: one is of something else.
        FormatError: one is malformed, or the checkpoint that it is of.
    """
    return tuple(_read(bundle, size, name) for size, name in layout.stamps(bundle.archive.names))


def _read(bundle: Bundle, size: int, name: str) -> StampedHead:
    data = bundle.archive.read(name)
    if size not in (bundle.size, *layout.kept_sizes(bundle.archive.names)):
        raise tampered(f"{name} belongs to no checkpoint")
    signed = bundle.checkpoint_note if size == bundle.size else bundle.text(layout.kept(size))
    try:
        token = Token.parse(data)
    except FormatError as error:
        raise tampered(f"{name}: {error}") from error
    if not token.is_of(note.Note.parse(signed).text):
        raise tampered(f"{name} is not of the checkpoint of {size}")
    return StampedHead(name, size, token.time)
