"""A small file is replaced whole, or stays as it was."""

from __future__ import annotations

import stat

import pytest

from apitrail import durable


def test_it_is_replaced_with_the_mode_asked_for(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    durable.write(path, b"new", mode=0o600)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_half_way_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def half() -> None:
        with durable.replacing(path) as file:
            file.write(b"ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_that_write_at_once_do_not_share_a_temporary_file(tmp_path):
    path = tmp_path / "file"
    with durable.replacing(path) as one, durable.replacing(path) as other:
        one.write(b"one")
        other.write(b"other")
    assert path.read_bytes() == b"one"


def test_where_it_cannot_be_replaced_nothing_is_left(tmp_path):
    path = tmp_path / "file"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        durable.write(path, b"new")
    assert list(tmp_path.iterdir()) == [path]
