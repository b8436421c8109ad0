"""A trail of six calls in three hours, and its log files in a directory."""

from __future__ import annotations

from pathlib import Path

import pytest

import delivering
from apitrail.delivery.logfiles import log_directory
from apitrail.delivery.logfiles.tree import Tree
from delivering import HALF_HOUR, HOUR, NOW


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    calls = [delivering.at(HOUR + n * HALF_HOUR, n) for n in range(6)]
    return delivering.record(tmp_path / "trail", calls)


@pytest.fixture
def tree(trail: Path, tmp_path: Path) -> Tree:
    log_directory.export(trail, tmp_path / "tree", now=NOW)
    return Tree(tmp_path / "tree")
