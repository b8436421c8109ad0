"""Verifying what one log has in a lake: its lists, its files, its rows, and the log's own tree."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from apitrail.counted import counted
from apitrail.delivery.bucket.bucket_check import roots_at
from apitrail.delivery.lake import row_check
from apitrail.delivery.lake.lake_list import HOUR, LakeFile, LakeList
from apitrail.delivery.lake.lake_place import LakePlace
from apitrail.delivery.lake.list_check import Found, ListCheck
from apitrail.delivery.lake.row_check import Records
from apitrail.delivery.lake.sealing import GRACE
from apitrail.delivery.logfiles import records
from apitrail.delivery.logfiles.check import Step
from apitrail.entry import Entry
from apitrail.errors import FormatError
from apitrail.evidence.verify.key_history import History
from apitrail.evidence.verify.report import Finding, Report, Trust, Verdict, tampered
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
    """What is at hand beside the lake: a trail, log files, an older checkpoint, and the time."""

    trail: Path | None = None
    records: LogFiles | None = None
    since: str | None = None
    now: int = 0


@dataclass
class Held:
    """How far the rows were held against something: how many, and what was erased since."""

    rows: int = 0
    erased: dict[str, tuple[int, ...]] = field(default_factory=dict)


class LogCheck(ListCheck):
    """The steps, for the log whose lists are in one folder."""

    def __init__(self, place: LakePlace, name: str, names: list[str], trust: Trust) -> None:
        super().__init__(place, name, names, trust)
        self.held = Held()

    def check(self, beside: Beside, step: Step) -> Report:
        """The report once all steps ran, or as far as they came."""
        self.tell = step
        return self.outcome(lambda: self._run(beside))

    def _run(self, beside: Beside) -> None:
        history = self.read_lists()
        if not self.lists:
            return
        heads = [each.head for each in self.lists]
        newest = self.lists[-1]
        self.learn_log(history)
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
            message = f"hours that are over are not here: {'1 entry' if late == 1 else f'{late} entries'} from entry {lists[-1].stop} on"  # fmt: skip
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
