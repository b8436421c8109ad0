"""A trail of six calls in three hours, and its lake in a directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import delivering
from apitrail.delivery.lake import lake_directory
from apitrail.delivery.lake.lake_list import LakeList
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

    def named(self) -> dict[str, bytes]:
        found = (path for path in self.path.rglob("*") if path.is_file())
        return {str(path.relative_to(self.path)): path.read_bytes() for path in found}


@pytest.fixture
def empty(tmp_path: Path) -> Lake:
    calls = [delivering.at(HOUR + n * HALF_HOUR, n) for n in range(6)]
    return Lake(delivering.record(tmp_path / "trail", calls), tmp_path / "lake")


@pytest.fixture
def lake(empty: Lake) -> Lake:
    empty.export()
    return empty
