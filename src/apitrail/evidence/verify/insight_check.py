"""The insights of a log, told again from its calls."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from apitrail.evidence.verify.report import tampered
from apitrail.insights.insight import VERSION
from apitrail.insights.thresholds import Thresholds
from apitrail.source import Source
from apitrail.trail import statements
from apitrail.trail.statements import Insight
from apitrail.trail.telling import Teller


@dataclass(frozen=True, slots=True)
class Retold:
    """How many insights were found again, and how many could not be looked for: calls before them
    were erased, or another version of the detectors told them."""

    found: int = 0
    left: int = 0


def check(source: Source, indexes: Iterable[int]) -> Retold:
    """Tell the insights at these entries again.

    Raises:
        Finding: one is not what its calls say.
    """
    groups: dict[tuple[int, str], dict[int, Insight]] = defaultdict(dict)
    left = 0
    for index in indexes:
        said = statements.of(source, Insight.KIND, index)
        if not isinstance(said, Insight):
            left += 1
            continue
        if not 0 <= said.start < said.stop <= index:
            raise tampered("it was told of entries that are not before it", index=index)
        groups[said.start, json.dumps(said.thresholds, sort_keys=True)][index] = said
    found = 0
    for group in groups.values():
        again = _again(source, group)
        found += again
        left += len(group) - again
    return Retold(found, left)


def _again(source: Source, group: dict[int, Insight]) -> int:
    """How many of a group were told again; raises Finding where one is told otherwise."""
    first = next(iter(group.values()))
    thresholds = Thresholds.of(first.thresholds)
    ours = {index: said for index, said in group.items() if said.detector == VERSION}
    if thresholds is None or not ours:
        return 0
    teller = Teller(first.start, thresholds)
    count = 0
    told: dict[int, list[Insight]] = defaultdict(list)
    for index, said in sorted(ours.items(), key=lambda item: (item[1].stop, item[0])):
        for each in teller.read(source, said.stop):
            told[each.stop].append(each)
        if not teller.complete:
            return count
        if said not in told[said.stop]:
            raise tampered("the calls it rests on do not tell this insight", index=index)
        count += 1
    return count
