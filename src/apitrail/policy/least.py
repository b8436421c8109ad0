"""Uses → the statements of a policy that allows them and nothing else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apitrail.codec import Json
from apitrail.iam import known_actions
from apitrail.iam.action import Level
from apitrail.policy.glob import covers
from apitrail.policy.needed import Needs, Shared, Use
from apitrail.policy.shareable import spelled

# Up to so many regions are named by a condition; calls in more are not held to any.
_REGIONS = 4
_STARS = re.compile(r"[*?]")


@dataclass(frozen=True, slots=True)
class Needed:
    """One statement: it allows these actions on these resources, in these regions if there are any,
    and under what all calls `shared`. `uses` are what it rests on.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    regions: tuple[str, ...]
    uses: tuple[Use, ...]
    shared: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Json]:
        """The statement in IAM's language."""
        told: dict[str, Json] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": _one_or_many(self.actions),
            "Resource": _one_or_many([_literal(each) for each in self.resources]),
        }
        condition: dict[str, Json] = {}
        if self.regions:
            condition["aws:RequestedRegion"] = _one_or_many(self.regions)
        condition |= {spelled(key): _literal(value) for key, value in self.shared}
        if condition:
            told["Condition"] = {"StringEquals": condition}
        return told


type _Group = tuple[str, bool, tuple[tuple[str, str], ...]]
"""An action, whether it is held to regions, and to what its calls share."""


def statements(needs: Needs, resources: Mapping[Use, str] | None = None) -> list[Needed]:
    """The statements for all uses; `resources` are what to write in place of a use's own."""
    regions: dict[str, set[str]] = defaultdict(set)
    for use in needs.counts:
        if use.region is not None:
            regions[use.action].add(use.region)
    shared = _shared(needs)
    on: dict[_Group, dict[str, list[Use]]] = defaultdict(lambda: defaultdict(list))
    for use in sorted(needs.counts, key=lambda each: (each.action, each.resource)):
        resource = (resources or {}).get(use, use.resource)
        held = use.region is not None and len(regions[use.action]) <= _REGIONS
        on[use.action, held, shared.get((use.action, _kind(use)), ())][resource].append(use)
    # Actions of one service on the same resources are one statement: each part of it is needed.
    groups: dict[tuple[object, ...], list[_Group]] = defaultdict(list)
    for key, found in on.items():
        _absorb(found)
        groups[key[0].partition(":")[0], tuple(found), _where(key, regions), key[2]].append(key)
    named = _Names(needs.levels)
    return [
        Needed(
            named.sid([action for action, _, _ in each]),
            tuple(action for action, _, _ in each), tuple(on[each[0]]), _where(each[0], regions),
            tuple(use for key in each for uses in on[key].values() for use in uses), each[0][2],
        )
        for each in groups.values()
    ]  # fmt: skip


def _where(group: _Group, regions: Mapping[str, set[str]]) -> tuple[str, ...]:
    return tuple(sorted(regions[group[0]])) if group[1] else ()


def _shared(needs: Needs) -> dict[tuple[str, int], tuple[tuple[str, str], ...]]:
    """What all calls say that need an action on resources of one kind."""
    found: dict[tuple[str, int], Shared] = {}
    for use, shared in needs.shared.items():
        key = use.action, _kind(use)
        found[key] = found[key] & shared if key in found else shared
    return {key: tuple(sorted(shared)) for key, shared in found.items()}


def _kind(use: Use) -> int:
    """Which of the kinds of resources that the action takes it is; -1 for none."""
    listed = known_actions.listed(use.action)
    kinds = listed.kinds if listed is not None else ()
    return next((number for number, kind in enumerate(kinds) if kind.fits(use.resource)), -1)


def _absorb(found: dict[str, list[Use]]) -> None:
    """Leave out resources that a wider one among them covers: `table/*/index/*` beside `table/*`."""
    # What a wide one covers begins as it does itself up to its first star, and ends as it does after its last.
    wide: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in found:
        begin, *rest = _STARS.split(each)
        if rest:
            wide[begin, rest[-1]].append(each)
    order = {each: number for number, each in enumerate(found)}
    lengths = {(len(begin), len(end)) for begin, end in wide}
    for each in list(found):
        ends = ((each[:begin], each[len(each) - end :]) for begin, end in lengths)
        alike = [w for key in ends for w in wide.get(key, ()) if w != each]
        alike.sort(key=order.__getitem__)
        wider = next((w for w in alike if w in found and covers(w, each)), None)
        if wider is not None:
            found[wider] += found.pop(each)


class _Names:
    """Sids: service and level, and a number where that is there already."""

    def __init__(self, levels: Mapping[str, Level]) -> None:
        self._levels = levels
        self._given: dict[str, int] = {}

    def sid(self, names: Iterable[str]) -> str:
        """A name for a statement about these actions."""
        found = list(names)
        service = "".join(part.capitalize() for part in found[0].partition(":")[0].split("-"))
        levels = {self._levels.get(name) for name in found}
        level = "".join((levels.pop() or "").title().split()) if len(levels) == 1 else "Access"
        name = f"{service}{level}"
        self._given[name] = number = self._given.get(name, 0) + 1
        return name if number == 1 else f"{name}{number}"


def _literal(resource: str) -> str:
    """A resource as policies write it: `${` would begin a variable."""
    return resource.replace("${", "${$}{")


def _one_or_many(values: Iterable[str]) -> Json:
    found = list(values)
    return found[0] if len(found) == 1 else found
