"""The calls before and after one."""

from __future__ import annotations

from uuid import UUID

import pytest

import trails
from apitrail.event import Event
from apitrail.trail.reader import Reader
from apitrail.web.console import neighbours


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with Reader(trails.make(tmp_path_factory.mktemp("near") / "trail", calls=9)) as opened:
        yield opened


def around(reader, number):
    [index] = reader.find(str(UUID(int=number + 1)))
    event = Event.parse(reader.facets(index))
    return index, event


@pytest.mark.parametrize(("number", "before", "after"), [(0, None, 3), (4, 1, 7), (8, 5, None)])
def test_those_of_the_same_caller(reader, number, before, after):
    found = {each.what: each for each in neighbours.of(reader, *around(reader, number))}
    wanted = [None if n is None else str(UUID(int=n + 1)) for n in (before, after)]
    assert [found["caller"].previous, found["caller"].next] == wanted
    assert (found["resource"].previous, found["resource"].next) == (None, None)
    assert "run" not in found


def test_the_last_call_of_the_same_operation(reader):
    index, event = around(reader, 7)
    assert neighbours.last_of_operation(reader, index, event) == around(reader, 4)[0]
    assert neighbours.last_of_operation(reader, *around(reader, 1)) is None
