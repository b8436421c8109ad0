"""Uses → the statements of a policy that allows them and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apitrail.codec import Json
from apitrail.iam.action import Level
from apitrail.policy.glob import covers
from apitrail.policy.needed import Needs, Use

# Up to so many regions are named by a condition; calls in more are not held to any.
_REGIONS = 4


@dataclass(frozen=True, slots=True)
class Needed:
    """One statement: it allows these actions on these resources, in these regions if there are any.

    `uses` are what it rests on.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    regions: tuple[str, ...]
    uses: tuple[Use, ...]

    def to_json(self) -> dict[str, Json]:
        """The statement in IAM's language."""
        told: dict[str, Json] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": _one_or_many(self.actions),
            "Resource": _one_or_many([_literal(each) for each in self.resources]),
        }
        if self.regions:
            condition = {"aws:RequestedRegion": _one_or_many(self.regions)}
            told["Condition"] = {"StringEquals": condition}
        return told


def statements(needs: Needs, resources: Mapping[Use, str] | None = None) -> list[Needed]:
    """The statements for all uses; `resources` are what to write in place of a use's own."""
    regions: dict[str, set[str]] = defaultdict(set)
    for use in needs.counts:
        if use.region is not None:
            regions[use.action].add(use.region)
    on: dict[tuple[str, bool], dict[str, list[Use]]] = defaultdict(lambda: defaultdict(list))
    for use in sorted(needs.counts, key=lambda each: (each.action, each.resource)):
        resource = (resources or {}).get(use, use.resource)
        held = use.region is not None and len(regions[use.action]) <= _REGIONS
        on[use.action, held][resource].append(use)
    # Actions of one service on the same resources are one statement: each part of it is needed.
    groups: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[tuple[str, bool]]] = (
        defaultdict(list)
    )
    for (action, held), found in on.items():
        _absorb(found)
        where = tuple(sorted(regions[action])) if held else ()
        groups[action.partition(":")[0], tuple(found), where].append((action, held))
    named = _Names(needs.levels)
    return [
        Needed(
            named.sid([action for action, _ in each]),
            tuple(action for action, _ in each), found, where,
            tuple(use for key in each for uses in on[key].values() for use in uses),
        )
        for (_, found, where), each in groups.items()
    ]  # fmt: skip


def _absorb(found: dict[str, list[Use]]) -> None:
    """Leave out resources that a wider one among them covers: `table/*/index/*` beside `table/*`."""
    wide = [each for each in found if "*" in each or "?" in each]
    for each in list(found):
        wider = next((w for w in wide if w != each and w in found and covers(w, each)), None)
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
