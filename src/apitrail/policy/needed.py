"""What recorded calls needed: IAM's actions and resources, and the entries that show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from apitrail.aws.call import Call
from apitrail.iam.action import Action, Level
from apitrail.policy.kept_call import KeptCall, Memory
from apitrail.policy.shareable import shareable

# AWS's codes for "not permitted" (CloudTrail's errorCode); such a call got nothing done.
_DENIED = ("AccessDenied", "Client.UnauthorizedOperation", "UnauthorizedOperation")
SHOWN = 100
"""Entries that are named of each use."""


@dataclass(frozen=True, slots=True)
class Use:
    """An action on a resource, in a region where neither the resource nor the action tells it."""

    action: str
    resource: str
    region: str | None = None


type Shared = frozenset[tuple[str, str]]
"""Context keys, in lower case, each with its one value."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one call needed: uses, each with what else the request says that a condition can ask
    for; the levels of their actions; and names of operations for which no action is known."""

    uses: tuple[tuple[Use, Shared], ...]
    levels: Mapping[str, Level]
    untold: tuple[str, ...]


def wanted(call: Call, asked: Iterable[Action]) -> Wanted:
    """What a call needed that asks for these actions."""
    uses: list[tuple[Use, Shared]] = []
    levels, untold, is_told = dict[str, Level](), list[str](), False
    for action in asked:
        is_told = True
        if not action.known:
            untold.append(f"{call.service}:{call.operation}")
            continue
        levels[action.name] = action.level
        # Where it need not be on a resource, AWS authorises it on none: on `*`.
        on = ("*",) if action.optional else action.resources
        for resource in dict.fromkeys(map(_writable, on or ("*",))):
            region = call.region if _is_without_region(resource) else None
            use = Use(action.name, resource, region)
            uses.append((use, frozenset(shareable(action, resource))))
    return Wanted(tuple(uses), levels, tuple(untold) if is_told else (UNTOLD,))


UNTOLD = "calls that could not be told"


@dataclass(slots=True)
class Needs:
    """Uses, each with how many calls show it, the first entries of them, and what all of them share.

    `untold` are calls whose action IAM does not list, or of which too little was kept; `denied`
    counts calls that AWS or a guard refused, which are left out.
    """

    calls: int = 0
    denied: int = 0
    counts: Counter[Use] = field(default_factory=Counter)
    entries: dict[Use, list[int]] = field(default_factory=dict)
    shared: dict[Use, Shared] = field(default_factory=dict)
    levels: dict[str, Level] = field(default_factory=dict)
    untold: Counter[str] = field(default_factory=Counter)

    def add(self, found: Wanted, entries: list[int], count: int) -> None:
        """So many calls more that needed this, the first of which are these entries."""
        self.calls += count
        self.levels.update(found.levels)
        for name in found.untold:
            self.untold[name] += count
        for use, shared in found.uses:
            self.counts[use] += count
            self._show(use, entries)
            known = self.shared.get(use)
            self.shared[use] = shared if known is None else known & shared

    def join(self, other: Needs) -> None:
        """What other calls needed."""
        self.calls += other.calls
        self.denied += other.denied
        self.counts += other.counts
        self.untold += other.untold
        self.levels |= other.levels
        for use, entries in other.entries.items():
            self._show(use, entries)
        for use, shared in other.shared.items():
            known = self.shared.get(use)
            self.shared[use] = shared if known is None else known & shared

    def _show(self, use: Use, entries: list[int]) -> None:
        shown = self.entries.get(use)
        if shown is None:
            self.entries[use] = entries[:SHOWN]
        elif shown[-1] < entries[0]:
            shown += entries[: SHOWN - len(shown)]
        else:
            self.entries[use] = sorted({*shown, *entries})[:SHOWN]


def needs(calls: Iterable[tuple[int, KeptCall]], *, denied: bool = False) -> Needs:
    """What these calls needed; those that were refused count only if `denied`."""
    found, memory = Needs(), Memory()
    for index, kept in calls:
        if kept.call.stand_in:
            continue
        if is_refused(kept.error, withheld=kept.withheld) and not denied:
            found.denied += 1
            continue
        found.add(wanted(kept.call, memory.actions(kept)), [index], 1)
    return found


def is_refused(error: str | None, *, withheld: bool) -> bool:
    """Did AWS or a guard refuse the call?"""
    return withheld or (error or "").startswith(_DENIED)


def _writable(resource: str) -> str:
    """As a policy may name it: IAM takes no `*` for the service ("IAM JSON policy elements: Resource")."""
    parts = resource.split(":", 3)
    return "*" if len(parts) > 2 and "*" in parts[2] else resource


def _is_without_region(resource: str) -> bool:
    """Does the ARN leave open in which region it is?"""
    parts = resource.split(":", 4)
    return len(parts) < 5 or parts[3] in ("", "*")
