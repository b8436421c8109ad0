"""Files by their key, as a bucket has them."""

from __future__ import annotations

import pytest

import delivering
from apitrail.delivery.logfiles import log_directory
from apitrail.delivery.logfiles.tree import Tree
from apitrail.errors import UsageError
from delivering import HOUR, MINUTE

NOW = HOUR + 200 * MINUTE


@pytest.fixture
def trail(tmp_path):
    calls = [delivering.at(HOUR + n * 30 * MINUTE, n) for n in range(6)]
    return delivering.record(tmp_path / "trail", calls)


@pytest.fixture
def tree(trail, tmp_path):
    log_directory.export(trail, tmp_path / "tree", now=NOW)
    return Tree(tmp_path / "tree")


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "a//b", "", "a\0b", "./a"])
def test_a_key_stays_in_its_tree(tree, key):
    assert tree.path(key) is None
    assert tree.read(key) is None
    with pytest.raises(UsageError, match="not a key"):
        tree.put(key, b"")
