"""What a call taught of identities, as its facet `learned` holds it."""

from __future__ import annotations

from apitrail.event import Event
from apitrail.identity import Binding


def bindings(content: bytes) -> tuple[Binding, ...]:
    """The bindings of a facet; raises FormatError where it is none."""
    learned = Event.parse({"learned": content}).learned
    return tuple(Binding.parse(each) for each in learned)
