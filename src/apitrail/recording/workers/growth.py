"""Whether a recorder needs one worker more, or one less, by what those that there are have to do.

A second worker is worth its memory only while the first one has no more time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# A worker is busy that takes so much of a core, for so many clients: fewer gain a tenth by another one, six a fifth.
BUSY = 0.7
CLIENTS = 6
# One is too many where all together have taken so much of a core at most, for so many seconds.
CALM = 0.3
LONG = 600.0
# For how long new clients alone may even out how many each worker has, in seconds.
UNEVEN = 10.0


@dataclass(frozen=True, slots=True)
class Load:
    """What a worker has to do: how much of a core it has taken lately, and how many clients it has."""

    busy: float
    clients: int


class Growth:
    """Decides for a recorder that may have `most` workers."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._calm = 0.0
        self._uneven = 0.0

    def turn(self, loads: Sequence[Load], passed: float) -> int:
        """How many workers more there should be: 1, 0 or -1; `passed` is the time since the last turn, in seconds."""
        self._calm = self._calm + passed if sum(each.busy for each in loads) <= CALM else 0.0
        if loads and all(each.busy >= BUSY and each.clients >= CLIENTS for each in loads):
            return int(len(loads) < self._most)
        return -int(len(loads) > 1 and self._calm >= LONG)

    def excess(self, loads: Sequence[Load], passed: float) -> tuple[int, int] | None:
        """Which worker is busy and has had more clients than another for long, and how many it should have less."""
        counts = [each.clients for each in loads]
        most = counts.index(max(counts)) if counts else 0
        number = (max(counts) - min(counts)) // 2 if counts else 0
        if number < CLIENTS // 2 or loads[most].busy < BUSY:
            self._uneven = 0.0
            return None
        self._uneven += passed
        if self._uneven < UNEVEN:
            return None
        self._uneven = 0.0
        return most, number
