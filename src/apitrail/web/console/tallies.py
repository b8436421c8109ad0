"""What was counted for a page, kept for the next page that asks for the same while the log has not grown.

Older calls, other columns and more values of a field are all pages of one question.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from apitrail.query import Filter
from apitrail.source import Source, Tally

# Questions whose counts are kept, and of how many calls at most: what counts all calls of a long
# log is done again each time.
KEPT = 8
LARGEST = 10_000

type _Key = tuple[int, Filter, tuple[str, ...], int, int | None]


class Tallies:
    """The last few, by the size of the log and by the question."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, Tally] = OrderedDict()
        self._lock = threading.Lock()

    def of(
        self, source: Source, where: Filter, columns: Sequence[str], *, limit: int,
        effort: int | None = None, among: Sequence[int] | None = None,
    ) -> Tally:  # fmt: skip
        """As `Source.tally` counts."""
        # An erasure is an entry, too: where the size is the same, so is what can be counted.
        key = source.size, where, tuple(columns), limit, effort
        with self._lock:
            if (found := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return found
        found = source.tally(where, columns, limit=limit, effort=effort, among=among)
        if found.calls <= LARGEST:
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        return found
