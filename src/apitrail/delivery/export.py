"""What to hand over: from a question to the entries that answer it, in one of several formats."""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import hashlib
import io
import sqlite3
import time
import zipfile
from array import array
from collections.abc import Buffer, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import orjson

from apitrail import __version__, durable, places
from apitrail.delivery.deciding import Deciding, erased_rulings
from apitrail.entry import TAGS, Entry
from apitrail.errors import RecordingError, UsageError
from apitrail.event import RECORD_TAGS, record_of
from apitrail.evidence import maintenance
from apitrail.evidence.bundle import (
    Bundle,
    archive,
    bundle_writer,
    layout,
    pack_writer,
    page_file,
    time_range,
)
from apitrail.evidence.bundle.attestation import said_question
from apitrail.evidence.bundle.bundle_reader import holds
from apitrail.evidence.bundle.log_tree import Tree, tree_of
from apitrail.evidence.bundle.manifest import Manifest, Range, filter_to_json
from apitrail.query import Filter
from apitrail.reading import render, report_page
from apitrail.reading.report_page import Page, Told
from apitrail.replay.recorded import in_order, read
from apitrail.replay.scripts import formats
from apitrail.source import Source
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import control, statements, targets
from apitrail.trail.clock_entry import Clock
from apitrail.trail.keys import Keys
from apitrail.trail.policy_entry import Policy
from apitrail.trail.rotation import Rotation
from apitrail.trail.ruling import Ruling
from apitrail.trail.statements import Erase, Heartbeat, Key, Open
from apitrail.trail.writer import Trail
from apitrail.when import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to export: calls that match `where`, or those of `ids`.

    `facets` are opened in each of them; `complete` asks for proof that there are no others;
    `vkey` is the log's public key, put beside the evidence for information.
    """

    where: Filter = field(default_factory=Filter)
    ids: tuple[str, ...] = ()
    facets: tuple[str, ...] = TAGS
    complete: bool = False
    vkey: str | None = None

    def __post_init__(self) -> None:
        if self.ids and not self.where.is_open:
            raise UsageError("ids and a filter are two questions", hint="give one of them")
        if self.ids and self.complete:
            raise UsageError(
                "--prove-complete answers a filter, not ids",
                hint="apitrail export --resource-name NAME --since TIME --prove-complete -o PATH",
            )


# Calls that are read at a time.
TOGETHER = 128

type Write = Callable[[Source, Job, BinaryIO], int]
"""Writes what was asked for; gives how many calls those are."""


# -- formats ---------------------------------------------------------------------------------


def records(source: Source, job: Job) -> Iterator[dict[str, object]]:
    """The CloudTrail records asked for, oldest first."""
    indexes = selected(source, job, source.size)
    for first in range(0, len(indexes), TOGETHER):
        for _, facets in source.many(indexes[first : first + TOGETHER], RECORD_TAGS):
            yield record_of(facets)


def _json_lines(source: Source, job: Job, out: BinaryIO) -> int:
    if job.complete:
        raise UsageError("only a bundle can prove that it is complete", hint="--format bundle")
    count = 0
    for record in records(source, job):
        count += 1
        out.write(_json_line(record))
    return count


def _json_line(record: Mapping[str, object]) -> bytes:
    try:
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # half a surrogate pair, or a number of more than 64 bits
        return f"{render.json_line(record)}\n".encode()


def _text(lines: Callable[[Iterable[Mapping[str, object]]], Iterator[str]]) -> Write:
    def write(source: Source, job: Job, out: BinaryIO) -> int:
        if job.complete:
            raise UsageError("only a bundle can prove that it is complete", hint="--format bundle")
        count = 0

        def counted() -> Iterator[dict[str, object]]:
            nonlocal count
            for record in records(source, job):
                count += 1
                yield record

        out.writelines(f"{line}\n".encode() for line in lines(counted()))
        return count

    return write


def _bundle(source: Source, job: Job, out: BinaryIO) -> int:
    # Evidence leaves nothing out, and its question is one that older verifiers understand.
    job = replace(job, where=replace(job.where, stand_in=None))
    plan, tree = prepare(source, job)
    bundle_writer.write(out, source, tree, _with_report(source, plan))
    return len(plan.manifest.selected)


LARGEST_PAGE = 100_000_000
"""Bytes of a bundle that still goes into a page, which a browser holds whole."""


class _Page(io.BytesIO):
    """The bundle of a page, while it is written."""

    def write(self, data: Buffer) -> int:
        if self.tell() + len(memoryview(data)) > LARGEST_PAGE:
            raise UsageError(
                f"the page would carry a bundle of more than {LARGEST_PAGE} bytes, which browsers "
                "do not open",
                hint="--format bundle, or parts of the time: --since, --until",
            )
        return super().write(data)


def _page(source: Source, job: Job, out: BinaryIO) -> int:
    """The bundle in a page that a browser opens and that checks it there."""
    content = _Page()
    count = _bundle(source, job, content)
    bundle = content.getvalue()
    with zipfile.ZipFile(content) as files:
        out.write(page_file.write(bundle, files.read(layout.REPORT)))
    return count


def _with_report(source: Source, plan: bundle_writer.Plan) -> bundle_writer.Plan:
    """The plan with a page for people, of what is opened and of nothing else."""
    manifest = plan.manifest
    told = [
        Told.parse(index, source.entry(index), source.facets(index, plan.opened))
        for index in manifest.selected[: report_page.CALLS]
    ]
    claimed = manifest.range
    page = Page(
        origin=manifest.origin, size=manifest.size, version=manifest.version,
        root=Checkpoint.unverified(plan.checkpoint).root.hex(),
        question=said_question(filter_to_json(manifest.where)), calls=told,
        number=len(manifest.selected), since=manifest.where.since, until=manifest.where.until,
        span=None if claimed is None else (claimed.first, claimed.last),
    )  # fmt: skip
    report = bytes(page)
    files = {**manifest.files, layout.REPORT: hashlib.sha256(report).hexdigest()}
    return replace(plan, manifest=replace(manifest, files=files), report=report)


def _scripted(name: str) -> Write:
    def write(source: Source, job: Job, out: BinaryIO) -> int:
        if job.complete:
            raise UsageError("only a bundle can prove that it is complete", hint="--format bundle")
        indexes = in_order(source, selected(source, job, source.size))
        lines = formats.lines(name, read(source, indexes))
        out.writelines(f"{line}\n".encode("utf-8", "surrogatepass") for line in lines)
        return len(indexes)

    return write


def _ocsf(source: Source, job: Job, out: BinaryIO) -> int:
    if job.complete:
        raise UsageError("only a bundle can prove that it is complete", hint="--format bundle")
    from apitrail.delivery import ocsf_lines

    indexes = selected(source, job, source.size)
    out.writelines(line + b"\n" for line in ocsf_lines.lines(source, indexes))
    return len(indexes)


# Name → how it is written, and whether it is text, which may go to a terminal.
FORMATS: Mapping[str, tuple[Write, bool]] = {
    "bundle": (_bundle, False),
    "html": (_page, False),
    "jsonl": (_json_lines, True),
    "csv": (_text(render.csv_lines), True),
    "ocsf": (_ocsf, True),
    **{name: (_scripted(name), True) for name in formats.NAMES},
}


def to_file(source: Source, job: Job, *, form: str, path: Path) -> int:
    """Write a file, whole or not at all, readable by its owner alone.

    Raises:
        UsageError: it cannot be written, or the question cannot be answered.
    """
    write, _ = FORMATS[form]
    try:
        with durable.replacing(path) as out:
            return write(source, job, out)
    except OSError as error:
        raise UsageError(f"cannot write {str(path)!r}: {error.strerror}") from error


def vkey(source: Source, trail: Path) -> str | None:
    """The log's public key if it is here. It is information only: a key that comes with the evidence proves nothing."""
    if isinstance(source, Bundle):
        return source.text(layout.VKEY).strip() if layout.VKEY in source.archive.names else None
    keys = Keys.of(trail)
    return str(keys.signer().verifier) if keys.exist else None


