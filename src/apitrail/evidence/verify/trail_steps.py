"""What every check of a trail does: it tells its steps, and holds heads that others have seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from apitrail.errors import UsageError
from apitrail.evidence.verify import heads, key_history, ticket_check, timestamps, witnessed
from apitrail.evidence.verify.report import Finding, Report, Trust, Verdict, tampered
from apitrail.evidence.verify.ticket_check import TicketStep
from apitrail.evidence.verify.witnessed import Sighting
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.policy import Policy
from apitrail.trail.audit import Audit, expected_schema

CHECKPOINT = "checkpoint"
GIVEN = "the checkpoint given"

type Step = Callable[[str], None]
type Progress = Callable[[int], None]
"""Told how many more entries were checked."""


class Steps:
    """The steps, and what is known so far: any verdict's report shows it."""

    def __init__(self, audit: Audit, trust: Trust, step: Step, progress: Progress) -> None:
        self.audit = audit
        self.trust = trust
        self.report = Report(verdict=Verdict.OK, message="", trusted_by=trust.by)
        self.outside: list[str] = []
        self._tell = step
        self._progress = progress

    def open(self) -> tuple[key_history.History, Checkpoint]:
        """Steps (1) and (2): the keys, and the log's newest head; raises Finding."""
        audit = self.audit
        self.learn(in_flight=audit.in_flight())
        audit.pin()
        # (1) The schema: a view in place of a table would show verification one thing and
        # search another, so nothing is read before this.
        self.begin(1, "schema: tables, indexes and triggers")
        _check_schema(audit)
        # (2) The head: what is the log's newest signed statement, and do we trust its key?
        self.begin(2, "keys: signature of the newest checkpoint")
        keys = key_history.trace(audit, self.trust)
        head = keys.open(audit.tail() or "", "the newest checkpoint")
        self.learn(
            origin=keys.origin, key=str(keys.keys[-1]), rotations=len(keys.rotations),
            checkpoint=audit.tail(), entries=head.size,
        )  # fmt: skip
        return keys, head

    def compare(
        self, tree: heads.Tree, keys: key_history.History, published: str | None, since: str | None
    ) -> None:
        """Hold the log to go on from every head that was seen before; raises Finding."""
        if published is not None:
            where = f"the file {CHECKPOINT!r} beside the database"
            tree.continues(keys.open(published, where), where)
        for text in self.trust.seen:
            if text.startswith(f"{keys.origin}\n"):
                tree.continues(seen(text, keys, self.trust.by), self.trust.by)
        if since is not None:
            tree.continues(given(since, keys), GIVEN)

    def hold_tickets(self, steps: Sequence[TicketStep]) -> None:
        """Hold calls that passed under tickets to have been approved before; raises Finding."""
        approved, left = ticket_check.check(steps)
        self.learn(approvals=approved, approvals_left=left)

    def hold_outside(self, tree: heads.Tree, keys: key_history.History, now: int) -> None:
        """Hold the log against those outside whom the verifier trusts; raises Finding."""
        # (11) Who outside has seen it, by the verifier's policy and nobody else's.
        if (policy := self.trust.policy) is not None:
            self.begin(11, f"witnesses: the quorum {policy.quorum!r}")
            self._hold_witnessed(policy, tree, keys, now)
        # (12) When it existed, by authorities that the verifier trusts.
        if self.trust.stamped is not None:
            self.begin(12, "timestamps")
            stamp = timestamps.hold(self._stamps(tree, keys), self.trust.stamped)
            self.learn(stamped=stamp.to_json())
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
            self._hold_kept(size, stored, tree, keys)
            stored_lines = self.audit.cosignatures(size)
            lines = [line for data in stored_lines if (line := witnessed.parse_line(data))]
            text = note.Note.parse(stored).text
            found += witnessed.sightings(policy, size, text, lines, now // 1000)
        if (held := witnessed.hold(policy, found)) is None:
            return
        time = self.time_of(held.size - 1)
        self.learn(witnessed=held.to_json(time, now))
        self.outside.append(held.window(time, now))

    def _stamps(
        self, tree: heads.Tree, keys: key_history.History
    ) -> Iterator[tuple[int, str, str, bytes]]:
        for stamp in self.audit.stamps(tree.head.size):
            self._hold_kept(stamp[0], stamp[2], tree, keys)
            yield stamp

    def _hold_kept(self, size: int, text: str, tree: heads.Tree, keys: key_history.History) -> None:
        what = f"the kept checkpoint of {size}"
        tree.continues(keys.open(text, what), what)

    def time_of(self, index: int) -> int:
        """When an entry was written."""
        link = self.audit.entry(index)
        return 0 if link is None else link.time

    def begin(self, number: int, text: str) -> None:
        """Tell of a step."""
        self.learn(step=number)
        self._tell(f"{number}. {text}")

    def learn(self, **facts: object) -> None:
        """Add to what is known."""
        self.report = replace(self.report, **facts)  # type: ignore[arg-type]


def seen(text: str, keys: key_history.History, where: str) -> Checkpoint:
    """A head the verifier brought along: one that is not good is the verifier's mistake."""
    try:
        return keys.open(text, where)
    except Finding as error:
        raise UsageError(
            f"not a checkpoint of this log: {error}", hint=f"the log is {keys.origin!r}"
        ) from error


def given(text: str, keys: key_history.History) -> Checkpoint:
    """The head of `--since`; raises UsageError."""
    return seen(text, keys, GIVEN)


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
