"""How often each value stands in a column: a trail and a bundle of it count alike."""

from __future__ import annotations

from collections import Counter

import pytest

import trails
from apitrail.delivery import export
from apitrail.evidence.bundle import Bundle
from apitrail.query import Filter, Pattern, shown_in
from apitrail.trail import search
from apitrail.trail.reader import Reader

COLUMNS = (
    "event_name",
    "event_source",
    "username",
    "error",
    "region",
    "run",
    "operator",
    "source_ip",
)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    place = tmp_path_factory.mktemp("tally")

    async def work(trail):
        await trail.append(trails.opening())
        await trail.append(trails.run("r1", {"build": "7"}))
        drafts = [trails.draft(n, run="r1" if n % 2 else None, operator="ci") for n in range(20)]
        await trails.append_all(trail, [*drafts, trails.draft(20, user=None)])

    trails.write(place / "trail", work)
    with Reader(place / "trail") as reader:
        export.to_file(reader, export.Job(), form="bundle", path=place / "all.zip")
        with Bundle.open(place / "all.zip") as bundle:
            yield reader, bundle


@pytest.mark.parametrize(
    "where",
    [
        Filter(),
        Filter(event_name=("GetUser",)),
        Filter(username=(Pattern("user*"),), read_only=False),
        Filter(resource_name=("target4",)),
        Filter(error=True, since=trails.T0 + 5),
        Filter(operator=("nobody",)),
    ],
    ids=str,
)
def test_it_is_what_the_rows_have(both, where):
    reader, bundle = both
    rows = [bundle.row(index) for index in bundle.select(where)]
    wanted = {name: Counter(shown_in(row, name) for row in rows) for name in COLUMNS}
    known = list(bundle.select(where))
    for source, among in ((reader, None), (bundle, None), (reader, known), (bundle, known)):
        found = source.tally(where, COLUMNS, limit=100, among=among)
        assert (found.calls, found.is_all) == (len(rows), True)
        assert {name: Counter(counts) for name, counts in found.values.items()} == wanted
        assert list(found.times) == [row.time for row in rows]
        assert list(found.failed) == [row.time for row in rows if row.error]


def test_the_newest_are_counted_and_that_there_are_more_is_said(both):
    for source in both:
        found = source.tally(Filter(), ("event_name",), limit=3)
        assert (found.calls, found.is_all) == (3, False)
        assert list(found.times) == sorted(found.times, reverse=True)
        assert sum(found.values["event_name"].values()) == 3


def test_a_caller_without_a_name_is_counted_by_the_key(both):
    for source in both:
        assert (
            source.tally(Filter(), ("username",), limit=100).values["username"][
                "AKIA0000000000000002"
            ]
            == 1
        )


def test_with_little_effort_the_newest_that_were_found_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(search, "_ASKED", 50)
    trails.make(tmp_path / "trail", calls=400)
    with Reader(tmp_path / "trail") as reader:
        everything = reader.tally(Filter(), ("event_name",), limit=1000)
        found = reader.tally(Filter(), ("event_name",), limit=1000, effort=1_500)
        assert (everything.is_all, found.is_all) == (True, False)
        assert 0 < found.calls < everything.calls
        assert list(found.times) == list(everything.times[: found.calls])
        # The bound is gone with it.
        assert reader.tally(Filter(), (), limit=1000).calls == everything.calls
