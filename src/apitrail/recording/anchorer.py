"""Shows the log's heads to those outside: witnesses, a file, a command.

It runs beside the recorder, at most once in `every`, and recording never waits for it. What it
has not come to show in time is said in heartbeats and by `/metrics`.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from apitrail import durable
from apitrail.aside import aside
from apitrail.errors import Error, RecordingError, reason
from apitrail.evidence.witness import submission, timestamp
from apitrail.evidence.witness.submission import ConflictError, Head, RefusedError
from apitrail.log_lines import Tell
from apitrail.recording.anchor_settings import Anchors
from apitrail.recording.piped_command import piped
from apitrail.tlog import note
from apitrail.tlog.policy import PolicyWitness
from apitrail.trail.anchor import COSIGNATURE, TIMESTAMP, Anchor
from apitrail.trail.writer import Trail

# How long one round waits for an answer, and the last one, in seconds.
PATIENCE = 10.0
LAST = 5.0
# A witness that does not cosign is asked after twice as long each time, up to this, in seconds.
LONGEST_REST = 300.0
# Anchors are late after so many rounds without success.
MISSED = 2

_FILE = "the file"
_COMMAND = "the command"

type Outcome = Anchor | Error | None
"""What is to be kept, what went wrong, or nothing to keep."""


@dataclass(slots=True)
class _Place:
    """What is known of one place that heads go to.

    `size` is the newest one that it has seen; it is not asked before `not_before` (seconds).
    """

    size: int = 0
    failures: int = 0
    not_before: float = 0.0


class Anchorer:
    """The anchors of one trail; `steady` gives seconds that nobody sets."""

    def __init__(
        self, trail: Trail, anchors: Anchors, steady: Callable[[], float], tell: Tell
    ) -> None:
        self._trail = trail
        self._anchors = anchors
        self._steady = steady
        self._tell = tell
        self._places: dict[str, _Place] = {}
        self._anchored = 0
        self._since = steady()
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._writing = threading.Lock()

    def begin(self, stopping: asyncio.Event) -> None:
        """Show heads until `stopping`."""
        if self._anchors:
            self._since = self._steady()
            self._task = asyncio.create_task(self._follow(stopping), name="anchors")
            self._task.add_done_callback(self._said)

    def _said(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._tell(f"heads are not anchored any more until the end: {error}", "error")

    async def now(self) -> None:
        """Show the newest head at once, as an export wants it."""
        if self._anchors:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST):
                    await self._round(LAST)

    async def last(self) -> None:
        """Show the newest head, now or never; the log is complete, and the trail still open."""
        if not self._anchors:
            return
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        for place in self._places.values():
            place.not_before = 0.0
        await self._round(LAST)
        if self._anchored != self._trail.size:
            self._tell("the newest entries were not anchored; the next recorder does it", "warning")

    @property
    def unanchored(self) -> int | None:
        """For how many seconds there have been entries that were not anchored; None without anchors."""
        if not self._anchors:
            return None
        return 0 if self._anchored == self._trail.size else int(self._steady() - self._since)

    @property
    def late(self) -> int:
        """The same where it is longer than it should be, else 0."""
        seconds = self.unanchored or 0
        return seconds if seconds > MISSED * self._anchors.every + PATIENCE else 0

    async def _follow(self, stopping: asyncio.Event) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self._anchors.every)
                return
            await self._round(PATIENCE)

    async def _round(self, patience: float) -> None:
        """Show the newest head to all that have not seen it, and keep what they signed."""
        async with self._turn:
            await self._show(patience)

    async def _show(self, patience: float) -> None:
        text, began = self._trail.newest, self._steady()
        if text is None:
            return
        if (head := Head.of(text)).size == self._anchored:
            self._since = began  # what comes from now on is not anchored
            return
        witnesses = [each for each in self._anchors.witnesses if self._is_due(each.name)]
        work = [self._ask(each, head, patience) for each in witnesses]
        others = self._others(text, head, patience)
        found = await asyncio.gather(*work, *others.values())
        outcomes = dict(zip([*(each.name for each in witnesses), *others], found, strict=True))
        for name, outcome in outcomes.items():
            self._learn(name, outcome, head.size)
        kept = [each for each in found if isinstance(each, Anchor)]
        if await self._keep(head, kept) and self._is_anchored(outcomes):
            self._anchored, self._since = head.size, began

    def _others(self, text: str, head: Head, patience: float) -> dict[str, asyncio.Future[Outcome]]:
        work: dict[str, asyncio.Future[Outcome]] = {
            url: asyncio.ensure_future(self._stamp(url, head, patience))
            for url in self._anchors.timestamps
            if self._is_due(url)
        }
        if self._anchors.file is not None and self._is_due(_FILE):
            work[_FILE] = asyncio.ensure_future(self._write(self._anchors.file, text, patience))
        if self._anchors.command and self._is_due(_COMMAND):
            work[_COMMAND] = asyncio.ensure_future(self._command(text, patience))
        return work

    def _is_anchored(self, outcomes: dict[str, Outcome]) -> bool:
        """Has the quorum cosigned, and did all others take it?"""
        policy = self._anchors.policy
        took = {name for name, each in outcomes.items() if not isinstance(each, Error)}
        others = [
            *self._anchors.timestamps,
            *([_FILE] if self._anchors.file is not None else []),
            *([_COMMAND] if self._anchors.command else []),
        ]
        return (policy is None or policy.is_met(took)) and took.issuperset(others)

    async def _keep(self, head: Head, found: Sequence[Anchor]) -> bool:
        if not found:
            return True
        try:
            # Shielded: who ends this must not take back what the writer has begun.
            await asyncio.shield(self._trail.anchor(head.size, head.signed, found))
        except RecordingError as error:
            self._tell(f"anchors could not be kept: {error}", "warning")
            return False
        return True

    async def _ask(self, witness: PolicyWitness, head: Head, patience: float) -> Outcome:
        old, directory = self._place(witness.name).size, self._trail.directory

        def work() -> Anchor:
            line = submission.of_trail(directory, head, witness, old=old, seconds=patience)
            name = f"{line.name}+{line.key_id.hex()}"
            return Anchor(head.size, COSIGNATURE, name, str(line).encode())

        return await _within(patience, witness.name, work)

    @staticmethod
    async def _stamp(url: str, head: Head, patience: float) -> Outcome:
        text = note.Note.parse(head.signed).text

        def work() -> Anchor:
            return Anchor(head.size, TIMESTAMP, url, timestamp.ask(url, text, seconds=patience))

        return await _within(patience, url, work)

    async def _write(self, path: Path, text: str, patience: float) -> Outcome:
        def work() -> None:
            # A file system that hangs keeps an older head: it must not come after a newer one.
            if not self._writing.acquire(blocking=False):
                raise RefusedError(f"{str(path)!r}: an older head is still being written")
            try:
                durable.write(path, text.encode())
            except OSError as error:
                raise RefusedError(f"{str(path)!r}: {error.strerror}") from error
            finally:
                self._writing.release()

        return await _within(patience, repr(str(path)), work)

    async def _command(self, text: str, patience: float) -> Outcome:
        problem = await piped(self._anchors.command, text.encode(), patience)
        return None if problem is None else RefusedError(problem)

    def _place(self, name: str) -> _Place:
        return self._places.setdefault(name, _Place())

    def _is_due(self, name: str) -> bool:
        return self._steady() >= self._place(name).not_before

    def _learn(self, name: str, outcome: Outcome, size: int) -> None:
        """Remember what a place has seen, and rest from one that fails; each trouble is told once."""
        place = self._place(name)
        if isinstance(outcome, Error):
            rest = min(
                self._anchors.every * 2**place.failures, max(LONGEST_REST, self._anchors.every)
            )
            place.not_before = self._steady() + rest
            if not place.failures:
                level = "error" if isinstance(outcome, ConflictError) else "warning"
                self._tell(f"anchor {name}: {outcome}", level)
            place.failures = min(place.failures + 1, 30)
            return
        if place.failures:
            self._tell(f"anchor {name}: it works again")
        place.size, place.failures, place.not_before = size, 0, 0.0


async def _within(patience: float, name: str, work: Callable[[], Anchor | None]) -> Outcome:
    try:
        async with asyncio.timeout(patience):
            return await aside(work)
    except TimeoutError:
        return RefusedError(f"{name} did not answer within {patience:g} s")
    except (OSError, MemoryError) as error:
        return RefusedError(f"{name} could not be asked: {reason(error)}")
    except Error as error:
        return error
