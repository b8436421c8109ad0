"""Finding the events in which a secret value appeared, by its keyed digest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apitrail.event import RECORD_TAGS
from apitrail.query import Filter
from apitrail.redact import Redactor
from apitrail.source import Source


def find_value(source: Source, redactor: Redactor, value: bytes, where: Filter) -> Iterator[int]:
    """Indexes of the calls in which `value` was redacted, newest first.

    A digest is looked for as it is written, so a value that was kept in clear is not found.
    """
    digests = [str(form).encode() for form in redactor.variants(value)]
    return (
        index
        for index in source.select(where)
        if _mentions(source.facets(index, RECORD_TAGS).values(), digests)
    )


def _mentions(contents: Iterable[bytes], digests: list[bytes]) -> bool:
    return any(digest in content for content in contents for digest in digests)
