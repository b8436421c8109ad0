"""A power cut at any write: what was acknowledged is there, and all that is there verifies.

The real writer runs over a file system (an APSW VFS) that notes every write and sync. A cut
is then any moment in those notes: of the writes since a file's last sync some arrive, in any
order, torn at sectors.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest

import trails
from apitrail.entry import Entry
from apitrail.evidence.verify import Verdict
from apitrail.tlog import merkle
from apitrail.trail import database
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail
from trails import SIGNER, check

SECTOR = 512
BATCHES = 24


@dataclass(frozen=True)
class Written:
    file: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Truncated:
    file: str
    size: int


@dataclass(frozen=True)
class Synced:
    file: str


@dataclass(frozen=True)
class Deleted:
    """SQLite has the directory synced with it."""

    file: str


@dataclass(frozen=True)
class Begun:
    """The intent of a call was acknowledged: it may be forwarded."""

    key: str


@dataclass(frozen=True)
class Appended:
    """An entry was acknowledged: the response may be released."""

    index: int
    leaf: bytes


@dataclass
class Tape(apsw.VFS):
    """A file system that notes what is done to it."""

    name: str
    notes: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.name, "unix")

    def xOpen(self, name, flags):
        return _File(self.notes, name, flags)

    def xDelete(self, filename, syncdir):
        super().xDelete(filename, syncdir)
        self.notes.append(Deleted(Path(filename).name))


class _File(apsw.VFSFile):
    def __init__(self, notes, name, flags):
        super().__init__("unix", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._notes, self._file = notes, Path(path).name

    def xWrite(self, data, offset):
        super().xWrite(data, offset)
        self._notes.append(Written(self._file, offset, bytes(data)))

    def xTruncate(self, size):
        super().xTruncate(size)
        self._notes.append(Truncated(self._file, size))

    def xSync(self, flags):
        super().xSync(flags)
        self._notes.append(Synced(self._file))


class Taped(apsw.Connection):
    """What the writer uses of `sqlite3.Connection`, with a file system that is on the tape."""

    def __init__(self, path: Path, tape: Tape) -> None:
        super().__init__(str(path), vfs=tape.name)
        self.execute("PRAGMA wal_autocheckpoint=100").fetchall()


def record(directory: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The notes of the real writer at work: intents, entries, and when each was acknowledged."""
    directory.mkdir()
    path = directory / database.FILE
    database.create(path)
    tape = Tape(f"tape-{uuid.uuid4().hex}")
    # The empty database was made before the tape began.
    tape.notes += [Written(path.name, 0, path.read_bytes()), Synced(path.name)]

    def connect(where: Path) -> Taped:
        return Taped(where, tape)

    async def main() -> list[object]:
        trail = await Trail.open(directory, signer=SIGNER, clock=trails.Clock())
        await work(trail, tape.notes)
        notes = list(tape.notes)
        await trail.close()
        return notes

    with monkeypatch.context() as patch:
        patch.setattr(database, "connect", connect)
        notes = asyncio.run(main())
    with Reader(directory) as reader:
        leaves = [merkle.leaf_hash(data) for data in reader.entries()]
    return [Appended(n.index, leaves[n.index]) if isinstance(n, Appended) else n for n in notes]


async def work(trail: Trail, notes: list[object]) -> None:
    """Calls in groups, each call noted as soon as its intent, then its entry, is acknowledged."""

    async def one(number: int) -> None:
        key = str(uuid.UUID(int=number + 1))
        await trail.begin(key, trails.call(number))
        notes.append(Begun(key))
        index = await trail.append(trails.draft(number), settles=key)
        notes.append(Appended(index, b""))

    dice = random.Random(7)
    notes.append(Appended(await trail.append(trails.opening()), b""))
    for number in range(BATCHES):
        calls = range(number * 8, number * 8 + dice.randint(1, 8))
        await asyncio.gather(*(one(call) for call in calls))


