"""Acts of whoever keeps a trail: erase, change the key, go on after a loss.

Each is an entry. It is handed to the recorder that is running, else written with its lock.
It does not know the command line.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from apitrail import places
from apitrail.errors import UsageError
from apitrail.evidence.known_logs import KnownLogs
from apitrail.redact import Redactor
from apitrail.tlog import note
from apitrail.trail import control, database, learnt, lock, rebuild, statements
from apitrail.trail.destroy import erased_together
from apitrail.trail.keys import Keys
from apitrail.trail.muting import Muting
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Anchor, Erase, Target
from apitrail.trail.tickets import LONGEST, Answer, Tickets, rulings
from apitrail.trail.writer import Trail


@dataclass(frozen=True, slots=True)
class Maintainer:
    """Operations on an open trail; a recorder serves them on its door."""

    trail: Trail
    keys: Keys
    known: KnownLogs
    _rotating: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def of(cls, trail: Trail) -> Maintainer:
        """With the keys beside the trail and the user's known logs."""
        return cls(trail, Keys.of(trail.directory), KnownLogs(places.directory()))

    def operations(self) -> dict[str, control.Operation]:
        """For a `control.Door`."""
        return {
            "erase": self.erase,
            "rotate": self.rotate,
            "anchor": self.anchor,
            "mute": self.mute,
            "decide": self.decide,
        }

    async def erase(self, request: dict[str, Any]) -> dict[str, Any]:
        """Erase `{"erased": [{"index", "facets"}], "reason"}`; gives how many `facets` it were.

        `held` says that a reader still needs a copy of them.
        """
        asked = Erase.parse(request)
        # It may tell of what is erased.
        learnt.forget(self.trail.directory)
        facets = await self.trail.erase(asked.targets, reason=asked.reason)
        return {"facets": facets, "held": self.trail.held}

    async def rotate(self, _request: dict[str, Any]) -> dict[str, Any]:
        """A new key signs from now on; gives its `key` and the `index` of the entry."""
        # One rotation at a time: the prepared key must be the one that the log names.
        async with self._rotating:
            # The new key is on disk before the log names it, and in use only after. `Keys.signer`
            # completes what a crash interrupts.
            new = self.keys.prepare(self.trail.origin)
            index = await self.trail.rotate(new)
            self.keys.promote()
        self.remember()
        return {"index": index, "key": str(new.verifier)}

    async def anchor(self, request: dict[str, Any]) -> dict[str, Any]:
        """Have the log say where a copy of it is: `{"what": …}`; gives the entry's `index`."""
        what = request.get("what")
        said = Anchor.parse(what) if isinstance(what, dict) else None
        if said is None:
            raise UsageError("an anchor says what it is")
        return {"index": await self.trail.append(statements.draft(said))}

    async def mute(self, request: dict[str, Any]) -> dict[str, Any]:
        """Mute insights, or lift a mute: `{"what": …}`; gives the entry's `index`."""
        what = request.get("what")
        if not isinstance(what, dict):
            raise UsageError("a mute says what it is")
        return {"index": await self.trail.append(statements.draft(Muting.parse(what)))}

    async def decide(self, request: dict[str, Any]) -> dict[str, Any]:
        """Approve or deny a ticket while no recorder runs: no call waits, but one may come again."""
        answer = Answer.parse(request, control.account(os.getuid()))
        safe = Redactor(self.keys.redaction()).text
        now = places.clock()
        with Reader(self.trail.directory) as source:
            tickets = Tickets.of(rulings(source, now - LONGEST * 1000))
        ticket = tickets.find(str(request.get("ticket")), now)
        said = ticket.answered(answer.redacted(safe))
        index = await self.trail.append(statements.draft(said))
        return {
            "ticket": ticket.id, "step": said.step, "entry": index, "call": "none",
            "until": ticket.until,
        }  # fmt: skip

    def remember(self) -> None:
        """Tell `known_logs` how far the log has come, if that log is known to it."""
        if self.trail.newest is not None:
            verifier = note.Verifier.parse(str(self.trail.signer.verifier))
            with contextlib.suppress(OSError):
                self.known.saw(verifier, self.trail.newest, anew=self.trail.lost is not None)