# -- the time of export ----------------------------------------------------------------------


def date(trail: Path) -> str:
    """Have the log itself say when this export is made; gives words on how that was done.

    A running recorder is asked for a heartbeat. Where none runs and the key is here, calls that
    a crash left are accounted for and a heartbeat is written that says nobody is recording.
    Else the newest entry dates the export.
    """
    try:
        answer = control.ask(trail, "heartbeat")
    except UsageError as error:
        return f"dated by the newest entry: {error}"
    if answer is not None:
        return f"dated by the recorder's heartbeat, entry {answer['index']}"
    if not Keys.of(trail).exist:
        return "dated by the newest entry: the log's key is not here"
    try:
        index, told = asyncio.run(_beat(trail))
    except (UsageError, RecordingError, OSError, sqlite3.Error) as error:
        return f"dated by the newest entry: {error}"
    return "; ".join([f"dated by entry {index}, as no recorder is running", *told])


async def _beat(directory: Path) -> tuple[int, list[str]]:
    custodian = await maintenance.enter(directory)
    async with custodian.trail as trail:
        await trail.recover()
        said = Heartbeat(recording=False, calls=0, tunnelled={}, in_flight=0)
        index = await trail.append(statements.draft(said))
        custodian.remember()
        told = await _anchored(trail)
    return index, told