def cut(notes: list[object], moment: int, dice: random.Random) -> dict[str, bytes]:
    """The files after the power fails at that moment."""
    durable: dict[str, bytearray] = {}
    waiting: dict[str, list[Written | Truncated]] = {}
    for happened in notes[:moment]:
        match happened:
            case Written(file=file) | Truncated(file=file):
                waiting.setdefault(file, []).append(happened)
            case Synced(file=file):
                for change in waiting.pop(file, []):
                    apply(durable.setdefault(file, bytearray()), change)
            case Deleted(file=file):
                waiting.pop(file, None)
                durable.pop(file, None)
    for file, changes in waiting.items():
        content = durable.setdefault(file, bytearray())
        for change in arriving(changes, dice):
            apply(content, change)
    return {file: bytes(content) for file, content in durable.items()}


def arriving(changes: list[Written | Truncated], dice: random.Random) -> Iterator[object]:
    """Some of the changes in some order; of a write, some of its sectors."""
    odds = dice.choice((0.0, 0.3, 0.7, 1.0))
    for change in dice.sample(changes, len(changes)):
        if isinstance(change, Truncated):
            if dice.random() < odds:
                yield change
            continue
        for at in range(0, len(change.data), SECTOR):
            if dice.random() < odds:
                yield Written(change.file, change.offset + at, change.data[at : at + SECTOR])


def apply(content: bytearray, change: object) -> None:
    match change:
        case Written(offset=offset, data=data):
            content.extend(bytes(max(0, offset + len(data) - len(content))))
            content[offset : offset + len(data)] = data
        case Truncated(size=size):
            del content[size:]


@dataclass
class Loss:
    """What a cut took although it was acknowledged."""

    entries: list[int]
    calls: list[str]


def after(notes: list[object], seed: int, directory: Path) -> Loss:
    """Cut the power somewhere, start again, and see what is there. All of it must verify."""
    dice = random.Random(seed)
    made = next(i for i, n in enumerate(notes) if isinstance(n, Appended))
    moment = dice.randrange(made, len(notes) + 1)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    for file, content in cut(notes, moment, dice).items():
        (directory / file).write_bytes(content)

    async def restart() -> None:
        async with await Trail.open(directory, signer=SIGNER, clock=trails.Clock()) as trail:
            await trail.recover()

    asyncio.run(restart())
    report = check(directory)
    assert report.verdict is Verdict.OK, report.message
    with Reader(directory) as reader:
        leaves = [Entry.parse(data).hash for data in reader.entries()]
        said = [n for n in notes[:moment] if isinstance(n, Appended)]
        lost = [n.index for n in said if leaves[n.index : n.index + 1] != [n.leaf]]
        begun = [n.key for n in notes[:moment] if isinstance(n, Begun)]
        return Loss(lost, [key for key in begun if not reader.find(key)])


@pytest.mark.parametrize("part", range(4))
def test_no_cut_takes_what_was_acknowledged(tmp_path, monkeypatch, part):
    notes = record(tmp_path / "made", monkeypatch)
    for seed in range(part * 50, part * 50 + 50):
        loss = after(notes, seed, tmp_path / "cut")
        assert (loss.entries, loss.calls) == ([], []), f"seed {seed}"


def test_cuts_are_cruel_enough_to_tell(tmp_path, monkeypatch):
    """With `synchronous=NORMAL` acknowledged entries are lost: these cuts would show it."""
    normal = [each.replace("FULL", "NORMAL") for each in database.WRITER_PRAGMAS]
    monkeypatch.setattr(database, "WRITER_PRAGMAS", tuple(normal))
    notes = record(tmp_path / "made", monkeypatch)
    losses = [after(notes, seed, tmp_path / "cut") for seed in range(12)]
    assert any(loss.entries for loss in losses)


def test_calls_left_open_become_unknown(tmp_path, monkeypatch):
    """Cut right after an intent was acknowledged and before its entry."""
    notes = record(tmp_path / "made", monkeypatch)
    last = max(i for i, n in enumerate(notes) if isinstance(n, Begun))
    directory = tmp_path / "cut"
    directory.mkdir()
    for file, content in cut(notes, last + 1, random.Random(1)).items():
        (directory / file).write_bytes(content)

    async def restart() -> int:
        async with await Trail.open(directory, signer=SIGNER, clock=trails.Clock()) as trail:
            return await trail.recover()

    found = asyncio.run(restart())
    assert found > 0
    with Reader(directory) as reader:
        kinds = [json.loads(data)["k"] for data in reader.entries()]
    assert kinds.count("unknown") == found