class Erased(NamedTuple):
    """How many facets are gone, and whether a reader holds on to a state in which they are not."""

    facets: int
    held: bool


def erase(directory: Path, targets: Iterable[Target], reason: str | None) -> Erased:
    """Erase, wherever the trail is written."""
    done = [
        _do(directory, "erase", **Erase(tuple(part), reason).what())
        for part in erased_together(targets)
    ]
    return Erased(sum(int(each["facets"]) for each in done), bool(done and done[-1].get("held")))


def rotate(directory: Path) -> tuple[int, str]:
    """Change the log's key; gives the entry's index and the new verifier key."""
    answer = _do(directory, "rotate")
    return int(answer["index"]), str(answer["key"])


def anchor(directory: Path, said: Anchor) -> int:
    """Have the log say where a copy of it is; gives the entry's index."""
    return int(_do(directory, "anchor", what=said.what())["index"])


def mute(directory: Path, said: Muting) -> int:
    """Mute insights, or lift a mute; gives the entry's index."""
    return int(_do(directory, "mute", what=said.what())["index"])


def decide(
    directory: Path, ticket: str, *, verdict: str, road: str, name: str, reason: str
) -> dict[str, Any]:
    """Approve or deny a ticket; gives what became of it.

    Raises:
        UsageError: there is no such ticket, or it cannot be decided any more.
    """
    told = {"ticket": ticket, "verdict": verdict, "road": road, "name": name, "reason": reason}
    return _do(directory, "decide", **told)


def recover(directory: Path) -> str | None:
    """Go on with a trail that was rolled back or forked; gives what is lost, if anything is.

    Raises:
        UsageError: a recorder is running, or the trail is not sound by itself.
    """
    return asyncio.run(_recover(directory))


async def enter(directory: Path, *, recover: bool = False) -> Maintainer:
    """Open a trail for writing, compared with what the user has seen of it.

    A log that is new becomes known. Raises UsageError as `Trail.open` does.
    """
    with database.writing(directory):
        return await _enter(directory, recover=recover)


async def _enter(directory: Path, *, recover: bool) -> Maintainer:
    path = directory / database.FILE
    if path.exists() and not (directory / lock.LOCK).exists():
        # A directory with something else in it is left alone: no lock and no key is put into it.
        database.open_read_only(directory).close()
    places.make_directory(directory)
    # The lock is taken before anything is made: two commands that start at once must not each
    # make a key.
    held = lock.take(directory)
    try:
        keys, known = Keys.of(directory), KnownLogs(places.directory())
        new = database.is_new(path)
        signer = keys.signer()
        if new:
            # Recording goes on when the configuration cannot be written; `verify` then needs
            # --key.
            with contextlib.suppress(OSError):
                known.trust(signer.verifier)
        trail = await Trail.open(
            directory, signer=signer, clock=places.clock, steady=places.steady, seen=known.seen(signer.name),
            recover=recover, held=held, progress=rebuild.Told(sys.stderr),
        )  # fmt: skip
    except BaseException:
        held.close()
        raise
    return Maintainer(trail, keys, known)


async def _recover(directory: Path) -> str | None:
    _must_exist(directory)
    maintainer = await enter(directory, recover=True)
    async with maintainer.trail as trail:
        maintainer.remember()
    return trail.lost


def _do(directory: Path, op: str, **fields: Any) -> dict[str, Any]:
    _must_exist(directory)
    if (answer := control.ask(directory, op, **fields)) is not None:
        return answer
    return asyncio.run(_alone(directory, lambda maintainer: maintainer.operations()[op](fields)))


async def _alone(
    directory: Path, act: Callable[[Maintainer], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    maintainer = await enter(directory)
    async with maintainer.trail:
        return await act(maintainer)


def _must_exist(directory: Path) -> None:
    if not (directory / database.FILE).is_file():
        raise UsageError(
            f"no trail at {str(directory)!r}",
            hint="--trail or APITRAIL_TRAIL names another; `apitrail record` starts one",
        )
