"""Whether a bundle holds, and what it then says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from apitrail.counted import counted
from apitrail.entry import CALLS, KINDS, Entry
from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.event import Event
from apitrail.evidence.bundle import completeness, layout, page_file
from apitrail.evidence.bundle.attestation import NAMED, Shown, Statement
from apitrail.evidence.bundle.bundle_reader import Bundle
from apitrail.evidence.bundle.similar import clean
from apitrail.evidence.bundle.stamped_heads import stamped_heads
from apitrail.evidence.bundle.time_range import is_alive
from apitrail.evidence.verify import ticket_check, timestamps
from apitrail.evidence.verify.coverage import INTERVAL, MISSED
from apitrail.evidence.verify.key_history import History, trace
from apitrail.evidence.verify.key_history import check as check_rotations
from apitrail.evidence.verify.report import Finding, Report, Stamped, Trust, Verdict, tampered
from apitrail.evidence.verify.segment import Book
from apitrail.evidence.verify.ticket_check import TicketStep, passed, ruled
from apitrail.evidence.verify.timestamps import Stamp
from apitrail.evidence.verify.witnessed import Sighting, Witnessed, hold, sightings
from apitrail.tlog import merkle, note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.policy import Policy
from apitrail.tlog.tile import WIDTH
from apitrail.trail.ruling import Ruling
from apitrail.trail.statements import Open
from apitrail.when import iso

FOREIGN = (
    "this holds; but the page around the bundle is not as this version writes it, so it is of "
    "another version or was altered: do not go by what it shows in a browser"
)

type Step = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleReport(Report):
    """A report with the statement that the bundle amounts to, if it holds."""

    statement: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        return {**Report.to_json(self), "statement": list(self.statement)}

    def __str__(self) -> str:
        return "\n".join((Report.__str__(self), *self.statement))


def verify_file(path: Path, trust: Trust, *, since: str | None = None, step: Step) -> BundleReport:
    """Check the bundle in a zip or folder; see `verify`."""
    try:
        with Bundle.open(path) as bundle:
            report = verify(bundle, trust, since=since, step=step)
            return _of_page(path, bundle, report) if report.holds else report
    except FormatError as error:
        return BundleReport(verdict=Verdict.TAMPERED, message=str(error))


def _of_page(path: Path, bundle: Bundle, report: BundleReport) -> BundleReport:
    """The report, which warns of a page that this version would have written otherwise."""
    if path.is_dir() or not page_file.is_page(path):
        return report
    if page_file.is_ours(path.read_bytes(), bundle.archive.read(layout.REPORT)):
        return report
    return replace(report, hint=FOREIGN)


def verify(bundle: Bundle, trust: Trust, *, since: str | None = None, step: Step) -> BundleReport:
    """Check everything in order; stops at the first thing that does not hold and says which.

    Args:
        bundle: what was handed over.
        trust: the keys and heads that are known from elsewhere.
        since: an older signed checkpoint that the log must continue.
        step: told what is done next.

    Raises:
        UsageError: the bundle cannot be compared with `since`.
    """
    if since is not None:
        _check_comparable(bundle, since)
        trust = replace(trust, seen=(*trust.seen, since))
    try:
        return _verify(bundle, trust, step)
    except (VerificationError, FormatError) as error:
        known = BundleReport(
            verdict=Verdict.OK, message="", origin=bundle.checkpoint.origin, entries=bundle.size
        )
        return known.failing(error)


def _verify(bundle: Bundle, trust: Trust, step: Step) -> BundleReport:
    for name in bundle.archive.names & layout.TOLD:
        bundle.archive.read(name)  # it is no evidence, but the zip must hold it unbroken
    stamps = stamped_heads(bundle)
    step("1. the checkpoint's signature, and the log's keys")
    history = trace(bundle, trust)
    head = history.open(bundle.checkpoint_note, "the checkpoint")
    claims = bundle.manifest
    if (claims.origin, claims.size) != (head.origin, head.size):
        raise tampered("manifest.json is of another log or size")
    _check_keys(bundle, history)
    step("2. older checkpoints: does the log continue them?")
    kept = _check_kept(bundle, history, head)
    _check_seen(head, kept, trust)
    step(f"3. {len(bundle.events)} entries with their proofs and opened facets")
    _check_events(bundle, head)
    erased = 0
    found = None
    if claims.range is not None:
        step(f"4. entries {claims.range.first} to {claims.range.last}, all of them")
        found, erased = completeness.check(bundle, claims.range)
    if Ruling.KIND in bundle.kinds:
        ticket_check.check(_ticket_steps(bundle), whole=False)
    shown, closed = _walk_shown(bundle)
    erased += closed
    exported, dating = _check_fresh(bundle)
    held = None if trust.policy is None else _hold_witnessed(bundle, trust.policy)
    stamp = None if trust.stamped is None else _hold_stamped(bundle, trust.stamped)
    statement = Statement(
        origin=head.origin, key=_key(bundle, history), size=head.size, exported=exported,
        dating=dating, kept=len(kept), complete=found, later=tuple(_later(bundle)),
        reported=layout.REPORT in bundle.archive.names,
        stamps=stamps, judged=stamp is not None,
        shown=shown, number=len(claims.selected),
    )  # fmt: skip
    return BundleReport(
        verdict=Verdict.OK, message=_message(statement, held, stamp), statement=tuple(statement.lines()),
        origin=head.origin, key=str(history.signing(head.size)[-1]), trusted_by=trust.by, entries=head.size,
        calls=len(claims.selected), erasures=erased, rotations=len(history.rotations),
        last=exported, checkpoint=bundle.checkpoint_note,
        witnessed=None if held is None else held.facts(),
        stamped=None if stamp is None else stamp.to_json(), unknown={said: len(at) or 1 for said, at in statement.later},
    )  # fmt: skip


def _hold_witnessed(bundle: Bundle, policy: Policy) -> Witnessed | None:
    """The quorum must have seen everything that is shown."""
    found: list[Sighting] = []
    for size, text in (*bundle.checkpoints(), (bundle.size, bundle.checkpoint_note)):
        signed = note.Note.parse(text)
        found += sightings(policy, size, signed.text, signed.signatures, None)
    held = hold(policy, found)
    if held is not None:
        _hold_seen(bundle, "the quorum of the policy has only seen", held.size)
    return held


def _hold_stamped(bundle: Bundle, stamped: Stamped) -> Stamp:
    """An authority must have stamped everything that is shown."""
    notes = {**dict(bundle.checkpoints()), bundle.size: bundle.checkpoint_note}
    tokens = (
        (size, "an authority", notes[size], bundle.archive.read(name))
        for size, name in layout.stamps(bundle.archive.names)
    )
    stamp = timestamps.hold(tokens, stamped)
    _hold_seen(bundle, "the timestamp is of", stamp.size)
    return stamp


def _hold_seen(bundle: Bundle, who: str, size: int) -> None:
    claims = bundle.manifest
    ends = [] if claims.range is None else [claims.range.last]
    newest = max([*claims.selected, *ends], default=-1)
    if newest >= size:
        raise Finding(
            Verdict.UNWITNESSED,
            f"{who} the entries before {size}",
            index=newest,
            hint="export again, after the recorder has shown a newer head to its anchors",
        )


def _message(statement: Statement, held: Witnessed | None, stamp: Stamp | None) -> str:
    calls = counted(statement.number, "call")
    later = f"; {counted(len(statement.later), 'thing')} of a later version not looked into"
    rest = later if statement.later else ""
    if held is not None:
        rest += f"; nothing shown can be rewritten unless {held.liars()}"
    if stamp is not None:
        rest += f"; {stamp.words()}"
    if statement.complete is None:
        return f"{calls} shown, each in a log of {statement.size} entries{rest}"
    first, last = statement.complete.first, statement.complete.last
    others = "others not ruled out" if statement.complete.unasked else "and none but these"
    return f"{calls} in entries {first} to {last}, {others}{rest}"


def _later(bundle: Bundle) -> Iterator[tuple[str, Sequence[int]]]:
    """What a later version has put into the bundle, which is compared as bytes and not read."""
    for kind, found in sorted(bundle.kinds.items()):
        if kind not in KINDS:
            yield f"kind {kind!r}", found
    for tag, found in sorted(bundle.later_tags.items()):
        yield f"facet {tag!r}", found
    members = [f"manifest.json: {name}" for name in bundle.manifest.beyond]
    yield from ((clean(name), []) for name in sorted((*members, *bundle.others)))


def _check_keys(bundle: Bundle, history: History) -> None:
    """The disclosed changes of key must be just those that the checkpoints show."""
    books = [
        Book(link.index, link.time, said)
        for link in bundle.of_kind("key")
        if (said := completeness.says(bundle, link)) is not None
    ]
    check_rotations(history, books)


def _key(bundle: Bundle, history: History) -> str:
    """Name and id of the key that signed the checkpoint."""
    signed = note.open(bundle.checkpoint_note, history.signing(bundle.size))
    line = signed.signatures[-1]
    return f"{line.name}+{line.key_id.hex()}"


def _check_kept(bundle: Bundle, history: History, head: Checkpoint) -> list[Checkpoint]:
    kept = []
    for size, text in bundle.checkpoints():
        older = history.open(text, f"the checkpoint of {size}")
        if older.size != size or not 0 < size < head.size:
            raise tampered(f"the checkpoint of {size} is of {older.size}")
        kept.append(older)
    pairs = list(zip(kept, [*kept[1:], head], strict=True)) if kept else []
    if layout.steps(bundle.archive.names) != [(old.size, new.size) for old, new in pairs]:
        raise tampered("the proofs do not lead from each checkpoint to the next")
    for old, new in pairs:
        proof = bundle.step(old.size, new.size)
        if (proof.old, proof.new) != (old.size, new.size):
            raise tampered(f"the proof from {old.size} to {new.size} is of something else")
        merkle.check_consistency(
            old=old.size, new=new.size, old_root=old.root, new_root=new.root, proof=proof.hashes
        )
    return kept


def _check_comparable(bundle: Bundle, since: str) -> None:
    seen = Checkpoint.unverified(since)
    if seen.origin != bundle.checkpoint.origin:
        raise UsageError(
            f"the bundle is of the log {bundle.checkpoint.origin!r}, the checkpoint of {seen.origin!r}"
        )
    size = seen.size
    sizes = [*layout.kept_sizes(bundle.archive.names), bundle.size]
    if size not in sizes:
        raise UsageError(
            f"the bundle cannot be compared with a log of {size} entries, only of {sizes}",
            hint="compare the trail: apitrail verify --since CHECKPOINT TRAIL",
        )


def _check_seen(head: Checkpoint, kept: list[Checkpoint], trust: Trust) -> None:
    """Heads that were seen elsewhere must be of this log, where both are of one size."""
    ours = {known.size: known.root for known in (*kept, head)}
    for text in trust.seen:
        seen = Checkpoint.unverified(text)
        if seen.origin == head.origin and ours.get(seen.size, seen.root) != seen.root:
            raise Finding(
                Verdict.FORK,
                f"the log had other entries among its first {seen.size} when last seen",
            )


_OF_EVENT = re.compile(r"events/([0-9]+)/(?:facets/)?(.+)")


def _check_events(bundle: Bundle, head: Checkpoint) -> None:
    for index in bundle.manifest.selected:
        if not bundle.shows(index):
            raise tampered("it is said to be shown and is not there", index=index)
    for name in bundle.archive.names.difference(bundle.others):
        match = _OF_EVENT.fullmatch(name)
        if match and not bundle.shows(int(match[1])):
            raise tampered(f"{name} belongs to no entry")
        # A facet without its salt cannot be compared, wherever it is opened.
        if match and "/facets/" in name and match[2] not in bundle.salted(int(match[1])):
            raise tampered(f"facet {match[2]!r} has no salt", index=int(match[1]))
        if name.startswith("range/") and not bundle.span:
            raise tampered(f"{name} belongs to no range")
        if name.startswith(layout.OPENED):
            _check_opened(bundle, name)
    for index in bundle.events:
        if bundle.manifest.packed and index == bundle.packs.first(index):
            _check_pack(bundle, head, index)
        _check_event(bundle, head, index)


def _check_pack(bundle: Bundle, head: Checkpoint, first: int) -> None:
    if bundle.packs.nodes(first)[0, head.size] != head.root:
        raise tampered(f"the proof of packed/{first} fails: it is not what the log holds there")
    bundle.packs.opened(first)


def _check_opened(bundle: Bundle, name: str) -> None:
    """Every line of opened facets is of an entry of the range, and true to it."""
    first = bundle.manifest.range.first if bundle.manifest.range else 0
    number = int(name.removeprefix(layout.OPENED).removesuffix(".jsonl"))
    if number % WIDTH or number not in bundle.span:
        raise tampered(f"{name} belongs to no entry of the range")
    for index in bundle.opened_lines(name):
        if index not in bundle.span or index < first:
            raise tampered(f"{name}: entry {index} does not belong here")
        bundle.facets(index)


def _check_event(bundle: Bundle, head: Checkpoint, index: int) -> None:
    leaf = bundle.shown_leaf(index)
    if bundle.leaf(index) != leaf:
        raise tampered("it differs from the entry in the range", index=index)
    try:
        link = _entry(bundle, index)
    except FormatError as error:
        raise tampered(str(error), index=index) from error
    if not bundle.manifest.packed:
        _check_proof(bundle, head, link, index)
    bundle.facets(index)
    if link.kind not in CALLS:
        completeness.says(bundle, link)


def _check_proof(bundle: Bundle, head: Checkpoint, link: Entry, index: int) -> None:
    proof = bundle.proof(index)
    if not link.index == proof.index == index:
        raise tampered("its entry and its proof are not of this index", index=index)
    if proof.checkpoint_note != bundle.checkpoint_note:
        raise tampered("its proof is under another checkpoint", index=index)
    try:
        merkle.check_inclusion(
            index=index, size=head.size, leaf=link.hash, proof=proof.hashes, root=head.root
        )
    except VerificationError as error:
        raise tampered(f"its proof fails: {error}", index=index) from error


def _check_fresh(bundle: Bundle) -> tuple[int, str]:
    """The log's own time of export and what gives it; raises Finding if it was silent by then."""
    index = bundle.size - 1
    newest = last = _entry(bundle, index)
    said = completeness.says(bundle, last)
    dating = f"newest entry, {newest.kind} {newest.index}"
    # Exports beside a stopped recorder come after its last sign of life.
    while last.kind != "close" and not is_alive(last.kind, said) and index > 0:
        index -= 1
        last = _entry(bundle, index)
        said = completeness.says(bundle, last)
    interval = _interval(bundle)
    if is_alive(last.kind, said) and newest.time - last.time > MISSED * interval:
        raise Finding(
            Verdict.STALE,
            f"when this was exported, {iso(newest.time)}, the recorder was last heard of at "
            f"{iso(last.time)} and had not said that it stopped",
            hint="the end of the log may be missing: ask for an export made while it runs",
        )
    return newest.time, dating


