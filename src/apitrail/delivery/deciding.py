"""What guards' decisions about calls rest on: the guards' texts, and the rulings on their tickets."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import batched, chain
from typing import Self

from apitrail.errors import FormatError
from apitrail.event import Event
from apitrail.source import Source
from apitrail.trail.policy_entry import Policy
from apitrail.trail.ruling import Ruling
from apitrail.trail.statements import Statement

# Calls that are read at a time.
_TOGETHER = 1_024


@dataclass(frozen=True, slots=True)
class Deciding:
    """The tickets and the digests of guards that some calls name."""

    tickets: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()

    @classmethod
    def of(cls, source: Source, indexes: Iterable[int]) -> Self:
        """Those that the calls at these entries name."""
        tickets, policies = set[str](), set[str]()
        # Every call that is exported is asked, so only those that may have one are parsed.
        whats = (source.many(some, ("what",)) for some in batched(indexes, _TOGETHER, strict=False))
        for _, facets in chain.from_iterable(whats):
            text = facets.get("what", b"")
            if b'"decision"' not in text and rb"\u" not in text:
                continue
            try:
                what = Event.parse(facets).what
            except FormatError:
                continue  # it goes into the bundle as it is, and verifying names it
            decision = what.decision if what is not None else {}
            tickets.add(str(decision.get("ticket")))
            policies.add(str(decision.get("policy")))
        return cls(frozenset(tickets - {"None"}), frozenset(policies - {"None"}))

    def __bool__(self) -> bool:
        return bool(self.tickets or self.policies)

    def rests_on(self, said: Statement | None) -> bool:
        """Does a decision rest on what this entry says?"""
        if isinstance(said, Policy):
            return said.sha256 in self.policies
        return isinstance(said, Ruling) and said.ticket in self.tickets


def erased_rulings(source: Source, rulings: Sequence[int], shown: Container[int]) -> list[int]:
    """Those of these rulings that are erased, and come after the first that is shown: any of them may
    be the approval that a call had."""
    first = next((index for index in rulings if index in shown), None)
    if first is None:
        return []
    return [
        index for index in rulings if index > first and not source.facets(index, ("what",))
    ]  # fmt: skip