async def _anchored(trail: Trail) -> list[str]:
    """Show the newest head to the configured anchors, as a recorder would; gives what failed."""
    from apitrail.recording.anchorer import Anchorer
    from apitrail.recording.config_file import Configuration

    told: list[str] = []
    with contextlib.suppress(UsageError):  # a recorder refuses such a configuration
        anchors = Configuration.read(places.configuration(None)).anchors
        beside = Anchorer(trail, anchors, time.monotonic, lambda text, _="": told.append(text))
        await beside.last()
    return told


# -- a bundle's plan -------------------------------------------------------------------------


def selected(source: Source, job: Job, size: int) -> Sequence[int]:
    """The calls asked for among the first `size` entries, oldest first."""
    if job.ids:
        return sorted({targets.find(source, event_id) for event_id in job.ids})
    # Of a large log these are millions, which as objects would be most of the memory.
    found = source.select(job.where, ascending=True)
    return array("q", (index for index in found if index < size))


def prepare(source: Source, job: Job) -> tuple[bundle_writer.Plan, Tree]:
    """What a bundle for this question holds, under the newest checkpoint as it is now.

    Raises:
        UsageError: the log is empty, or a range is asked of what is itself an extract.
    """
    note = source.tail()
    if note is None:
        raise UsageError("the trail is empty", hint="record something first: apitrail exec -- CMD")
    head = Checkpoint.unverified(note)
    found = selected(source, job, head.size)
    _check_total(source, job, found)
    books = _books(source, head.size)
    claimed = _range(source, job, head.size, found) if job.complete else None
    inside = range(claimed.first, claimed.last + 1) if claimed else range(0)
    wanted = _Wanted(found, inside)
    why = Deciding.of(source, found)
    beside = {
        link.index for link in books
        if link.index not in inside and _is_wanted(source, link, wanted, why)
    }  # fmt: skip
    beside |= set(erased_rulings(source, _rulings(books, found, inside), beside))
    # An entry that was selected keeps the facets that were asked for.
    newest = _newest(source, head.size, books, inside)
    beside |= {index for index in newest if not holds(found, index)}
    manifest = Manifest(
        version=__version__, origin=head.origin, size=head.size, where=job.where,
        selected=tuple(found), range=claimed, packed=len(found) + len(beside) > pack_writer.FROM,
        # For verifiers that do not know these files.
        files={
            name: hashlib.sha256(token).hexdigest()
            for name, token in bundle_writer.stamps(source, note)
        },
    )  # fmt: skip
    plan = bundle_writer.Plan(
        manifest=manifest, opened=tuple(tag for tag in TAGS if tag in job.facets),
        beside=dict.fromkeys(beside, ("what",)), vkey=job.vkey,
        checkpoint=bundle_writer.cosigned(note, source.cosignatures(head.size)),
        keys=tuple(_keys(source, books)),
    )  # fmt: skip
    return plan, tree_of(source, note)


# So many calls tell how large all of them are; only what is far too large is refused by that.
_ASKED, _FAR = 200, 2


