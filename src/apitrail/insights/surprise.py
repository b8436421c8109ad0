"""How surprising something new is for one who meets new things now and then (Good and Turing).

Time is cut into slots of ten minutes. The chance of something new in the next slot is the share of
slots that brought something new, of late: both counts lose a tenth a day.
"""

from __future__ import annotations

from math import log10

from apitrail.insights.thresholds import DAY, MINUTE

SLOT = 10 * MINUTE
KEPT_A_DAY = 0.9
# Half a novelty is assumed where none was seen (Jeffreys' prior).
PRIOR = 0.5
HIGHEST = 3.0


class Slots:
    """In how many slots a caller was there."""

    __slots__ = ("count", "day", "first", "last")

    def __init__(self, time: int) -> None:
        self.first = time
        self.day = time // DAY
        self.last = -1
        self.count = 0.0

    def visit(self, time: int) -> None:
        """The caller is there at this time."""
        slot = time // SLOT
        if slot != self.last:
            self.last = slot
            day = time // DAY
            if day != self.day:
                self.count *= KEPT_A_DAY ** (day - self.day)
                self.day = day
            self.count += 1.0


class Known:
    """The values of one kind that a caller (or an account) was seen with."""

    __slots__ = ("cleared", "day", "last", "new", "suspects", "values")

    def __init__(self) -> None:
        self.values: set[str] = set()
        # What an insight rests on is trusted later than the rest: value → (last day, days).
        self.suspects: dict[str, tuple[int, int]] = {}
        # What was trusted in the end stays so.
        self.cleared: set[str] = set()
        self.new = 0.0
        self.day = 0
        self.last = -1

    def knows(self, value: str) -> bool:
        """Was it seen before, and is it no suspect?"""
        return value in self.values

    def meet(self, value: str, time: int, days_to_trust: int, *, counts: bool = True) -> None:
        """It was seen now."""
        if (suspect := self.suspects.get(value)) is not None:
            self._meet_suspect(value, time // DAY, suspect, days_to_trust)
            return
        self.values.add(value)
        slot = time // SLOT
        if counts and slot != self.last:
            self.last = slot
            self._age(time // DAY)
            self.new += 1.0

    def _meet_suspect(self, value: str, day: int, suspect: tuple[int, int], trust: int) -> None:
        last, days = suspect
        days += day != last
        if days >= trust:
            del self.suspects[value]
            self.values.add(value)
            self.cleared.add(value)
        else:
            self.suspects[value] = day, days

    def suspect(self, value: str, time: int) -> None:
        """An insight rests on it."""
        if value in self.cleared:
            return
        self.values.discard(value)
        self.suspects.setdefault(value, (time // DAY, 1))

    def _age(self, day: int) -> None:
        if day != self.day:
            self.new *= KEPT_A_DAY ** min(400, day - self.day)
            self.day = day

    def chance(self, slots: float, day: int) -> float:
        """How likely something new is in a slot."""
        self._age(day)
        return min(1.0, (self.new + PRIOR) / (slots + 1.0))

    def surprise(self, slots: float, day: int) -> float:
        """-log10 of that."""
        return min(HIGHEST, -log10(self.chance(slots, day)))
