"""What an `erase` entry says: which facets of which entries were destroyed, and why.

It does not know how content is destroyed, nor who may ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apitrail.entry import TAGS
from apitrail.errors import FormatError

# Kinds whose content may be erased. The rest is what verification itself rests on.
KINDS = ("api", "unknown", "run", "heartbeat")


@dataclass(frozen=True, slots=True)
class Target:
    """Facets of one entry, in the order of `TAGS`."""

    index: int
    facets: tuple[str, ...]


def what(targets: Iterable[Target], reason: str | None) -> dict[str, Any]:
    """The content of the entry; inverse of `parse`."""
    said: dict[str, Any] = {
        "erased": [{"index": target.index, "facets": list(target.facets)} for target in targets]
    }
    return said | ({"reason": reason} if reason else {})


def parse(said: Mapping[str, Any]) -> list[Target]:
    """What an entry says was erased; raises FormatError."""
    targets = []
    for item in _list(said.get("erased")):
        match item:
            case {"index": int(index), "facets": [*tags]} if index >= 0 and tags:
                if any(tag not in TAGS for tag in tags):
                    raise FormatError("malformed erasure: unknown facet")
                targets.append(Target(index, tuple(tags)))
            case _:
                raise FormatError("malformed erasure")
    return targets


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise FormatError("malformed erasure: it names nothing")
    return value
