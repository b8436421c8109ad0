"""What recorded calls needed: IAM's actions and resources, and the entries that show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from apitrail.iam.action import Level
from apitrail.policy.kept_call import KeptCall, Memory

# AWS's codes for "not permitted" (CloudTrail's errorCode); such a call got nothing done.
_DENIED = ("AccessDenied", "Client.UnauthorizedOperation", "UnauthorizedOperation")
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Use:
    """An action on a resource, in a region where neither the resource nor the action tells it."""

    action: str
    resource: str
    region: str | None = None


@dataclass(slots=True)
class Needs:
    """Uses, each with how many calls show it and the first entries of them.

    `untold` are calls whose action IAM does not list, or of which too little was kept; `denied`
    counts calls that AWS or a guard refused, which are left out.
    """

    calls: int = 0
    denied: int = 0
    counts: Counter[Use] = field(default_factory=Counter)
    entries: dict[Use, list[int]] = field(default_factory=dict)
    levels: dict[str, Level] = field(default_factory=dict)
    untold: Counter[str] = field(default_factory=Counter)
    _memory: Memory = field(default_factory=Memory)

    def add(self, index: int, kept: KeptCall) -> None:
        """One call more."""
        self.calls += 1
        call, asked = kept.call, self._memory.actions(kept)
        if not asked:
            self.untold["calls that could not be told"] += 1
        for action in asked:
            if not action.known:
                self.untold[f"{call.service}:{call.operation}"] += 1
                continue
            self.levels[action.name] = action.level
            # Where it need not be on a resource, AWS authorises it on none: on `*`.
            on = ("*",) if action.optional else action.resources
            for resource in on or ("*",):
                region = call.region if _is_without_region(resource) else None
                self._count(Use(action.name, resource, region), index)

    def _count(self, use: Use, index: int) -> None:
        self.counts[use] += 1
        shown = self.entries.setdefault(use, [])
        if len(shown) < _SHOWN and index not in shown[-1:]:
            shown.append(index)


def needs(calls: Iterable[tuple[int, KeptCall]], *, denied: bool = False) -> Needs:
    """What these calls needed; those that were refused count only if `denied`."""
    found = Needs()
    for index, kept in calls:
        if kept.call.stand_in:
            continue
        if (kept.withheld or (kept.error or "").startswith(_DENIED)) and not denied:
            found.denied += 1
            continue
        found.add(index, kept)
    return found


def _is_without_region(resource: str) -> bool:
    """Does the ARN leave open in which region it is?"""
    parts = resource.split(":", 4)
    return len(parts) < 5 or parts[3] in ("", "*")
