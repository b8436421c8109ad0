"""The index and its cache on disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from apitrail.aws.find import index


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CACHE", str(tmp_path))
    monkeypatch.setattr(index, "_loaded", None)
    return tmp_path


def test_it_is_built_once_and_then_read(fresh):
    built = index.load()
    [cached] = fresh.iterdir()
    index._loaded = None
    read = index.load()

    assert [s.name for s in read.services] == [s.name for s in built.services]
    assert cached.name.startswith("catalogue-")


@pytest.mark.parametrize("damage", [b"{", b'{"services": [{}]}'])
def test_a_damaged_cache_costs_only_time(fresh, damage):
    index.cache().write_bytes(damage)

    assert index.load().signing["dynamodb"]


def test_a_cache_that_cannot_be_written_costs_only_time(fresh, monkeypatch):
    (fresh / "file").write_text("")
    monkeypatch.setenv("APITRAIL_CACHE", str(fresh / "file" / "below"))

    assert index.load().signing["dynamodb"]


def test_threads_share_one_index(fresh):
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: id(index.load()), range(4)))

    assert len(found) == 1
