"""Many calls are counted as if each had been looked at alone."""

from __future__ import annotations

import random

import pytest

import trails
from apitrail.delivery import export
from apitrail.policy import shares
from apitrail.policy import usage as counting
from apitrail.policy.kept_call import calls
from apitrail.policy.needed import needs
from apitrail.policy.usage import usage, usage_of
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target
from policy.some_calls import draft

TAGS = ("who", "what", "request", "response")


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    directory, dice = tmp_path_factory.mktemp("usage") / "trail", random.Random(7)

    async def work(trail):
        await trails.append_all(trail, [draft(number, dice) for number in range(600)])
        await trail.erase([Target(5, ("request",)), Target(6, TAGS)])

    trails.write(directory, work)
    return directory


def one_by_one(trail, where=Filter(), **options):  # noqa: B008
    with Reader(trail) as reader:
        found = needs(calls(reader, where, TAGS), **options)
    return found.calls, found.denied, found.counts, found.untold, found.shared, found.entries


def at_once(trail, where=Filter(), **options):  # noqa: B008
    found = usage(trail, where, **options)
    return found.calls, found.denied, found.counts, found.untold, found.shared, found.entries


def test_it_is_as_if_each_call_had_been_looked_at(trail):
    assert at_once(trail) == one_by_one(trail)
    assert at_once(trail, denied=True) == one_by_one(trail, denied=True)
    some = Filter(event_name=("PutObject",))
    assert at_once(trail, some) == one_by_one(trail, some)


def test_it_is_so_where_little_can_be_remembered(trail, monkeypatch):
    monkeypatch.setattr(counting, "REMEMBERED", 3)
    assert at_once(trail) == one_by_one(trail)


def test_several_processes_find_the_same(trail, monkeypatch):
    monkeypatch.setattr(shares, "WORTH", 250)
    monkeypatch.setattr(shares, "PIECE", 100)
    assert at_once(trail, processes=2) == one_by_one(trail)


def test_a_log_that_is_open_is_counted_by_this_process(trail):
    where = Filter(event_name=("PutObject",))
    with Reader(trail) as reader:
        assert usage_of(reader, where).counts == usage(trail, where).counts


def test_a_bundle_is_counted_too(trail, tmp_path):
    path = tmp_path / "evidence.zip"
    with Reader(trail) as reader:
        job = export.Job(where=Filter(event_name=("PutItem",)))
        export.to_file(reader, job, form="bundle", path=path)
    where = Filter(event_name=("PutItem",))
    assert at_once(path, where) == one_by_one(trail, where)
