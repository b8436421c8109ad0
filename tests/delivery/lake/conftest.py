"""A trail of six calls in three hours, and its lake in a directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import delivering
from apitrail.delivery.lake import lake_check, lake_directory
from apitrail.delivery.lake.lake_check import LakeReport
from apitrail.delivery.lake.lake_list import LakeList
from apitrail.delivery.lake.lake_place import Directory
from apitrail.delivery.lake.log_check import Beside
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
