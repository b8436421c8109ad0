"""The files that lists name and a table does not have yet."""

from __future__ import annotations

import pytest

import delivering
import investigated
from apitrail.delivery.lake import listed_files
from apitrail.delivery.lake.lake_files import ArrowPlace
from apitrail.errors import UsageError
from apitrail.evidence import verify


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return investigated.lake(tmp_path_factory.mktemp("lake"), logs=1)


def found(lake, known=()):
    trust = verify.Trust((delivering.signer(lake.parent / "trail0").verifier,), "--key")
    return listed_files.new_files(ArrowPlace.parse(str(lake)), trust, known)


def test_files_are_in_the_order_of_their_hours(lake):
    names = [file.name for file in found(lake).files]
    assert names == sorted(names)
    assert len(names) == 7


def test_lists_before_one_that_is_known_are_not_read(lake):
    names = [file.name for file in found(lake).files]
    first = min(lake.glob("apitrail/lake/*/00000001.json"))
    whole = first.read_bytes()
    first.write_bytes(b"unread")
    assert [file.name for file in found(lake, names[:4]).files] == names[4:]
    assert found(lake).problems
    first.write_bytes(whole)


def test_a_list_that_is_missing_holds_all_of_the_log_back(lake):
    path = min(lake.glob("apitrail/lake/*/00000003.json"))
    whole = path.read_bytes()
    path.unlink()
    held = found(lake)
    path.write_bytes(whole)
    assert not held.files
    assert "list 7 of" in str(held.problems[0])


def test_a_newest_list_whose_note_is_on_its_way_waits(lake):
    names = [file.name for file in found(lake).files]
    path = max(lake.glob("apitrail/lake/*/*.note"))
    path.rename(lake / "kept")
    held = found(lake)
    (lake / "kept").rename(path)
    assert not held.problems
    assert [file.name for file in held.files] == names[:-1]


def test_an_older_list_without_its_note_holds_its_log_back(lake):
    path = min(lake.glob("apitrail/lake/*/00000003.note"))
    path.rename(lake / "kept")
    held = found(lake)
    (lake / "kept").rename(path)
    assert not held.files
    assert f"{path.name} is missing" in str(held.problems[0])


def test_a_directory_without_lists_is_no_lake(tmp_path):
    with pytest.raises(UsageError, match="has no lists"):
        listed_files.new_files(ArrowPlace.parse(str(tmp_path)), verify.Trust((), "--key"), ())
