"""What can be checked of one entry at once: its content, its place in the tree, the signature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apitrail.entry import Entry
from apitrail.errors import Error, VerificationError
from apitrail.evidence.bundle.log_tree import tree_of
from apitrail.evidence.verify import Trust, key_history
from apitrail.evidence.verify.segment import open_facets
from apitrail.source import Contents, Source
from apitrail.tlog import merkle


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that holds, or does not."""

    holds: bool
    text: str

    def to_json(self) -> dict[str, object]:
        """For scripts."""
        return {"holds": self.holds, "text": self.text}


def checks(source: Source, link: Entry, trust: Trust) -> Iterator[Check]:
    """Each in turn; one that does not hold ends them."""
    try:
        contents = dict(source.contents(link.index, link.index + 1)).get(link.index, Contents(None))
        opened = open_facets(link, contents)
        missing = [tag for tag in link.commitments if tag not in opened]
        left = (
            f", but for {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not here"
            if missing
            else ""
        )
        yield Check(True, f"what is shown is what the entry commits to{left}")
        yield from _place(source, link, trust)
    except Error as error:
        yield Check(False, str(error))


def _place(source: Source, link: Entry, trust: Trust) -> Iterator[Check]:
    note = source.tail() or ""
    try:
        keys = key_history.trace(source, trust)
        head = keys.open(note, "the newest checkpoint")
    except VerificationError as error:
        yield Check(False, str(error))
        return
    if link.index >= head.size:
        yield Check(False, f"the newest checkpoint ends before entry {link.index}")
        return
    merkle.check_inclusion(
        index=link.index, size=head.size, leaf=link.hash,
        proof=tree_of(source, note).inclusion(link.index), root=head.root,
    )  # fmt: skip
    yield Check(True, f"the entry is in the tree of {head.size} entries")
    yield Check(True, f"its head is signed by {keys.origin}, whose key is in {trust.by}")
