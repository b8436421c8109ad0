"""Verifying a trail: everything, in numbered steps, on all cores, live or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from apitrail.cores import cores
from apitrail.counted import counted
from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.evidence.verify import (
    coverage,
    derived,
    erasures,
    heads,
    insight_check,
    key_history,
    parallel,
)
from apitrail.evidence.verify.integrity import Integrity
from apitrail.evidence.verify.report import (
    Finding,
    Report,
    Trust,
    Verdict,
    not_known,
    tampered,
)
from apitrail.evidence.verify.segment import Segment
from apitrail.evidence.verify.since_check import SinceCheck
from apitrail.evidence.verify.trail_steps import CHECKPOINT, Progress, Step, Steps
from apitrail.tlog import note, tile
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import database, learnt
from apitrail.trail.audit import Audit
from apitrail.trail.learnt import Learnt


def check(
    directory: Path,
    trust: Trust,
    *,
    now: int,
    since: str | None = None,
    whole: bool = True,
    step: Step = lambda _: None,
    progress: Progress = lambda _: None,
    processes: int | None = None,
) -> Report:
    """Check everything in order; stops at the first thing that does not hold and says which.

    Args:
        directory: of the trail, which a recorder may be writing to.
        trust: keys and heads known from outside.
        now: Unix time in milliseconds, to tell whether the log has fallen silent.
        since: an older signed checkpoint that the log must continue.
        whole: unless it is False, what came before `since` is checked too. Where the log does not
            continue it, everything is checked, to say why.
        step: told of each step as it begins.
        progress: told of entries as they are checked.
        processes: how many to use; all cores by default.

    Raises:
        UsageError: there is no trail, or `since` is not a checkpoint of this log.
    """
    # Read before the database: a recorder may write on, but only ever after what this says.
    published = _published(directory)
    checking: Steps | None = None
    try:
        with Audit(directory) as audit:
            if since is not None and not whole:
                checking = grown = SinceCheck(audit, trust, step, progress)
                if grown.run(now, published, since):
                    return replace(
                        grown.report, message=_message_since(grown.report, grown.outside)
                    )
                step("the log does not go on from it as it is: everything is checked")
            checking = every = _Check(audit, trust, step, progress)
            every.run(now, published, since, processes or cores())
            return replace(every.report, message=_message(every.report, every.outside))
    except (VerificationError, FormatError) as error:
        return _so_far(checking).failing(error)
    except database.NotATrailError as error:
        if published is None:
            raise
        # Something was signed here, so a database that is gone or unreadable is a finding.
        gone = not (directory / database.FILE).is_file()
        verdict = Verdict.TRUNCATED if gone else Verdict.TAMPERED
        return _so_far(checking).failing(Finding(verdict, str(error)))
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite quotes a broken schema
        return _so_far(checking).failing(tampered(f"the database cannot be read: {error}"))


def _so_far(checking: Steps | None) -> Report:
    return checking.report if checking else Report(verdict=Verdict.OK, message="")


class _Check(Steps):
    """Everything, from the first entry on."""

    def run(self, now: int, published: str | None, since: str | None, processes: int) -> None:
        """All steps; raises Finding."""
        keys, head = self.open()
        if not parallel.is_worth_it(head.size, processes):
            self._run(now, published, since, processes, keys, head, self.audit.damage)
            return
        with Integrity(self.audit.directory) as beside:
            self._run(now, published, since, processes, keys, head, beside.damage)

    def _run(
        self, now: int, published: str | None, since: str | None, processes: int,
        keys: key_history.History, head: Checkpoint, damage: Callable[[], str | None],
    ) -> None:  # fmt: skip
        audit = self.audit
        # (3) Every entry, its facets, and the rows by which it is found.
        self.begin(3, f"{head.size} entries: order, chain, contents, search rows")
        if stray := audit.stray(head.size):
            raise tampered(stray)
        log, used = parallel.check(audit, head.size, processes=processes, progress=self._progress)
        self.learn(
            calls=log.calls, first=log.first_time, last=log.last_time,
            heartbeats=len(log.heartbeats), unknown=dict(log.unknown),
            late_anchors=len(log.unanchored), latest_anchor=max(log.unanchored, default=0),
        )  # fmt: skip
        # (4) The tree over them is the one that was signed, and is stored as it is.
        self.begin(4, "tree: root and tiles")
        if log.root() != head.root:
            raise tampered(f"the entries are not those that the checkpoint of {head.size} signs")
        _check_tiles(audit, log)
        # (5) Missing content was erased, and an entry says so.
        self.begin(5, "erasures: what is missing and by whose leave")
        self.learn(erasures=erasures.check(log))
        self.hold_tickets(log.tickets)
        # (6) Keys changed only where entries say so, and every kept checkpoint is of this tree.
        self.begin(6, "changes of key, kept checkpoints")
        key_history.check(keys, log.books)
        covered = coverage.read(log.books, log.heartbeats)
        self.learn(
            starts=len(covered.starts), stops=len(covered.stops), crashes=covered.crashes,
            gaps=tuple(map(str, covered.gaps)),
        )  # fmt: skip
        tree = heads.Tree(head, audit.root_at, covered.gaps)
        closes = [book.index for book in covered.stops]
        heads.check_kept(audit.checkpoints(), tree, keys, closes)
        # (7) What many entries share is used by one of them, and SQLite finds what is there.
        self.begin(7, "search: strings, times, blocks, SQLite's own indexes")
        derived.check_strings(audit, used)
        if hidden := (
            audit.unspanned(head.size)
            or audit.unsummed(head.size)
            or audit.ungrammed()
            or audit.unused_operation()
        ):
            raise tampered(hidden)
        if damaged := damage():
            raise tampered(f"the database is damaged: {damaged}")
        # (8) Heads that were seen before: the log may only have grown since.
        self.begin(8, "checkpoints seen before")
        self.compare(tree, keys, published, since)
        # (9) A recorder that is silent may have been silenced.
        self.begin(9, "heartbeats")
        covered.check_fresh(now)
        # (10) What was called unusual follows from the calls before it.
        known = _learnt(audit.directory)
        if log.insights or known is not None:
            self.begin(10, f"insights: {len(log.insights)} told again from their calls")
            retold = insight_check.check(audit, log.insights, known)
            self.learn(insights=retold.found, insights_left=retold.left)

        self.hold_outside(tree, keys, now)


def _learnt(directory: Path) -> Learnt | None:
    """What the detectors have learnt; what no recorder would go on with counts for nothing."""
    try:
        return learnt.read(directory)
    except (FormatError, OSError):
        return None


def _published(directory: Path) -> str | None:
    """The file that is compared before signing; None where there is none."""
    path = directory / CHECKPOINT
    try:
        return path.read_bytes()[: note.MAX_SIZE].decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(
            f"cannot read {str(path)!r}: {error.strerror}", hint="check its permissions"
        ) from error


def _check_tiles(audit: Audit, log: Segment) -> None:
    """Stored tiles are just the full ones of this tree."""
    roots, below = log.tiles, log.tiles
    wanted = (at for at in tile.tiles(log.stop) if at.width == tile.WIDTH)
    level = 0
    made: list[bytes] = []
    for stored_level, index, data in audit.tiles():
        expected = next(wanted, None)
        if expected is None or (stored_level, index) != (expected.level, expected.index):
            raise tampered(_other_tile(expected, stored_level, index))
        if expected.level != level:
            level, below, made = expected.level, roots if level == 0 else made, []
        if level:
            start = index * tile.WIDTH
            good = data == b"".join(below[start : start + tile.WIDTH])
            made.append(tile.root_of(below[start : start + tile.WIDTH]))
        else:
            good = _tile_root(data) == roots[index]
        if not good:
            raise tampered(f"tile {stored_level}/{index} is not of this tree")
    if (expected := next(wanted, None)) is not None:
        raise tampered(f"tile {expected.level}/{expected.index} is missing")


def _other_tile(expected: tile.Tile | None, level: object, index: object) -> str:
    if expected is not None and (expected.level, expected.index) < (level, index):
        return f"tile {expected.level}/{expected.index} is missing"
    return f"tile {level}/{index} does not belong in this tree"


def _tile_root(data: object) -> bytes:
    if not isinstance(data, bytes) or len(data) != tile.TILE_SIZE:
        return b""
    return tile.root_of([data])


def _message(report: Report, outside: Sequence[str]) -> str:
    first = f"{report.entries} entries, {report.calls} calls, complete and unaltered"
    return "; ".join([first, *_also(report), *outside, _trusted(report)])


def _message_since(report: Report, outside: Sequence[str]) -> str:
    grown = report.entries - (report.since or 0)
    count = counted(grown, "entry", "entries")
    first = f"{count} since, {report.calls} calls, unaltered, and continue the checkpoint given"
    left = f"not looked at: {', '.join(report.unchecked)}"
    return "; ".join([first, *_also(report), *outside, _trusted(report), left])


def _trusted(report: Report) -> str:
    return f"the log {report.origin} is trusted by {report.trusted_by}"


def _also(report: Report) -> Sequence[str]:
    parts = list(report.gaps)
    if unknown := not_known(report.unknown):
        parts.append(unknown)
    if report.crashes:
        times = "once" if report.crashes == 1 else f"{report.crashes} times"
        parts.append(f"the recorder ended {times} without saying so")
    if report.late_anchors:
        times = counted(report.late_anchors, "heartbeat")
        parts.append(f"anchors were late in {times}, by up to {report.latest_anchor} s")
    if report.insights:
        follow = "follows from its" if report.insights == 1 else "follow from their"
        parts.append(f"{counted(report.insights, 'insight')} {follow} calls")
    if report.insights_left:
        left = counted(report.insights_left, "insight")
        parts.append(
            f"{left} of other detectors, or of calls that are gone, could not be told again"
        )
    if report.approvals:
        its = "its approval" if report.approvals == 1 else "their approvals"
        parts.append(f"{counted(report.approvals, 'call')} passed after {its}")
    if report.approvals_left:
        left = counted(report.approvals_left, "call")
        parts.append(
            f"whether {left} had an approval cannot be told: rulings are erased, or of a later version"
        )
    if report.in_flight:
        parts.append(f"{counted(report.in_flight, 'call')} in flight or of unknown outcome")
    return parts
