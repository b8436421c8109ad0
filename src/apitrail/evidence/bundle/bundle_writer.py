"""Writes a bundle: a zip of plain files, the same bytes for the same log and question."""

from __future__ import annotations

import heapq
import itertools
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import BinaryIO

from apitrail import entry
from apitrail.entry import Entry
from apitrail.errors import FormatError, UsageError
from apitrail.evidence.bundle import archive as bounds
from apitrail.evidence.bundle import layout, pack_writer
from apitrail.evidence.bundle.layout import Consistency, Opened
from apitrail.evidence.bundle.log_tree import Tree
from apitrail.evidence.bundle.manifest import Manifest
from apitrail.evidence.verify.timestamp_token import Token
from apitrail.evidence.verify.witnessed import parse_line
from apitrail.source import Source
from apitrail.tlog import proof, tile
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.note import MAX_SIGNATURES, Note

# The earliest time that a zip can hold. The time of writing is not evidence, so all files have
# this one.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_FILE_MODE = 0o100644 << 16

SPLIT = (
    "export each part of the time by itself, with --since and --until, or open less: --facet what"
)

# An entry's files beside the opened facets, and the files that are not of entries, at the most.
_FILES, _OTHERS = 3, 10_000

MOST_KEPT = 128
"""Older checkpoints in a bundle; of more, evenly spread ones are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What goes into a bundle.

    `checkpoint` is the signed note all proofs lead to. `opened` are the facets to open of each call
    that the manifest selects, `beside` those of other entries, by entry; `keys` are lines for the file of
    that name, `report` is the page for people.
    """

    manifest: Manifest
    checkpoint: str
    opened: tuple[str, ...]
    beside: Mapping[int, tuple[str, ...]]
    keys: tuple[str, ...]
    vkey: str | None
    report: bytes | None = None

    def shown(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Each entry that is shown for itself, and its facets to open, in order."""
        calls = ((index, self.opened) for index in self.manifest.selected)
        return heapq.merge(calls, sorted(self.beside.items()))


def write(out: BinaryIO, source: Source, tree: Tree, plan: Plan) -> None:
    """Write the bundle.

    Raises:
        UsageError: the source lacks an entry of the plan, or no verifier would read the bundle.
    """
    check_number(plan)
    total = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(source, tree, plan):
            total += len(content)
            _check_size(name, content, total)
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = _FILE_MODE
            info.create_system = 3  # made on Unix, as far as the zip says
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def check_number(plan: Plan) -> None:
    """Refuse at once what would have more files than a verifier reads; raises UsageError."""
    manifest, span = plan.manifest, plan.manifest.range
    shown = len(manifest.selected) + len(plan.beside)
    apart = shown * (_FILES + len(plan.opened))
    files = pack_writer.most_files(shown, bounds.LARGEST_TOTAL) if manifest.packed else apart
    tiles = 0 if span is None else 2 * ((span.last - span.first) // tile.WIDTH + 2)
    most = files + tiles + _OTHERS
    if most > bounds.MOST_FILES:
        raise UsageError(
            f"a bundle of {shown} entries would have up to {most} files, and verifiers read "
            f"{bounds.MOST_FILES}",
            hint=SPLIT,
        )


def _check_size(name: str, content: bytes, total: int) -> None:
    if len(content) > bounds.LARGEST_FILE:
        raise UsageError(
            f"{name} would have {len(content)} bytes, and verifiers read {bounds.LARGEST_FILE}",
            hint="leave out the bodies of calls: --facet who --facet what",
        )
    if total > bounds.LARGEST_TOTAL:
        raise UsageError(
            f"the bundle would hold more than the {bounds.LARGEST_TOTAL} bytes that verifiers read",
            hint=SPLIT,
        )


def program() -> bytes:
    """The stand-alone verifier that goes into every bundle."""
    return resources.files("apitrail.evidence.bundle").joinpath("files/verify.py").read_bytes()


def _files(source: Source, tree: Tree, plan: Plan) -> Iterator[tuple[str, bytes]]:
    readme = resources.files("apitrail.evidence.bundle").joinpath("files/README.txt").read_bytes()
    yield layout.README, readme
    yield layout.VERIFY, program()
    if plan.report is not None:
        yield layout.REPORT, plan.report
    if plan.vkey is not None:
        yield layout.VKEY, f"{plan.vkey}\n".encode()
    yield layout.MANIFEST, bytes(plan.manifest)
    yield layout.CHECKPOINT, plan.checkpoint.encode()
    if plan.keys:
        yield layout.KEYS, "".join(f"{line}\n" for line in plan.keys).encode()
    yield from _kept(source, tree, plan.manifest.size)
    yield from stamps(source, plan.checkpoint)
    if plan.manifest.packed:
        yield from pack_writer.files(source, tree, plan.manifest.size, plan.shown())
    else:
        for index, tags in plan.shown():
            yield from _event(source, tree, plan, index, tags)
    if plan.manifest.range is not None:
        yield from _range(source, tree, plan)


def _kept(source: Source, tree: Tree, size: int) -> Iterator[tuple[str, bytes]]:
    """Older checkpoints, and what leads from each to the next and at last to the bundle's own."""
    older = [(old, text) for old, text in source.checkpoints() if 0 < old < size]
    newest = source.last_cosigned(size) | {at for at, _ in source.last_stamps(size)}
    # Those that show a change of key are needed to trust the keys after it, and those that a witness
    # has signed last show what it has seen.
    kept = sorted(
        {
            *thin(older, MOST_KEPT),
            *(item for item in older if item[0] in newest or is_rotation(item[1])),
        }
    )
    ends = [*(old for old, _ in kept[1:]), size]
    for (old, text), new in zip(kept, ends, strict=True):
        hashes = tree.consistency(old, new)
        if hashes is None:
            continue  # from another bundle, which did not bring this step
        yield layout.kept(old), cosigned(text, source.cosignatures(old)).encode()
        yield layout.step(old, new), str(Consistency(old, new, tuple(hashes))).encode()


def stamps(source: Source, signed: str) -> Iterator[tuple[str, bytes]]:
    """Timestamps as files: the newest of each authority, whose checkpoint is in the bundle.

    What is kept in a trail as a timestamp and is none, or is one of something else, is left out.
    """
    size = Checkpoint.unverified(signed).size
    there = {**dict(source.checkpoints()), size: signed}
    for number, (at, token) in enumerate(source.last_stamps(size)):
        if (text := there.get(at)) is not None and _is_of(token, text):
            yield layout.stamp(at, number), token


def _is_of(token: bytes, text: str) -> bool:
    try:
        return Token.parse(token).is_of(Note.parse(text).text)
    except FormatError:
        return False


def cosigned(text: str, lines: Iterable[bytes]) -> str:
    """A signed checkpoint with the lines of its witnesses; verifiers ignore keys that they do not know."""
    parsed = Note.parse(text)
    origin = parsed.text.partition("\n")[0]
    found = [line for data in lines if (line := parse_line(data)) and line.name != origin]
    there = {(line.name, line.key_id) for line in parsed.signatures}
    new = [line for line in found if (line.name, line.key_id) not in there]
    return str(Note(parsed.text, (*parsed.signatures, *new)[:MAX_SIGNATURES]))


def thin[T](items: list[T], most: int) -> list[T]:
    """At most so many of them, evenly spread, always with the first and the last."""
    if len(items) <= most:
        return items
    return [items[at * (len(items) - 1) // (most - 1)] for at in range(most)]


def is_rotation(text: str) -> bool:
    """Have two keys of the log signed this?"""
    parsed = Note.parse(text)
    origin = parsed.text.partition("\n")[0]
    return sum(line.name == origin for line in parsed.signatures) > 1


def _event(
    source: Source, tree: Tree, plan: Plan, index: int, tags: tuple[str, ...]
) -> Iterator[tuple[str, bytes]]:
    link = _entry(source, index)
    opened = opening(source, link, tags)
    yield layout.event(index, "leaf.json"), link.data
    yield layout.event(index, "event.tlog-proof"), _proof(tree, plan, index)
    if opened:
        salts = {tag: salt for tag, (salt, _) in opened.items()}
        yield layout.event(index, "salts.json"), layout.format_salts(salts)
    for tag, (_, content) in opened.items():
        yield layout.facet(index, tag), content


def _proof(tree: Tree, plan: Plan, index: int) -> bytes:
    return str(proof.Proof(index, tuple(tree.inclusion(index)), plan.checkpoint)).encode()


def _entry(source: Source, index: int) -> Entry:
    link = source.entry(index)
    if link is None:
        raise UsageError(
            f"the log has no entry {index}", hint="`apitrail verify` says what is wrong with it"
        )
    return link


def opening(source: Source, link: Entry, tags: Iterable[str]) -> dict[str, tuple[bytes, bytes]]:
    """Salt and content of those facets that are there; the event key is never given away."""
    contents = source.facets(link.index, tags)
    key = source.seal(link.index)
    salts = source.salts(link.index)
    if key is not None:
        salts = {tag: entry.salt(key, tag) for tag in contents}
    return {
        tag: (salts[tag], contents[tag])
        for tag in link.commitments
        if tag in contents and tag in salts
    }


def _range(source: Source, tree: Tree, plan: Plan) -> Iterator[tuple[str, bytes]]:
    claimed = plan.manifest.range
    if claimed is None:
        return
    start, stop = claimed.first - claimed.first % tile.WIDTH, claimed.last + 1
    yield layout.FIRST_PROOF, _proof(tree, plan, start)
    yield layout.LAST_PROOF, _proof(tree, plan, claimed.last)
    for first in range(start, stop, tile.WIDTH):
        end = min(first + tile.WIDTH, stop)
        entries = list(source.entries(first, end))
        if len(entries) != end - first:
            raise UsageError(
                f"the log lacks entries of {first} to {end - 1}",
                hint="`apitrail verify` says what is wrong with it",
            )
        lines = [
            Opened(link.index, opening(source, link, claimed.opened)).line
            for link in map(
                Entry.parse, itertools.islice(entries, max(claimed.first - first, 0), None)
            )
        ]
        yield layout.opened(first), b"".join(lines)
        yield layout.tile(first, stop), tile.pack_entries(entries)
