"""What recorded calls needed: IAM's actions and resources, and the entries that show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from apitrail.event import Event
from apitrail.iam.action import Level
from apitrail.iam.authorised import actions
from apitrail.policy.recorded_question import recorded_around, recorded_call, touched
from apitrail.query import Filter
from apitrail.source import Source

TAGS = ("who", "what", "request", "response")
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

    def add(self, index: int, event: Event) -> None:
        """One call more."""
        self.calls += 1
        call, around = recorded_call(event), recorded_around(event)
        asked = actions(
            call, account=around.account, region=around.region,
            touched=touched(event) if call.parameters is None else None,
        )  # fmt: skip
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
                use = Use(action.name, resource, region)
                self.counts[use] += 1
                shown = self.entries.setdefault(use, [])
                if len(shown) < _SHOWN and index not in shown[-1:]:
                    shown.append(index)


def needs(events: Iterable[tuple[int, Event]], *, denied: bool = False) -> Needs:
    """What these calls needed; those that were refused count only if `denied`."""
    found = Needs()
    for index, event in events:
        if event.what is not None and event.what.stand_in:
            continue
        withheld = event.what is not None and event.what.withheld
        if (withheld or (event.call.error or "").startswith(_DENIED)) and not denied:
            found.denied += 1
            continue
        found.add(index, event)
    return found


def of_source(source: Source, where: Filter) -> Iterator[tuple[int, Event]]:
    """The calls that match, oldest first."""
    for index in source.select(where, ascending=True):
        yield index, Event.parse(source.facets(index, TAGS))


def _is_without_region(resource: str) -> bool:
    """Does the ARN leave open in which region it is?"""
    parts = resource.split(":", 4)
    return len(parts) < 5 or parts[3] in ("", "*")
