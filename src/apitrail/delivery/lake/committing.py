"""`lake commit`: the files that lists name become the files of an Iceberg table, each once.

Recorders never commit. One committer at a time adds what the table does not have; which files those
are is read from the table itself, so a run after a crash goes on where the other one stopped.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import IO

from apitrail.delivery.lake import listed_files
from apitrail.delivery.lake.iceberg_table import SQLITE, LakeTable, OvertakenError
from apitrail.delivery.lake.lake_files import ArrowPlace
from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.evidence.verify.report import Trust

# Files of one snapshot: each is opened for its statistics.
MOST = 1000
TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was added, what the table had before, what is held back, and how the last run ended."""

    files: int
    rows: int
    before: int
    problems: tuple[FormatError | VerificationError, ...]
    broken_off: str | None = None


def lock_of(catalog: str, name: str, configuration: Path) -> Path:
    """The file that is locked: beside a catalog that is a file, else among the user's own."""
    if catalog.startswith(SQLITE):
        return Path(f"{catalog.removeprefix(SQLITE).removeprefix('///')}.{name}.lock")
    digest = hashlib.sha256(f"{catalog} {name}".encode()).hexdigest()[:16]
    return configuration / "lake" / f"{digest}.lock"


def commit(place: ArrowPlace, table: LakeTable, trust: Trust, lock: Path) -> Outcome:
    """Add every file that is listed and not in the table.

    Raises:
        UsageError: another committer is at work, or the table cannot be written.
    """
    with _locked(lock) as journal:
        known = table.names()
        broken_off = _told(journal, known)
        found = listed_files.new_files(place, trust, known)
        rows = {file.name: file.rows for file in found.files}
        for batch in batched(rows, MOST, strict=False):
            _add(place, table, batch, journal)
        return Outcome(
            files=len(rows), rows=sum(rows.values()), before=len(known),
            problems=tuple(found.problems), broken_off=broken_off,
        )  # fmt: skip


def _add(place: ArrowPlace, table: LakeTable, batch: Sequence[str], journal: IO[str]) -> None:
    """One snapshot. Whoever else commits meanwhile may have added some of the files."""
    left = list(batch)
    for _ in range(TRIES):
        _write(journal, left)
        try:
            table.add([place.url(name) for name in left])
        except OvertakenError:
            known = table.names()
            left = [name for name in left if name not in known]
            if left:
                continue
        _write(journal, [])
        return
    raise UsageError(
        "others commit to the table all the time", hint="a table has one committer: stop the others"
    )


# -- the journal ---------------------------------------------------------------------------------


@contextmanager
def _locked(path: Path) -> Iterator[IO[str]]:
    """One committer on this machine. The file says which files are being added, and then nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as journal:
        try:
            fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                "another `apitrail lake commit` is at work on this table", hint="wait until it ends"
            ) from error
        yield journal


def _write(journal: IO[str], names: Sequence[str]) -> None:
    journal.seek(0)
    journal.truncate()
    if names:
        json.dump(names, journal)
    journal.flush()


def _told(journal: IO[str], known: set[str]) -> str | None:
    """How a run that was broken off had ended; the table knows."""
    journal.seek(0)
    try:
        names = json.loads(journal.read() or "[]")
    except ValueError:
        names = ["?"]  # it broke off while it wrote this, before it added anything
    _write(journal, [])
    if not names:
        return None
    files = "its file is" if len(names) == 1 else f"its {len(names)} files are"
    where = (
        "in the table" if set(names) <= known else "not in the table: what is listed is added now"
    )
    return f"the last commit was broken off; {files} {where}"
