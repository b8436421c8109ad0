"""The files that lists name and a table does not have yet: log by log, in the order of the lists."""

from __future__ import annotations

import hashlib
from collections.abc import Container
from dataclasses import dataclass, field

from apitrail.delivery.bucket.shipment import note_key
from apitrail.delivery.lake.lake_files import ArrowPlace
from apitrail.delivery.lake.lake_list import FOLDER, LakeFile, LakeList, folder
from apitrail.delivery.logfiles import file_checkpoint
from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.evidence.verify.report import Trust, tampered


@dataclass(slots=True)
class Listed:
    """Files of each log in order, and what keeps the rest of a log back."""

    files: list[LakeFile] = field(default_factory=list)
    problems: list[FormatError | VerificationError] = field(default_factory=list)


def new_files(place: ArrowPlace, trust: Trust, known: Container[str]) -> Listed:
    """What trusted lists name and `known` has not.

    Nothing of a log comes after a file that is not as it was listed: so what a table has of a log
    is all that there is, up to some hour. Lists are read from the newest back to one that is known.
    """
    found = Listed()
    logs = [str(each.base_name) for each in place.list(FOLDER)]
    if not logs:
        raise UsageError(
            f"no lake in {place.name!r}: it has no lists",
            hint="apitrail export --format parquet -o DIR",
        )
    for log in logs:
        try:
            for said in reversed(_new_lists(place, log, trust, known)):
                for file in said.files:
                    if file.name not in known:
                        _require_listed(place, file)
                        found.files.append(file)
        except (FormatError, VerificationError) as error:
            found.problems.append(error)
    return found


def _new_lists(place: ArrowPlace, log: str, trust: Trust, known: Container[str]) -> list[LakeList]:
    """The lists of a log, newest first, up to one whose files are all known."""
    keys = [f"{FOLDER}/{log}/{each.base_name}" for each in place.list(f"{FOLDER}/{log}") if each.extension == "json"]  # fmt: skip
    found: list[LakeList] = []
    history = None
    for number, key in reversed(list(enumerate(keys, 1))):
        if place.size(note_key(key)) is None:
            if number == len(keys):
                continue  # a recorder puts the note there after the list
            raise tampered(f"{note_key(key)} is missing")
        data, noted = place.read(key), place.read(note_key(key))
        if history is None:
            rotations = LakeList.read(key, data).rotations
            history = file_checkpoint.trust(rotations, noted, trust, key)
        file_checkpoint.confirm(history, noted, data, key)
        said = LakeList.read(key, data)
        if folder(said.origin) != log or said.number != number:
            raise tampered(f"{key} is list {said.number} of {said.origin!r}")
        if found and found[-1].previous != hashlib.sha256(data).hexdigest():
            raise tampered(f"{found[-1].key()} does not follow {key}")
        if said.files and all(file.name in known for file in said.files):
            break
        found.append(said)
    return found


def _require_listed(place: ArrowPlace, file: LakeFile) -> None:
    """Hold a file to its list: by its hash in a directory, by its size in a bucket.

    All of a bucket would be downloaded for the hashes; `verify` does that.
    """
    size = place.size(file.name)
    if size is None:
        raise tampered(f"{file.name} is missing: {file.rows} rows")
    if size != file.bytes or (
        place.local and hashlib.sha256(place.read(file.name)).hexdigest() != file.sha256
    ):
        raise tampered(f"{file.name} is not what was listed")
