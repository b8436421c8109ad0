"""A small file is replaced whole, or stays as it was."""

from __future__ import annotations

import stat

import pytest

from apitrail.trail import durable


def test_it_is_replaced_with_the_mode_asked_for(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    durable.write(path, b"new", mode=0o600)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_where_it_cannot_be_replaced_nothing_is_left(tmp_path):
    path = tmp_path / "file"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        durable.write(path, b"new")
    assert list(tmp_path.iterdir()) == [path]