def _entry(bundle: Bundle, index: int) -> Entry:
    link = bundle.entry(index)
    if link is None:
        raise tampered("it dates the export and is not there", index=index)
    return link


def _interval(bundle: Bundle) -> int:
    """Milliseconds between heartbeats, by the newest disclosed start."""
    interval = INTERVAL
    for link in bundle.of_kind("open"):
        start = completeness.says(bundle, link)
        interval = (start.interval if isinstance(start, Open) else None) or interval
    return interval


def _ticket_steps(bundle: Bundle) -> Iterator[TicketStep]:
    """What is shown of tickets, and of calls that passed under one; raises Finding."""
    for index in bundle.indexes():
        link = _entry(bundle, index)
        if link.kind == Ruling.KIND:
            said = completeness.says(bundle, link)
            yield ruled(index, said if isinstance(said, Ruling) else None)
        elif link.kind in CALLS:
            step = passed(index, bundle.facets(index, ("what",)))
            yield from () if step is None else (step,)


def _walk_shown(bundle: Bundle) -> tuple[list[Shown], int]:
    """The first calls that are shown, as they are told, and how many facets of all of them are said
    to be erased, instead of merely not opened."""
    leave = completeness.erasures(bundle)
    told: list[Shown] = []
    erased = 0
    for index in bundle.manifest.selected:
        shown = _shown(bundle, index)
        if len(told) < NAMED:
            told.append(shown)
        closed = set(_entry(bundle, index).commitments) - set(bundle.facets(index))
        erased += len(leave.get(index, set()) & closed)
    return told, erased


def _shown(bundle: Bundle, index: int) -> Shown:
    link = _entry(bundle, index)
    event = Event.parse(bundle.facets(index, ("who", "what")))
    if bundle.row(index) is None and link.kind not in CALLS:
        raise tampered("it is shown and is no call", index=index)
    return Shown(index=index, time=link.time, kind=link.kind, what=event.what, who=event.who)
