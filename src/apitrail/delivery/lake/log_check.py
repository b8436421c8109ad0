"""Verifying what one log has in a lake: its lists, its files, its rows, and the log's own tree."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from apitrail.delivery.bucket.bucket_check import roots_at
from apitrail.delivery.bucket.shipment import note_key
from apitrail.delivery.lake import row_check
from apitrail.delivery.lake.lake_list import FOLDER, HOUR, LakeFile, LakeList, folder
from apitrail.delivery.lake.lake_place import LakePlace
from apitrail.delivery.lake.row_check import Records
from apitrail.delivery.lake.sealing import GRACE
from apitrail.delivery.logfiles import file_checkpoint, records
from apitrail.delivery.logfiles.check import Check, Step
from apitrail.entry import Entry
from apitrail.errors import FormatError, VerificationError
from apitrail.evidence.verify.key_history import History
from apitrail.evidence.verify.report import Finding, Report, Trust, Verdict, counted, tampered
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.merkle import HASH_SIZE, Frontier
from apitrail.trail import database
from apitrail.trail.reader import Reader
from apitrail.when import iso_second

SHORT = "the lake ends at {} entries, and {} is of {}"
_LIST = re.compile(r"([0-9]{8})\.json")

type LogFiles = Callable[[LakeList], Records]
"""The records that log files have of the entries of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is at hand beside the lake: a trail, log files, an older checkpoint, and the time.

    With `only_lists` no file is opened: it is enough that all are there.
    """

    trail: Path | None = None
    records: LogFiles | None = None
    since: str | None = None
    now: int = 0
    only_lists: bool = False


@dataclass(slots=True)
class Found:
    """A list that holds, its exact bytes and the head that it is signed at."""

    said: LakeList
    data: bytes
    head: Checkpoint
    intact: bool = True


@dataclass
class Held:
    """How far the rows were held against something: how many, and what was erased since."""

    rows: int = 0
    erased: dict[str, tuple[int, ...]] = field(default_factory=dict)


class LogCheck(Check):
    """The steps, for the log whose lists are in one folder."""

    def __init__(self, place: LakePlace, name: str, names: list[str], trust: Trust) -> None:
        super().__init__(trust, _silent)
        self.place = place
        self.name = name
        self.known: set[str] = set()
        self.sums: dict[str, str] = {}
        self.lists: list[Found] = []
        self.held = Held()
        self._here = frozenset(names)
        self._names = [each for each in names if each.startswith(f"{FOLDER}/{name}/")]

    def check(self, beside: Beside, step: Step) -> Report:
        """The report once all steps ran, or as far as they came."""
        self.tell = step
        return self.outcome(lambda: self._run(beside))

    def _run(self, beside: Beside) -> None:
        history = self._read_lists()
        if not self.lists:
            return
        heads = [each.head for each in self.lists]
        newest = self.lists[-1]
        self._learn(newest, history)
        if beside.only_lists:
            self._only_lists(newest)
            return
        since = beside.since
        if since is not None and not since.startswith(f"{history.origin}\n"):
            since = None
        with _reader(beside.trail, history.origin) as source:
            erased = set() if source is None else records.erased(source, 0, source.size)
            self._files(beside, source, erased)
            self._say(newest)
            self.compare(heads, history, since, SHORT)
            self._check_reach(history, since, newest)
            if source is not None:
                self._hold_against(source, beside.now)

    # -- lists -------------------------------------------------------------------------------

    def _read_lists(self) -> History:
        numbers = sorted(int(match[1]) for name in self._names
                         if (match := _LIST.fullmatch(name.rpartition("/")[2])))  # fmt: skip
        pieces = {number: self._piece(number) for number in numbers}
        history = self._history(list(pieces.values()))
        before: Found | None = None
        last = 0
        for number, piece in pieces.items():
            if number != last + 1:
                what = (
                    self._key(last + 1) if number == last + 2 else f"{self._key(last + 1)} and more"
                )
                self.blame([f"{what} is missing, and there are later lists"])
                before = None
            before, last = self._read(number, piece, before, history), number
            self.lists += [] if before is None else [before]
        return history

    def _history(self, pieces: list[tuple[bytes | None, bytes | None]]) -> History:
        """The log's keys, by the newest list that is signed: it knows all changes of them."""
        first: Exception | None = None
        for data, noted in reversed(pieces):
            if data is None or noted is None:
                continue
            try:
                return file_checkpoint.trust(LakeList.parse(data).rotations, noted, self.trust)
            except (FormatError, VerificationError) as error:
                first = first or error
        raise first or tampered(f"{FOLDER}/{self.name} has no list with its note")

    def _key(self, number: int) -> str:
        return f"{FOLDER}/{self.name}/{number:08}.json"

    def _piece(self, number: int) -> tuple[bytes | None, bytes | None]:
        key = self._key(number)
        self.known |= {key, note_key(key)}
        return self.place.read(key), self.place.read(note_key(key))

    def _read(
        self, number: int, piece: tuple[bytes | None, bytes | None], before: Found | None, history: History
    ) -> Found | None:  # fmt: skip
        """One list; None, and a finding, where it does not hold."""
        key, (data, noted) = self._key(number), piece
        try:
            if data is None or noted is None:
                raise tampered(f"{note_key(key) if noted is None else key} is missing")
            head = file_checkpoint.confirm(history, noted, data, key)
            said = LakeList.parse(data)
            self.check_head(said, data, head, history, key)
            self._check_order(said, number, before)
        except (FormatError, VerificationError) as error:
            self.found.append(error if isinstance(error, Finding) else tampered(f"{key}: {error}"))
            return None
        for each in (key, note_key(key)):
            self.blame(self.place.problems(each, until=said.until))
        self.known |= {file.name for file in said.files}
        self.sums |= {file.sha256: file.name for file in said.files}
        return Found(said, data, head)

    def _check_order(self, said: LakeList, number: int, before: Found | None) -> None:
        if folder(said.origin) != self.name or said.number != number:
            raise tampered(f"{self._key(number)} is list {said.number} of {said.origin!r}")
        last = self.lists[-1].said.stop if self.lists else 0
        follows = said.start == last if before or number == 1 else said.start >= last
        if before is not None:
            follows = follows and said.previous == hashlib.sha256(before.data).hexdigest()
        elif number == 1:
            follows = follows and said.previous is None
        if not follows:
            # The log's key has signed both.
            message = f"{self._key(number)} does not follow the list before it"
            raise Finding(Verdict.FORK, message)

    # -- files -------------------------------------------------------------------------------

    def _files(self, beside: Beside, source: Reader | None, erased: set[int]) -> None:
        """Every file that is listed is there, as it was; its leaves are those of the log's tree."""
        edge = Frontier()
        wanted = {each.head.size: each.head.root for each in self.lists}
        for each in self.lists:
            said = each.said
            self.tell(f"{said.origin}: entries {said.start} to {said.stop - 1}, {said.rows} rows")
            leaves = bytearray((said.stop - said.start) * HASH_SIZE)
            for rowless in said.rowless:
                at = (rowless.index - said.start) * HASH_SIZE
                leaves[at : at + HASH_SIZE] = bytes.fromhex(rowless.hash)
            made = None if beside.records is None else beside.records(said)
            for file in said.files:
                each.intact &= self._file(said, file, leaves, source, erased, made)
            if not each.intact or edge.size != said.start:
                edge = said.edge()
                continue
            self._grow(edge, leaves, wanted, said)

    def _only_lists(self, newest: Found) -> None:
        files = [file for each in self.lists for file in each.said.files]
        self.blame(f"{file.name} is missing" for file in files if file.name not in self._here)
        self.said = [f"the lists up to entry {newest.said.stop - 1} hold"]

    def _grow(
        self, edge: Frontier, leaves: bytearray, wanted: Mapping[int, bytes], said: LakeList
    ) -> None:
        """Hold leaves against the list's tree, and against every head of the log on the way."""
        for at in range(0, len(leaves), HASH_SIZE):
            edge.append(bytes(leaves[at : at + HASH_SIZE]))
            if wanted.get(edge.size, b"") not in (b"", edge.root()):
                self.found.append(
                    tampered(
                        f"the rows up to entry {edge.size - 1} are not those of the log's tree"
                    )
                )
        if edge.peaks != said.edge().peaks:
            self.found.append(tampered(f"the rows of {said.key()} are not those of the log's tree"))

    def _file(
        self, said: LakeList, file: LakeFile, leaves: bytearray, source: Reader | None,
        erased: set[int], made: Records | None,
    ) -> bool:  # fmt: skip
        """Is the file as it was listed? Rows of one that is are held against what is at hand."""
        problems = list(self.place.problems(file.name, file.copy))
        data = self.place.read(file.name, file.copy)
        if data is None:
            where = f"of the hour {iso_second(said.hour)}, entries {file.indexes}"
            self.blame([*problems, f"{file.name} is missing: {file.rows} rows {where}"])
            return False
        if hashlib.sha256(data).hexdigest() != file.sha256:
            self.blame([*problems, f"{file.name} is not what was listed"])
            return False
        try:
            wrong = list(row_check.fill(leaves, said.start, file, data, said.origin))
            if source is not None and not wrong:
                compared = row_check.against_trail(source, file, data, said.origin, erased)
                wrong += compared.differing
                self.held.rows += file.rows
                if compared.erased:
                    self.held.erased[file.name] = compared.erased
            if made is not None and not wrong:
                differing, count = row_check.against_records(file, data, made)
                wrong += differing
                self.held.rows += count
        except (FormatError, ValueError) as error:
            wrong = [f"{file.name}: {error}"]
        self.blame([*problems, *wrong])
        return not wrong

    # -- heads -------------------------------------------------------------------------------

    def _learn(self, newest: Found, history: History) -> None:
        self.report = replace(
            self.report,
            origin=history.origin, key=str(history.keys[-1]), entries=newest.said.stop,
            calls=sum(each.said.rows for each in self.lists),
            rotations=len(history.rotations), checkpoint=newest.said.checkpoint,
        )  # fmt: skip

    def _say(self, newest: Found) -> None:
        files = sum(len(each.said.files) for each in self.lists)
        rows = sum(each.said.rows for each in self.lists)
        self.said = [
            f"{counted(rows, 'call')} in {counted(files, 'file')} under {counted(len(self.lists), 'list')}",
            f"complete and unaltered up to entry {newest.said.stop - 1}",
            f"the log {newest.said.origin} is trusted by {self.trust.by}",
        ]
        if self.held.rows:
            self.said.append(f"{self.held.rows} rows compared with what they were made of")
        for name, indexes in self.held.erased.items():
            noun = "entry" if len(indexes) == 1 else "entries"
            entries = ", ".join(map(str, indexes))
            self.said.append(f"{name} still holds what was erased of {noun} {entries}")

    def _check_reach(self, history: History, since: str | None, newest: Found) -> None:
        """The head that a list is signed at may be of more entries than the lists are."""
        size = 0 if since is None else history.open(since, "the checkpoint given").size
        if newest.said.stop < size <= newest.head.size:
            message = SHORT.format(newest.said.stop, "the checkpoint given", size)
            self.found.append(Finding(Verdict.TRUNCATED, message))

    def _hold_against(self, source: Reader, now: int) -> None:
        """The trail is of this log: it has these heads, and no hour that is over and not here."""
        size, lists = source.size, [each.said for each in self.lists]
        roots = roots_at(source, {said.stop for said in lists if said.stop <= size})
        for said in lists:
            if said.stop > size:
                message = f"the trail has {size} entries, and {said.key()} is of {said.stop}"
                self.found.append(Finding(Verdict.TRUNCATED, message))
            elif roots[said.stop] != said.edge().root():
                message = f"the trail has other entries than {said.key()}"
                self.found.append(Finding(Verdict.FORK, message))
        if late := _not_here(source, lists[-1].stop, now):
            message = f"hours that are over are not here: {late} entries from entry {lists[-1].stop} on"  # fmt: skip
            hint = "where nobody took them away, bring the lake up to date and verify again"
            self.found.append(Finding(Verdict.TRUNCATED, message, hint=hint))


def _not_here(source: Reader, stop: int, now: int) -> int:
    """How many entries from `stop` on are of hours that are over."""
    hours = [Entry.head_of(data)[1] // 1000 // HOUR * HOUR for data in source.entries(stop)]
    newest = hours[-1] if hours else 0
    return sum(hour < newest or now // 1000 >= hour + HOUR + GRACE for hour in hours)


@contextmanager
def _reader(trail: Path | None, origin: str) -> Iterator[Reader | None]:
    """The trail, where it is of this log; else nothing."""
    if trail is None or not (trail / database.FILE).is_file():
        yield None
        return
    with Reader(trail) as source:
        yield source if (source.tail() or "").startswith(f"{origin}\n") else None


def _silent(_: str) -> None:
    pass


def lists_in(names: list[str]) -> Iterator[str]:
    """The folders of lists: one for each log."""
    start = f"{FOLDER}/"
    found = (name.removeprefix(start).partition("/") for name in names if name.startswith(start))
    yield from sorted({one for one, slash, _ in found if slash})
