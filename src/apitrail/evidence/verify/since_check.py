"""Verifying what a trail has grown by since a checkpoint that its reader holds to be good.

What is looked at is looked at as verification of everything does. What is not is named in the
verdict: `docs/format.md` says what exactly is claimed.
"""

from __future__ import annotations

from dataclasses import replace

from apitrail.counted import counted
from apitrail.entry import Entry
from apitrail.evidence.verify import coverage, erasures, heads, key_history
from apitrail.evidence.verify.continuation import Continuation, edge
from apitrail.evidence.verify.coverage import Coverage
from apitrail.evidence.verify.derived import Derived
from apitrail.evidence.verify.report import Finding, Verdict, tampered
from apitrail.evidence.verify.segment import Segment, walk
from apitrail.evidence.verify.ticket_check import PASSED, TicketStep
from apitrail.evidence.verify.trail_steps import Steps, given
from apitrail.tlog import merkle
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import blocks, learnt
from apitrail.trail.ruling import ASKED, Ruling
from apitrail.trail.statements import Close, Heartbeat, Open

# Tables whose last row an index tells. Rows of `resource` are in the order of names.
ENDED = ("entry", "seal", "facet", "event", "run")


class SinceCheck(Steps):
    """The steps, for the entries since a known head."""

    def run(self, now: int, published: str | None, since: str) -> bool:
        """All steps; False where only verification of everything can tell whether the log goes on
        from the head that `since` signs.

        Raises:
            Finding: what does not hold.
            UsageError: `since` is no checkpoint of this log.
        """
        keys, head = self.open()
        known = given(since, keys)
        self.begin(3, f"the tree of the {known.size} entries that the checkpoint given signs")
        right = edge(self.audit, known)
        if right is None:
            return False
        try:
            self._run(now, published, keys, known, head, right)
        except Finding as error:
            # What is lost with leave may have been named before.
            if error.verdict in (Verdict.FORK, Verdict.TRUNCATED):
                return False
            raise
        return True

    def _run(
        self, now: int, published: str | None, keys: key_history.History, known: Checkpoint,
        head: Checkpoint, right: merkle.Frontier,
    ) -> None:  # fmt: skip
        log = self._walked(known, head, right)
        self.begin(5, "erasures: what is missing and by whose leave")
        self.learn(erasures=self._erased(log))
        self.hold_tickets([*self._tickets_before(log), *log.tickets])
        self.begin(6, "changes of key, kept checkpoints")
        key_history.check(keys, log.books, start=log.start)
        covered = coverage.read(log.books, log.heartbeats)
        self.learn(
            starts=len(covered.starts), stops=len(covered.stops), crashes=covered.crashes,
            gaps=tuple(map(str, covered.gaps)),
        )  # fmt: skip
        tree = heads.Tree(head, self.tree.root_at, covered.gaps)
        closes = [book.index for book in covered.stops]
        heads.check_kept(self.audit.checkpoints(), tree, keys, closes, start=known.size)
        self.begin(7, "search: times, blocks")
        audit, block = self.audit, log.start // blocks.SIZE * blocks.SIZE
        if hidden := (
            audit.unspanned(log.stop, log.start)
            or audit.unsummed(log.stop, log.start)
            or audit.missummed(block, log.stop, log.stop)
        ):
            raise tampered(hidden)
        self.begin(8, "checkpoints seen before")
        self.compare(tree, keys, published, None)
        self.begin(9, "heartbeats")
        self._running(covered).check_fresh(now)
        self.hold_outside(tree, keys, now)
        self._progress(head.size)
        self.learn(unchecked=_unchecked(known.size, log, self._has_learnt()))

    def time_of(self, index: int) -> int:
        """When an entry was written, as the signed tree has it."""
        return self.tree.single(index).last_time

    def _walked(self, known: Checkpoint, head: Checkpoint, right: merkle.Frontier) -> Segment:
        """The entries since, their contents and rows, and the tree over them."""
        grown, start = head.size - known.size, known.size
        self.begin(3, f"{grown} entries since: order, chain, contents, search rows")
        if stray := self.audit.stray(head.size, ENDED):
            raise tampered(stray)
        rows, leaves = Derived(self.audit, start, head.size), list[bytes]()
        log = walk(self.audit, start, head.size, visit=rows.visit, leaves=leaves)
        rows.finish()
        if hidden := self.audit.ungrammed(rows.used):
            raise tampered(hidden)
        self.begin(4, "tree: root and tiles")
        self.tree = Continuation(self.audit, known, head, right, leaves)
        if self.tree.root_at(head.size) != head.root:
            raise tampered(f"the entries are not those that the checkpoint of {head.size} signs")
        self.tree.check_tiles()
        if grown:
            log.follow(self.tree.single(start - 1))
            self.learn(first=log.first_time, last=log.last_time)
        self.learn(
            since=start, calls=log.calls, heartbeats=len(log.heartbeats), unknown=dict(log.unknown),
            late_anchors=len(log.unanchored), latest_anchor=max(log.unanchored, default=0),
        )  # fmt: skip
        return log

    def _erased(self, log: Segment) -> int:
        """Entries before, of which something was erased since, are held one by one."""
        for index, tags in sorted(erasures.named(log.books).items()):
            if index >= log.start:
                continue
            rows = Derived(self.audit, index, index + 1)
            found = self.tree.single(index, rows.visit)
            rows.finish()
            # What else is missing was erased before, which is not looked at.
            missing = found.missing.get(index, ())
            log.missing[index] = tuple(tag for tag in missing if tag in tags)
            log.kinds |= found.kinds
        return erasures.check(log)

    def _tickets_before(self, log: Segment) -> list[TicketStep]:
        """The rulings from before, on tickets under which calls have passed since."""
        asked = {each.ticket for each in log.tickets if each.step == ASKED}
        wanted = {each.ticket for each in log.tickets if each.step == PASSED} - asked
        found: list[TicketStep] = []
        for index, data in self.audit.books_before(log.start) if wanted else ():
            if Entry.kind_of(data) == Ruling.KIND:
                said = self.tree.single(index).tickets
                found += said
                wanted -= {each.ticket for each in said if each.step == ASKED}
                if not wanted:
                    break
        return found[::-1]

    def _running(self, covered: Coverage) -> Coverage:
        """With the newest start and heartbeat from before, where none of what came since tells."""
        if covered.starts or covered.stops:
            return covered
        beats = list(covered.heartbeats)
        for index, data in self.audit.books_before(self.tree.known.size):
            kind = Entry.kind_of(data)
            if kind == Heartbeat.KIND and not beats:
                beats += self.tree.single(index).heartbeats
            elif kind in (Open.KIND, Close.KIND):
                before = coverage.read(self.tree.single(index).books, ())
                return replace(covered, starts=before.starts, stops=before.stops, heartbeats=beats)
        return covered

    def _has_learnt(self) -> bool:
        return (self.audit.directory / learnt.FILE).exists()


def _unchecked(size: int, log: Segment, has_learnt: bool) -> tuple[str, ...]:
    """What verification of everything would have looked at."""
    count = counted(size, "entry", "entries")
    named = [
        f"the first {count}, their contents and search rows",
        "SQLite's own indexes",
        "strings that nothing uses",
    ]
    if log.insights:
        named.append(
            f"whether the insights told since ({len(log.insights)}) follow from their calls"
        )
    if has_learnt:
        named.append("what the detectors have learnt")
    return tuple(named)
