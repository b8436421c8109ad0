"""Verifying a trail: everything, in numbered steps, on all cores, live or not."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.evidence.verify import (
    coverage,
    derived,
    erasures,
    heads,
    insight_check,
    key_history,
    parallel,
    timestamps,
    witnessed,
)
from apitrail.evidence.verify.report import (
    Finding,
    Report,
    Trust,
    Verdict,
    not_known,
    tampered,
)
from apitrail.evidence.verify.segment import Segment
from apitrail.evidence.verify.witnessed import Sighting
from apitrail.tlog import merkle, note, tile
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.policy import Policy
from apitrail.trail import database, learnt
from apitrail.trail.audit import Audit, expected_schema
from apitrail.trail.learnt import Learnt

CHECKPOINT = "checkpoint"

type Step = Callable[[str], None]
type Progress = Callable[[int], None]
"""Told how many more entries were checked."""


def check(
    directory: Path,
    trust: Trust,
    *,
    now: int,
    since: str | None = None,
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
        step: told of each step as it begins.
        progress: told of entries as they are checked.
        processes: how many to use; all cores by default.

    Raises:
        UsageError: there is no trail, or `since` is not a checkpoint of this log.
    """
    # Read before the database: a recorder may write on, but only ever after what this says.
    published = _published(directory)
    checking: _Check | None = None
    try:
        with Audit(directory) as audit:
            checking = _Check(audit, trust, step, progress)
            checking.run(now, published, since, processes or os.cpu_count() or 1)
            return replace(checking.report, message=_message(checking.report, checking.outside))
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


def _so_far(checking: _Check | None) -> Report:
    return checking.report if checking else Report(verdict=Verdict.OK, message="")


