"""A list is read strictly: each of its entries is told of once, or it is none."""

from __future__ import annotations

import json

import pytest

from apitrail.delivery.lake import lake_list
from apitrail.delivery.lake.lake_list import LakeList
from apitrail.errors import FormatError


@pytest.fixture
def said(lake):
    return json.loads(lake.lists()[1].read_bytes())


def parse(said):
    return LakeList.parse(json.dumps(said).encode())


def test_parsing_is_the_inverse_of_dumping(lake):
    for path in lake.lists():
        assert LakeList.parse(path.read_bytes()).dump() == path.read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["files"][0].update(indexes="2", rows=1),
        lambda s: s["files"][0].update(rows=3),
        lambda s: s["files"][0].update(indexes="2-4", rows=3),
        lambda s: s["files"].append(s["files"][0]),
        lambda s: s["files"].clear(),
        lambda s: s.update(stop=5),
        lambda s: s.update(start=1),
        lambda s: s["peaks"].append("00" * 32),
        lambda s: s.update(peaks=["zz"]),
        lambda s: s.update(hour="noon"),
        lambda s: s["rowless"].append({"index": 2, "kind": "api", "time": 1, "hash": "0" * 64}),
        lambda s: s["files"][0].update(name="../x.parquet"),
        lambda s: s["files"][0].update(sha256="x"),
        lambda s: s.pop("previous"),
    ],
)
def test_a_list_that_does_not_tell_of_each_entry_once_is_malformed(said, change):
    change(said)
    with pytest.raises(FormatError, match=r"malformed|peaks"):
        parse(said)


def test_members_of_a_later_version_are_read_over(said):
    assert parse(said | {"later": 1}) == parse(said)


def test_an_entry_without_a_row_stands_in_for_one(said):
    said["files"][0].update(indexes="2", rows=1)
    said["rowless"].append({"index": 3, "kind": "run", "time": 1, "hash": "0" * 64})
    assert parse(said).rowless[0].kind == "run"


def test_a_logs_folder_is_a_name_and_no_other_logs():
    names = {lake_list.folder(o) for o in ("a/b", "a_b", "a.b", "../a", "ä", "", "x" * 300)}
    assert len(names) == 7
    assert all("/" not in name and not name.startswith(".") and len(name) < 80 for name in names)
