"""The places of sparse values: what they say, alone and held against what else is known of entries."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import trails
from apitrail.event import Event
from apitrail.query import Filter, Pattern
from apitrail.trail import block_parts, blocks, entries_left, posted, search
from apitrail.trail.block_parts import Part, Rates, Told
from apitrail.trail.entries_left import Places, by_block
from apitrail.trail.reader import Reader

CALLS, BLOCK = 900, 64
NAMES = [f"ListUsers{at}" for at in range(9)] + ["GetUser"]


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """Small blocks, of which some have many entries of a value, and no way but by places."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", BLOCK)
        patch.setattr(posted, "TOGETHER", 3)
        patch.setattr(posted, "GATHERED", 6)
        patch.setattr(posted, "MOST", 7)
        patch.setattr(blocks, "MARKED", 10)  # of a few nothing tells but an index
        patch.setattr(search, "MANY", 2)
        for name in ("POST", "BESIDE", "PLACE", "SCAN"):
            patch.setattr(block_parts, name, 0.0)
        for name in ("LOOK", "SEEK", "PROBE", "CODES", "SOME_CODES"):
            patch.setattr(block_parts, name, 1e9)
        yield


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory, dice = tmp_path_factory.mktemp("posted") / "trail", random.Random(4)
    weights = [1 / (at + 1) for at in range(len(NAMES))]
    drafts = [
        trails.draft(
            at,
            name=dice.choices(NAMES, weights)[0],
            user=f"user{int(9 * dice.random() ** 2)}",
            source=dice.choice(("iam.amazonaws.com", "s3.amazonaws.com")),
        )
        for at in range(CALLS)
    ]
    trails.write(directory, lambda opened: trails.append_all(opened, drafts))
    return directory


def expected(reader: Reader, what: Part, after: int, before: int) -> set[int]:
    column = "source << 32 | name" if what.field == blocks.BOTH else blocks.FIELDS[what.field][1]
    marks = ", ".join(map(str, what.values))
    sql = f"SELECT idx FROM event WHERE ({column}) IN ({marks}) AND idx > ? AND idx < ?"
    return {index for (index,) in reader._database.execute(sql, (after, before))}


def open_from(reader: Reader) -> int:
    return block_parts.summed(reader._database) // posted.TOGETHER - 1


def parts(reader: Reader, dice: random.Random) -> Iterator[tuple[Part, int, int, range]]:
    """Parts of some values, and some blocks of a part of the log."""
    for _ in range(300):
        number = dice.choice((6, 7, blocks.BOTH))
        column = "source << 32 | name" if number == blocks.BOTH else blocks.FIELDS[number][1]
        every = [row[0] for row in reader._database.execute(f"SELECT DISTINCT {column} FROM event")]
        values = frozenset(dice.sample(sorted(every), dice.choice((1, 2, 4))))
        first = dice.randrange(10)
        some = range(first, dice.randrange(first, 13) + 1)
        after, before = dice.randint(-1, 200), dice.randint(700, CALLS)
        yield Part(number, values), after, before, some


def test_places_are_those_that_the_rows_have(trail: Path) -> None:
    told_of, dice = 0, random.Random(5)
    with Reader(trail) as reader:
        for what, after, before, some in parts(reader, dice):
            told = Told(
                reader._database, some, after, before, Rates(), ungathered=open_from(reader)
            )
            places = told.posted(what)
            if places is not None:
                told_of += bool(len(places))
                low, high = told.limits
                assert places.indexes() == expected(reader, what, low, high)
                assert len(places) == len(places.indexes())
    assert told_of > 80


def test_what_is_in_two_is_the_same_in_each_form(trail: Path) -> None:
    dice, told_of = random.Random(6), 0
    with Reader(trail) as reader:
        every = [*parts(reader, dice)]
        for (one, after, before, some), (other, *_) in pairwise(every):
            told = Told(
                reader._database, some, after, before, Rates(), ungathered=open_from(reader)
            )
            first, second = told.posted(one), told.posted(other)
            if first is None or second is None:
                continue
            both = first.indexes() & second.indexes()
            told_of += bool(both)
            for left in (first, first.indexes(), by_block(first)):
                for right in (second, second.indexes(), by_block(second)):
                    found = entries_left.within(left, right)
                    assert not isinstance(found, Places)
                    assert as_set(found) == both
    assert told_of > 20


def as_set(left: entries_left.Left) -> set[int]:
    if isinstance(left, dict):
        return {block * BLOCK + at for block, bits in left.items() for at in blocks.places_of(bits)}
    return left.indexes() if isinstance(left, Places) else left


@pytest.mark.parametrize("name", ["iam:*3", "s3:*Users*", "*:ListUsers8", "iam*:Get*", "s3:*none"])
@pytest.mark.parametrize("user", [None, "user8", Pattern("*7")])
@pytest.mark.parametrize("ascending", [False, True])
def test_an_operation_of_a_service_is_found_by_both(
    trail: Path, name: str, user: str | Pattern | None, ascending: bool
) -> None:
    where = Filter(event_name=(Pattern(name),), username=() if user is None else (user,))
    with Reader(trail) as reader:
        rows = {
            index: Event.parse(facets).row()
            for index in range(reader.size)
            if "who" in (facets := reader.facets(index, ("who", "what")))
        }
        matching = [index for index, row in rows.items() if where.matches(row)]
        found = list(reader.select(where, ascending=ascending))
        assert found == (matching if ascending else matching[::-1])
