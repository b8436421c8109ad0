"""Facets of many entries are what they are one by one."""

from __future__ import annotations

import random

import pytest

import trails
from apitrail.errors import FormatError
from apitrail.trail import database
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.statements import Target

COUNT = 150
TAGS = ("who", "what", "request", "response", "nosuch")


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    directory, dice = tmp_path_factory.mktemp("many") / "trail", random.Random(3)

    async def work(trail):
        drafts = []
        for number in range(COUNT):
            # Some are as others, some are empty, some are larger than small frames say.
            contents = (
                b"{}",
                b"",
                b"%d" % number,
                dice.randbytes(70_000) if number % 40 == 0 else b"x",
            )
            tags = dice.sample(("who", "what", "request", "response"), dice.randrange(5))
            drafts.append(Draft(kind="api", facets={tag: dice.choice(contents) for tag in tags}))
        await trails.append_all(trail, drafts)
        await trail.erase([Target(3, ("what",)), Target(4, ("who", "what", "request", "response"))])

    trails.write(directory, work)
    return directory


@pytest.mark.parametrize("tags", [TAGS, ("request", "what"), ()])
def test_they_are_as_one_by_one(trail, tags):
    with Reader(trail) as reader:
        one_by_one = {
            index: found for index in range(reader.size) if (found := reader.facets(index, tags))
        }
        assert dict(reader.many(range(reader.size), tags)) == one_by_one


def test_some_entries_are_in_order_and_once(trail):
    with Reader(trail) as reader:
        every = dict(reader.many(range(reader.size), TAGS))
        asked = [90, 7, 90, 30, 10_000, -1, 8]
        found = list(reader.many(asked, TAGS))
    assert found == [(index, every[index]) for index in (7, 8, 30, 90) if index in every]
    assert len(found) > 2


def test_a_broken_frame_is_named(trail, tmp_path):
    copy = tmp_path / "trail"
    copy.mkdir()
    (copy / database.FILE).write_bytes((trail / database.FILE).read_bytes())
    with database.connect(copy / database.FILE) as connection:
        connection.execute(
            "UPDATE facet SET data = substr(data, 1, length(data) - 1) WHERE idx = 20"
        )
    with Reader(copy) as reader, pytest.raises(FormatError, match="not zstd"):
        list(reader.many(range(reader.size), TAGS))