def _check_total(source: Source, job: Job, found: Sequence[int]) -> None:
    """Refuse at once what verifiers would find too large, where a part of it shows that."""
    step = max(len(found) // _ASKED, 1)
    asked = found[::step]
    held = sum(len(x) for index in asked for x in source.facets(index, job.facets).values())
    total = held * len(found) // max(len(asked), 1)
    if total > _FAR * archive.LARGEST_TOTAL:
        raise UsageError(
            f"the bundle of {len(found)} calls would hold about {total >> 30} GiB, and verifiers read "
            f"{archive.LARGEST_TOTAL >> 30}",
            hint=bundle_writer.SPLIT,
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The calls asked for, and the entries of the range: those that erasures may speak of."""

    found: Sequence[int]
    inside: range

    def __contains__(self, index: int) -> bool:
        return index in self.inside or holds(self.found, index)


_BOOKS = (Key.KIND, Erase.KIND, Open.KIND, Clock.KIND, Policy.KIND, Ruling.KIND)


def _books(source: Source, size: int) -> list[Entry]:
    """The entries that say something of others: changes of key, erasures, starts, guards, rulings."""
    found = (data for data in source.entries(0, size) if Entry.kind_of(data) in _BOOKS)
    return [Entry.parse(data) for data in found]


def _rulings(books: list[Entry], found: Sequence[int], inside: range) -> list[int]:
    """The rulings before the last of the calls, apart from those of the range."""
    last = max(found, default=0)
    return [
        link.index for link in books
        if link.kind == Ruling.KIND and link.index < last and link.index not in inside
    ]  # fmt: skip


def _is_wanted(source: Source, link: Entry, wanted: _Wanted, why: Deciding) -> bool:
    if link.kind in (Key.KIND, Clock.KIND):
        return True
    if link.kind in (Policy.KIND, Ruling.KIND):
        return why.rests_on(statements.of(source, link.kind, link.index) if why else None)
    if link.kind != "erase":
        return False
    return any(target.index in wanted for target in statements.erased(source, link.index))


def _newest(source: Source, size: int, books: list[Entry], inside: range) -> Iterator[int]:
    """What dates the export: back to the last sign of a recorder, and the starts before."""
    starts = [link.index for link in books if link.kind == "open"]
    before = [index for index in starts if inside and index < inside.start]
    yield from (*starts[-1:], *before[-1:])
    for index in range(size - 1, -1, -1):
        yield index
        link = source.entry(index)
        if (
            link is None
            or link.kind == "close"
            or time_range.is_alive(link.kind, statements.of(source, link.kind, index))
        ):
            return


def _keys(source: Source, books: list[Entry]) -> Iterator[str]:
    """One line for each change of key: entry, time, old and new verifier key."""
    for link in books:
        said = statements.of(source, link.kind, link.index) if link.kind == Key.KIND else None
        if isinstance(said, Key):
            rotation = Rotation.of(said)
            yield f"{link.index} {iso(link.time)} {rotation.old} {rotation.new}"


def _range(source: Source, job: Job, size: int, found: Sequence[int]) -> Range:
    if isinstance(source, Bundle):
        raise UsageError(
            "a bundle cannot prove more than it was exported with",
            hint="ask for --prove-complete where the trail is, or hand over the bundle itself",
        )
    since, until = job.where.since, job.where.until
    times = _Times(source, size)
    first = 0 if since is None else max(bisect.bisect_left(times, since) - 1, 0)
    last = size - 1 if until is None else bisect.bisect_left(times, until)
    # The clock stepped back, or entries of a crash were recovered late: the matches are still in
    # the range.
    first, last = min([first, *found[:1]]), max([last, *found[-1:]])
    stepped = False
    after = size if until is None else bisect.bisect_left(times, until)
    for index in range(min(after, last), size):
        # Entries written after a step of the clock cannot end a range whose time is before the
        # step.
        stepped = stepped or (index >= after and _entry(source, index).kind == Clock.KIND)
        if index >= last and not stepped and _ends(source, index, size, until):
            last = index
            break
    else:
        last = size - 1
    return Range(first, min(last, size - 1), time_range.tags_for(job.where))


def _ends(source: Source, index: int, size: int, until: int | None) -> bool:
    link = _entry(source, index)
    return time_range.ends(
        index=index, size=size, time=link.time, kind=link.kind,
        says=statements.of(source, link.kind, index) if link.kind == Heartbeat.KIND else None,
        until=until,
    )  # fmt: skip


def _entry(source: Source, index: int) -> Entry:
    if (link := source.entry(index)) is None:
        raise UsageError(
            f"the log has no entry {index}", hint="`apitrail verify` says what is wrong with it"
        )
    return link


class _Times:
    """The entries' times as the sorted sequence that they are."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> int:
        return _entry(self._source, index).time
