"""The insights of a log, told again from its calls; and what the detectors have learnt from them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from apitrail.evidence.verify.report import tampered
from apitrail.insights import memory
from apitrail.insights.insight import VERSION
from apitrail.insights.thresholds import Thresholds
from apitrail.source import Source
from apitrail.trail import learnt as kept
from apitrail.trail import statements
from apitrail.trail.learnt import Learnt
from apitrail.trail.statements import Insight
from apitrail.trail.telling import Teller

type Series = tuple[int, str]
"""Detectors that began at this entry, with these thresholds: they read the calls once."""


@dataclass(frozen=True, slots=True)
class Retold:
    """How many insights were found again, and how many could not be looked for: calls before them
    were erased, or another version of the detectors told them."""

    found: int = 0
    left: int = 0


@dataclass(slots=True)
class _Said:
    """What detectors of one series said, and what is kept of what they had learnt."""

    insights: dict[int, Insight] = field(default_factory=dict)
    learnt: Learnt | None = None


def check(source: Source, indexes: Iterable[int], learnt: Learnt | None = None) -> Retold:
    """Tell the insights at these entries again, and learn again what is kept.

    Raises:
        Finding: one is not what its calls say, or the detectors have not learnt that.
    """
    groups: dict[Series, _Said] = defaultdict(_Said)
    left = 0
    for index in indexes:
        said = statements.of(source, Insight.KIND, index)
        if not isinstance(said, Insight):
            left += 1
            continue
        if not 0 <= said.start < said.stop <= index:
            raise tampered("it was told of entries that are not before it", index=index)
        groups[said.start, json.dumps(said.thresholds, sort_keys=True)].insights[index] = said
    # What is kept of another log, or from before an erasure, no recorder goes on with.
    if learnt is not None and learnt.is_of(source):
        groups[learnt.start, json.dumps(learnt.thresholds, sort_keys=True)].learnt = learnt
    found = 0
    for group in groups.values():
        again = _again(source, group)
        found += again
        left += len(group.insights) - again
    return Retold(found, left)


def _again(source: Source, group: _Said) -> int:
    """How many of a group were told again; raises Finding where one is told otherwise."""
    first = group.learnt or next(iter(group.insights.values()))
    thresholds = Thresholds.of(first.thresholds)
    if thresholds is None:
        return 0
    targets: list[tuple[int, int, Insight | Learnt]] = [
        (said.stop, index, said)
        for index, said in group.insights.items()
        if said.detector == VERSION
    ]
    if group.learnt is not None:
        targets.append((group.learnt.next, -1, group.learnt))
    teller, count = Teller(first.start, thresholds), 0
    told: dict[int, list[Insight]] = defaultdict(list)
    for stop, index, said in sorted(targets, key=lambda target: target[:2]):
        for each in teller.read(source, stop):
            told[each.stop].append(each)
        if isinstance(said, Learnt):
            _check_learnt(source, teller, said)
        elif teller.complete:
            if said not in told[stop]:
                raise tampered("the calls it rests on do not tell this insight", index=index)
            count += 1
    return count


def _check_learnt(source: Source, teller: Teller, learnt: Learnt) -> None:
    """Hold what is kept to be what these detectors have learnt from the same calls."""
    again = teller.learnt(kept.hash_before(source, learnt.next)).memory
    if again != learnt.memory and not memory.same(json.loads(again), json.loads(learnt.memory)):
        raise tampered(
            f"the file {kept.FILE!r} is not what the detectors learn from the calls up to entry "
            f"{learnt.next - 1}"
        )
