"""Whether the evidence holds: checked in the background, and how far it was found good."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from apitrail.errors import Error
from apitrail.evidence import bundle
from apitrail.evidence.verify import Report, Trust, trail_check
from apitrail.web.content import Served

# A log of so many entries is checked in seconds. It is checked again once this many times as long
# has passed as that took.
BY_ITSELF = 50_000
_PATIENCE = 20
_LEAST = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known. `done` of `size` entries are checked while it `runs`; `at` is when it ended."""

    runs: bool = False
    steps: tuple[str, ...] = ()
    done: int = 0
    size: int = 0
    report: Report | None = None
    at: int | None = None
    problem: str | None = None
    took: float = 0.0
    ended: float = field(default=0.0, repr=False)


class Verdict:
    """Verifies what is served, one run at a time; `trust` tells whose keys count.

    A log of at most `by_itself` entries is verified without being asked.
    """

    def __init__(
        self, served: Served, trust: Callable[[], Trust], *, by_itself: int = BY_ITSELF
    ) -> None:
        self._served = served
        self._by_itself = by_itself
        self.trust = trust
        self._lock = threading.Lock()
        self._standing = Standing()

    @property
    def standing(self) -> Standing:
        """What is known now."""
        return self._standing

    def start(self) -> bool:
        """Check it now, unless that is being done; gives whether this began it."""
        with self._lock:
            if self._standing.runs:
                return False
            self._standing = replace(self._standing, runs=True, steps=(), done=0)
        threading.Thread(target=self.run, daemon=True).start()
        return True

    def start_if_due(self, size: int) -> None:
        """Check it if it is small enough, and was not checked lately as it is now."""
        known = self._standing
        rested = time.monotonic() - known.ended >= max(_LEAST, _PATIENCE * known.took)
        never = known.at is None
        if (
            size <= self._by_itself
            and not known.runs
            and (never or (rested and known.size != size))
        ):
            self.start()

    def run(self) -> None:
        """Check it, in this thread."""
        began = time.monotonic()
        report, problem = None, None
        try:
            report = self._check()
        except Error as error:
            problem = str(error)
        ended = time.monotonic()
        self._tell(
            runs=False, report=report, problem=problem, at=self._served.clock(),
            took=ended - began, ended=ended,
        )  # fmt: skip

    def _check(self) -> Report:
        path, trust = self._served.path, self.trust()
        with self._served.source() as source:
            self._tell(runs=True, size=source.size)
        if self._served.is_bundle:
            return bundle.verify_file(path, trust, step=self._step)
        return trail_check.check(
            path, trust, now=self._served.clock(), step=self._step, progress=self._progress
        )

    def _step(self, text: str) -> None:
        self._tell(steps=(*self._standing.steps, text))

    def _progress(self, number: int) -> None:
        self._tell(done=self._standing.done + number)

    def _tell(self, **facts: object) -> None:
        with self._lock:
            self._standing = replace(self._standing, **facts)  # type: ignore[arg-type]
