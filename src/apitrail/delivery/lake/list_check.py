"""Verifying the lists that one log has in a lake: signatures, order, and no file opened."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from apitrail.delivery.bucket.shipment import note_key
from apitrail.delivery.lake.lake_list import FOLDER, LakeList, folder
from apitrail.delivery.lake.lake_place import LakePlace
from apitrail.delivery.logfiles import file_checkpoint
from apitrail.delivery.logfiles.check import Check
from apitrail.errors import FormatError, VerificationError
from apitrail.evidence.verify.key_history import History
from apitrail.evidence.verify.report import Finding, Report, Trust, Verdict, tampered
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.when import iso_second

_LIST = re.compile(r"([0-9]{8})\.json")
_FOLDER = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(slots=True)
class Found:
    """A list that holds, its exact bytes and the head that it is signed at."""

    said: LakeList
    data: bytes
    head: Checkpoint
    intact: bool = True


class ListCheck(Check):
    """The steps, for the log whose lists are in one folder."""

    def __init__(self, place: LakePlace, name: str, names: list[str], trust: Trust) -> None:
        super().__init__(trust, _silent)
        self.place = place
        self.name = name
        self.known: set[str] = set()
        self.sums: dict[str, str] = {}
        self.lists: list[Found] = []
        self._here = frozenset(names)
        self._names = [each for each in names if each.startswith(f"{FOLDER}/{name}/")]

    def check_lists(self, oldest: int = 0) -> Report:
        """The report on the lists, and whether their files are there; none is opened.

        Lists of hours before `oldest`, Unix seconds, are not read.
        """
        return self.outcome(lambda: self._run_lists(oldest))

    def _run_lists(self, oldest: int) -> None:
        history = self.read_lists(oldest)
        if not self.lists:
            return
        self.learn_log(history)
        files = [file for each in self.lists for file in each.said.files]
        self.blame(f"{file.name} is missing" for file in files if file.name not in self._here)
        self.said = [f"the lists up to entry {self.lists[-1].said.stop - 1} hold"]

    def read_lists(self, oldest: int = 0) -> History:
        """Every list in order, or those from the hour of `oldest` on; gives the log's keys."""
        numbers = sorted(int(match[1]) for name in self._names
                         if (match := _LIST.fullmatch(name.rpartition("/")[2])))  # fmt: skip
        pieces = self._pieces(numbers, oldest)
        history = self._history(pieces)
        before: Found | None = None
        last = next(iter(pieces), 1) - 1 if oldest else 0
        for number, piece in pieces.items():
            follows = number == last + 1
            if not follows:
                what = (
                    self._key(last + 1) if number == last + 2 else f"{self._key(last + 1)} and more"
                )
                self.blame([f"{what} is missing, and there are later lists"])
                before = None
            before, last = self._read(number, piece, before, history), number
            if before is not None:
                if not follows and (self.lists or not oldest):
                    self.blame(self._gap(before.said))
                self.lists.append(before)
        return history

    def _gap(self, said: LakeList) -> Iterator[str]:
        """What is in none of the lists between the one before, if it was read, and this one."""
        earlier = self.lists[-1].said if self.lists else None
        first = 0 if earlier is None else earlier.stop
        if first < said.start:
            after = "" if earlier is None else f"after that of {iso_second(earlier.hour)} and "
            hours = f"of the hours {after}before that of {iso_second(said.hour)}"
            yield f"no list has entries {first} to {said.start - 1}, {hours}"

    def _pieces(
        self, numbers: list[int], oldest: int
    ) -> dict[int, tuple[bytes | None, bytes | None]]:
        """Lists and notes by number, in order; none before the first of an hour before `oldest`."""
        found = {}
        for number in reversed(numbers):
            found[number] = self._piece(number)
            if oldest and _hour(found[number][0]) < oldest:
                break
        return dict(sorted(found.items()))

    def _history(self, pieces: dict[int, tuple[bytes | None, bytes | None]]) -> History:
        """The log's keys, by the newest list that is signed: it knows all changes of them."""
        first: Exception | None = None
        for number, (data, noted) in reversed(pieces.items()):
            if data is None or noted is None:
                continue
            try:
                rotations = LakeList.parse(data).rotations
                return file_checkpoint.trust(rotations, noted, self.trust, self._key(number))
            except VerificationError as error:
                first = first or error
            except FormatError as error:
                first = first or tampered(f"{self._key(number)}: {error}")
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

    def learn_log(self, history: History) -> None:
        """Put what the lists say of the log into the report."""
        newest = self.lists[-1].said
        self.report = replace(
            self.report,
            origin=history.origin, key=str(history.keys[-1]), entries=newest.stop,
            calls=sum(each.said.rows for each in self.lists),
            rotations=len(history.rotations), checkpoint=newest.checkpoint,
        )  # fmt: skip


def _hour(data: bytes | None) -> int:
    """The hour that a list says; endless where it says none, so that older ones are read."""
    try:
        return LakeList.parse(data or b"").hour
    except FormatError:
        return 1 << 62


def _silent(_: str) -> None:
    pass


def lists_in(names: list[str]) -> Iterator[str]:
    """The folders of lists: one for each log. What `folder` would not give is none."""
    start = f"{FOLDER}/"
    found = (name.removeprefix(start).partition("/") for name in names if name.startswith(start))
    yield from sorted({one for one, slash, _ in found if slash and _FOLDER.fullmatch(one)})
