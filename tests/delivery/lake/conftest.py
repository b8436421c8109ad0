"""A trail of six calls in three hours, and its lake in a directory."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import delivering
from apitrail.delivery.lake import hour_file, lake_check, lake_directory
from apitrail.delivery.lake.lake_check import LakeReport
from apitrail.delivery.lake.lake_list import LakeList
from apitrail.delivery.lake.lake_place import Directory
from apitrail.delivery.lake.log_check import Beside
from apitrail.delivery.logfiles import file_checkpoint
from apitrail.evidence.verify.report import Trust
from delivering import HALF_HOUR, HOUR, NOW


@dataclass
class Lake:
    """A trail, and the directory that it is written to."""

    trail: Path
    path: Path

    def export(self, now: int = NOW, **options: bool) -> list[LakeList]:
        return lake_directory.export(self.trail, self.path, now=now, **options)

    def files(self) -> list[Path]:
        return sorted(self.path.glob("eventday=*/*.parquet"))

    def lists(self) -> list[Path]:
        return sorted(self.path.glob("apitrail/lake/*/*.json"))

    def check(self, *others: Path, **beside: Any) -> LakeReport:
        """The report by the keys of this trail and of others."""
        keys = tuple(delivering.signer(trail).verifier for trail in (self.trail, *others))
        return lake_check.verify_lake(
            Directory.at(self.path), Trust(keys, "--key"), Beside(**{"now": NOW} | beside),
            expected=[each.name for each in keys],
        )  # fmt: skip

    def resign(self, number: int, change: Callable[[LakeList], LakeList]) -> None:
        """A list that was changed by who has the log's key; the lists after it follow it."""
        previous = None
        for path in self.lists():
            said = LakeList.parse(path.read_bytes())
            if said.number == number:
                said = change(said)
            if said.number > number:
                said = replace(said, previous=previous)
            data = said.dump()
            signer = delivering.signer(self.trail)
            head = file_checkpoint.head(said.checkpoint, signer)
            path.write_bytes(data)
            path.with_suffix(".note").write_text(file_checkpoint.vouch(head, data, signer))
            previous = hashlib.sha256(data).hexdigest()

    def rewrite(self, number: int, change: Callable[[list[Any]], list[Any]]) -> None:
        """A file whose rows were changed, under a list that was signed anew."""
        [file] = LakeList.parse(self.lists()[number - 1].read_bytes()).files
        out = io.BytesIO()
        hour_file.write(out, change(pq.read_table(self.path / file.name).to_pylist()))
        (self.path / file.name).write_bytes(out.getvalue())
        made = replace(file, sha256=hashlib.sha256(out.getvalue()).hexdigest())
        self.resign(number, lambda said: replace(said, files=(made,)))

    def named(self) -> dict[str, bytes]:
        found = (path for path in self.path.rglob("*") if path.is_file())
        return {str(path.relative_to(self.path)): path.read_bytes() for path in found}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both, made once: each test has a copy."""
    directory = tmp_path_factory.mktemp("lake")
    calls = [delivering.at(HOUR + n * HALF_HOUR, n) for n in range(6)]
    trail = delivering.record(directory / "trail", calls)
    lake_directory.export(trail, directory / "lake", now=NOW)
    return directory


@pytest.fixture
def empty(made: Path, tmp_path: Path) -> Lake:
    shutil.copytree(made / "trail", tmp_path / "trail", ignore=shutil.ignore_patterns("*.sock"))
    return Lake(tmp_path / "trail", tmp_path / "lake")


@pytest.fixture
def lake(made: Path, empty: Lake) -> Lake:
    shutil.copytree(made / "lake", empty.path)
    return empty
