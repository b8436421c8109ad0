"""What is missing with leave: facets named by `erase` entries, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apitrail.entry import KINDS
from apitrail.evidence.verify.report import tampered
from apitrail.evidence.verify.segment import Book, Segment
from apitrail.trail.statements import ERASABLE, Erase


def check(segment: Segment) -> int:
    """How many entries had something erased; raises Finding at one that is missing without leave, or
    there in spite of it."""
    leaves = named(segment.books)
    for index in sorted({*segment.missing, *leaves}):
        missing = set(segment.missing.get(index, ()))
        leave = leaves.get(index, set())
        if lacking := sorted(missing - leave):
            raise tampered(
                f"facet {lacking[0]!r} is missing and no entry says it was erased", index=index
            )
        if kept := sorted(leave - missing):
            raise tampered(f"facet {kept[0]!r} was erased, and is there or never was", index=index)
        # What may be erased of a kind that this version does not know is for the later version to
        # say.
        if (kind := segment.kinds[index]) in KINDS and kind not in ERASABLE:
            raise tampered(
                f"an entry of kind {segment.kinds[index]!r} cannot be erased", index=index
            )
    return len(segment.missing)


def named(books: Sequence[Book]) -> Mapping[int, set[str]]:
    """The tags of the facets that `erase` entries name, by index; raises Finding."""
    found: dict[int, set[str]] = {}
    for book in books:
        if isinstance(book.says, Erase):
            for target in book.says.targets:
                if target.index >= book.index:
                    raise tampered("it erases what came after it", index=book.index)
                found.setdefault(target.index, set()).update(target.facets)
    return found
