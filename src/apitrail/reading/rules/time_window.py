"""What calls have in common within a time: how many there were, of how many values, in which order.

A window is told when it is complete, and not again before it was incomplete in between. Memory is
bounded: of each group no more is kept than it takes to tell, and groups not seen for longest are
forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field

# So many groups (callers, addresses …) are remembered at once, and so many entries of each.
GROUPS = 10_000
ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Met:
    """An entry that a window takes: of which rule, and with which value."""

    index: int
    time: int
    rule: int = 0
    value: Hashable = None


@dataclass(frozen=True, slots=True)
class Asked:
    """When a window is complete. Of the entries that are `same` only the newest is kept."""

    same: Callable[[Met], Hashable]
    complete: Callable[[Collection[Met]], bool]


@dataclass(slots=True)
class _Group:
    met: OrderedDict[Hashable, Met] = field(default_factory=OrderedDict)
    told: bool = False


class Window:
    """Groups of entries, none of them older than `span` milliseconds before the newest."""

    def __init__(self, span: int, asked: Asked) -> None:
        self.span = span
        self._asked = asked
        self._groups: OrderedDict[Hashable, _Group] = OrderedDict()

    def add(self, key: Hashable, met: Met) -> tuple[Met, ...]:
        """One entry more of this group; what completes it by that, oldest first."""
        group, asked = self._groups.setdefault(key, _Group()), self._asked
        self._groups.move_to_end(key)
        if len(self._groups) > GROUPS:
            self._groups.popitem(last=False)
        _forget(group.met, met.time - self.span)
        if group.told and not asked.complete(group.met.values()):
            group.told = False
        name = asked.same(met)
        group.met[name] = met
        group.met.move_to_end(name)
        if group.told or not asked.complete(group.met.values()):
            return ()
        group.told = True
        return tuple(group.met.values())


def _forget(met: OrderedDict[Hashable, Met], until: int) -> None:
    while met:
        oldest = next(iter(met))
        if met[oldest].time > until and len(met) < ENTRIES:
            return
        del met[oldest]


type Holds = Callable[[float], bool]


def count(holds: Holds) -> Asked:
    """There are so many entries."""
    return Asked(lambda met: met.index, lambda entries: holds(len(entries)))


def values(holds: Holds) -> Asked:
    """There are so many different values."""
    return Asked(lambda met: met.value, lambda entries: holds(len(entries)))


def total(holds: Holds) -> Asked:
    """The values, which are numbers, come to so much."""
    return Asked(
        lambda met: met.index,
        lambda entries: holds(sum(met.value for met in entries if isinstance(met.value, float))),
    )


def rules(holds: Holds) -> Asked:
    """So many rules have found something."""
    return Asked(lambda met: met.rule, lambda entries: holds(len(entries)))


def in_order(number: int) -> Asked:
    """Each of so many rules has found something after the one before it."""

    def complete(entries: Collection[Met]) -> bool:
        wanted = 0
        for met in entries:
            if met.rule == wanted:
                wanted += 1
        return wanted >= number

    return Asked(lambda met: (met.index, met.rule), complete)
