"""The guards that were in force, as the log keeps them."""

from __future__ import annotations

from apitrail.source import Source
from apitrail.trail import statements
from apitrail.trail.policy_entry import Policy


def find(source: Source, digest: str) -> Policy | None:
    """The guard whose text has this SHA-256 (hex), as it was last put in force."""
    for index in sorted(source.books(0, source.size), reverse=True):
        link = source.entry(index)
        if link is None or link.kind != Policy.KIND:
            continue
        said = statements.of(source, Policy.KIND, index)
        if isinstance(said, Policy) and said.sha256 == digest:
            return said
    return None