class _Check:
    """The steps, and what is known so far: any verdict's report shows it."""

    def __init__(self, audit: Audit, trust: Trust, step: Step, progress: Progress) -> None:
        self.audit = audit
        self.trust = trust
        self.report = Report(verdict=Verdict.OK, message="", trusted_by=trust.by)
        self.outside: list[str] = []
        self._tell = step
        self._progress = progress

    def run(self, now: int, published: str | None, since: str | None, processes: int) -> None:
        """All steps; raises Finding."""
        audit = self.audit
        self._learn(in_flight=audit.in_flight())
        audit.pin()
        # (1) The schema: a view in place of a table would show verification one thing and
        # search another, so nothing is read before this.
        self._step(1, "schema: tables, indexes and triggers")
        _check_schema(audit)
        # (2) The head: what is the log's newest signed statement, and do we trust its key?
        self._step(2, "keys: signature of the newest checkpoint")
        keys = key_history.trace(audit, self.trust)
        head = keys.open(audit.tail() or "", "the newest checkpoint")
        self._learn(
            origin=keys.origin, key=str(keys.keys[-1]), rotations=len(keys.rotations),
            checkpoint=audit.tail(), entries=head.size,
        )  # fmt: skip
        # (3) Every entry, its facets, and the rows by which it is found.
        self._step(3, f"{head.size} entries: order, chain, contents, search rows")
        if stray := audit.stray(head.size):
            raise tampered(stray)
        key = os.urandom(32)
        log, use = parallel.check(
            audit, head.size, key=key, processes=processes, progress=self._progress
        )
        self._learn(
            calls=log.calls, first=log.first_time, last=log.last_time,
            heartbeats=len(log.heartbeats), unknown=dict(log.unknown),
            late_anchors=len(log.unanchored), latest_anchor=max(log.unanchored, default=0),
        )  # fmt: skip
        # (4) The tree over them is the one that was signed, and is stored as it is.
        self._step(4, "tree: root and tiles")
        if log.root() != head.root:
            raise tampered(f"the entries are not those that the checkpoint of {head.size} signs")
        _check_tiles(audit, log)
        # (5) Missing content was erased, and an entry says so.
        self._step(5, "erasures: what is missing and by whose leave")
        self._learn(erasures=erasures.check(log))
        # (6) Keys changed only where entries say so, and every kept checkpoint is of this tree.
        self._step(6, "changes of key, kept checkpoints")
        key_history.check(keys, log.books)
        covered = coverage.read(log.books, log.heartbeats)
        self._learn(
            starts=len(covered.starts), stops=len(covered.stops), crashes=covered.crashes,
            gaps=tuple(map(str, covered.gaps)),
        )  # fmt: skip
        tree = heads.Tree(head, audit.root_at, covered.gaps)
        closes = [book.index for book in covered.stops]
        heads.check_kept(audit.checkpoints(), tree, keys, closes)
        # (7) The tables that many entries share have exactly the rows that the entries ask for.
        self._step(7, "search: resources, strings, SQLite's own indexes")
        derived.check_shared(audit, use, key=key, expected=parallel.rows(audit, head.size))
        if hidden := audit.unspanned(head.size):
            raise tampered(hidden)
        if damage := audit.damage():
            raise tampered(f"the database is damaged: {damage}")
        # (8) Heads that were seen before: the log may only have grown since.
        self._step(8, "checkpoints seen before")
        self._compare(tree, keys, published, since)
        # (9) A recorder that is silent may have been silenced.
        self._step(9, "heartbeats")
        covered.check_fresh(now)
        # (10) What was called unusual follows from the calls before it.
        known = _learnt(audit.directory)
        if log.insights or known is not None:
            self._step(10, f"insights: {len(log.insights)} told again from their calls")
            retold = insight_check.check(audit, log.insights, known)
            self._learn(insights=retold.found, insights_left=retold.left)

        self._hold_outside(tree, keys, now)

    def _hold_outside(self, tree: heads.Tree, keys: key_history.History, now: int) -> None:
        # (11) Who outside has seen it, by the verifier's policy and nobody else's.
        if (policy := self.trust.policy) is not None:
            self._step(11, f"witnesses: the quorum {policy.quorum!r}")
            self._hold_witnessed(policy, tree, keys, now)
        # (12) When it existed, by authorities that the verifier trusts.
        if self.trust.stamped is not None:
            self._step(12, "timestamps")
            stamp = timestamps.hold(self.audit.stamps(tree.head.size), self.trust.stamped)
            self._learn(stamped=stamp.to_json())
            self.outside.append(stamp.words())

    def _hold_witnessed(
        self, policy: Policy, tree: heads.Tree, keys: key_history.History, now: int
    ) -> None:
        found: list[Sighting] = []
        for name, text in self.trust.asked(keys.origin) if self.trust.asked else ():
            where = f"the witness {name}"
            try:
                head = keys.open(text, where)
            except Finding as error:
                self._tell(f"    {error}")  # nobody but the log's key can speak for the log
                continue
            tree.continues(head, where)
            signed = note.Note.parse(text)
            found += witnessed.sightings(
                policy, head.size, signed.text, signed.signatures, now // 1000
            )
        for size in self.audit.cosigned():
            if policy.is_met(each.witness for each in found):
                break  # older ones say nothing more
            stored = self.audit.kept(size)
            if stored is None or size > tree.head.size:
                continue
            stored_lines = self.audit.cosignatures(size)
            lines = [line for data in stored_lines if (line := witnessed.parse_line(data))]
            text = note.Note.parse(stored).text
            found += witnessed.sightings(policy, size, text, lines, now // 1000)
        if (held := witnessed.hold(policy, found)) is None:
            return
        newest = self.audit.entry(held.size - 1)
        time = newest.time if newest is not None else 0
        self._learn(witnessed=held.to_json(time, now))
        self.outside.append(held.window(time, now))

    def _compare(
        self, tree: heads.Tree, keys: key_history.History, published: str | None, since: str | None
    ) -> None:
        if published is not None:
            where = f"the file {CHECKPOINT!r} beside the database"
            tree.continues(keys.open(published, where), where)
        for text in self.trust.seen:
            if text.startswith(f"{keys.origin}\n"):
                tree.continues(_seen(text, keys, self.trust.by), self.trust.by)
        if since is not None:
            tree.continues(_seen(since, keys, "the checkpoint given"), "the checkpoint given")

    def _step(self, number: int, text: str) -> None:
        self._learn(step=number)
        self._tell(f"{number}. {text}")

    def _learn(self, **facts: object) -> None:
        self.report = replace(self.report, **facts)  # type: ignore[arg-type]


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


def _seen(text: str, keys: key_history.History, where: str) -> Checkpoint:
    """A head the verifier brought along: one that is not good is the verifier's mistake."""
    try:
        return keys.open(text, where)
    except Finding as error:
        raise UsageError(
            f"not a checkpoint of this log: {error}", hint=f"the log is {keys.origin!r}"
        ) from error


def _check_schema(audit: Audit) -> None:
    expected, found = expected_schema(audit.derived, audit.version), audit.schema()
    names = [item[:2] for item in expected]
    for item in found:
        if item not in expected:
            kind, name = item[:2]
            verb = "was changed" if (kind, name) in names else "does not belong in a trail"
            raise tampered(f"the schema: {kind} {name!r} {verb}")
    for item in expected:
        if found.count(item) != 1:
            raise tampered(f"the schema: {item[0]} {item[1]!r} is missing or there twice")


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
            made.append(merkle.root_of(below[start : start + tile.WIDTH]))
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
    size = merkle.HASH_SIZE
    return merkle.root_of(data[at : at + size] for at in range(0, len(data), size))


def _message(report: Report, outside: Sequence[str]) -> str:
    parts = [f"{report.entries} entries, {report.calls} calls, complete and unaltered"]
    parts += report.gaps
    if unknown := not_known(report.unknown):
        parts.append(unknown)
    if report.crashes:
        times = "once" if report.crashes == 1 else f"{report.crashes} times"
        parts.append(f"the recorder ended {times} without saying so")
    if report.late_anchors:
        times = "1 heartbeat" if report.late_anchors == 1 else f"{report.late_anchors} heartbeats"
        parts.append(f"anchors were late in {times}, by up to {report.latest_anchor} s")
    if report.insights:
        parts.append(f"{report.insights} insights follow from their calls")
    if report.insights_left:
        parts.append(f"{report.insights_left} insights could not be told again")
    if report.in_flight:
        parts.append(f"{report.in_flight} calls in flight or of unknown outcome")
    parts += outside
    parts.append(f"the log {report.origin} is trusted by {report.trusted_by}")
    return "; ".join(parts)
