"""Whatever leads to the events of a filter, the same ones are found, and in their order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import trails
from apitrail.event import Event
from apitrail.query import Filter, Pattern, Row
from apitrail.trail import (
    block_parts,
    block_search,
    blocks,
    database,
    filter_terms,
    grams,
    kept_words,
    name_search,
    posted,
    rebuild,
    search,
)
from apitrail.trail.filter_terms import number_of
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.search import Bounds, Lead, Term
from apitrail.trail.writer import Trail
from trails import T0

CALLS = 2_500
# So many entries are one block here, and an index finds the values that fewer of one have.
BLOCK, MARKED = 256, 16
RUNS = {"r1": {"build": "0"}, "r2": {"build": "1"}}
# Calls that end later may be written earlier, by and by.
NUMBERS = sorted(range(CALLS), key=lambda number: number + random.Random(number).random() * 200)


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """Blocks that are small, so that a short log has some."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", BLOCK)
        patch.setattr(blocks, "MARKED", MARKED)
        patch.setattr(block_parts, "_FEW", 2)
        patch.setattr(grams, "SIZE", 64)
        # Few values are listed, so that there are several layers and values in none.
        patch.setattr(blocks, "OTHERS", 7)
        patch.setattr(blocks, "_LISTED", 6)
        patch.setattr(blocks, "LAYERS", 3)
        # Some values are few in some blocks and many in others.
        patch.setattr(kept_words, "_CHECKED", 9)  # they are often too many to be kept
        patch.setattr(posted, "TOGETHER", 3)
        patch.setattr(posted, "GATHERED", 6)
        patch.setattr(posted, "MOST", 18)
        yield


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("search") / "trail"
    dice = random.Random(5)

    def draft(at: int) -> Draft:
        name = dice.choice(("GetUser",) * 9 + ("CreateUser",))
        if dice.random() < 0.3:
            name = f"{dice.choice(('List', 'Tag'))}Users{dice.randrange(12)}"
        # Some names and users never meet.
        user = dice.choice(("user0", "user1", None))
        return trails.draft(
            NUMBERS[at],
            resource=dice.choice(("often", "often", "seldom", f"once{at}")),
            name=name,
            user=user if name != "CreateUser" else "user0",
            run=(run := dice.choice((*RUNS, None))),
            labels=RUNS.get(run),
            operator="ci" if at % 3 else None,
        )

    async def work(opened: Trail) -> None:
        await trails.append_all(opened, [trails.run(name, RUNS[name]) for name in RUNS])
        for at in range(0, CALLS, 50):
            await trails.append_all(opened, [draft(each) for each in range(at, at + 50)])

    trails.write(directory, work)
    return directory


def filters(dice: random.Random) -> Iterator[tuple[Filter, dict[str, Any]]]:
    """Filters of up to three fields, each with a part of the log."""
    values: dict[str, list[Any]] = {
        "event_name": [
            "CreateUser", "GetUser", "Other", Pattern("get*"), Pattern("iam:List*"),
            Pattern("s3:*"), Pattern("*Users*"),
        ],
        "event_source": ["iam.amazonaws.com", "s3.amazonaws.com", Pattern("iam")],
        "username": ["user0", "user1", "nobody", Pattern("user*"), Pattern("AKIA*")],
        "access_key_id": ["AKIAIOSFODNN7EXAMPLE", "AKIANONE"],
        "resource_name": [
            "often", "seldom", "once7", "none", Pattern("once*"), Pattern("once1*"),
            Pattern("*e1*"), Pattern("*[e*"), Pattern("*en"), Pattern("se*o*"),
        ],
        "resource_type": ["AWS::IAM::User", "AWS::S3::Bucket", Pattern("*IAM*")],
        "region": ["us-east-1", "eu-west-1"],
        "source_ip": ["10.0.0.1", "10.0.0.9"],
        "run": ["r1", "r2", "r3"],
        "operator": ["ci", "mary"],
        "label": [("build=0",), ("build",), ("other=1",)],
    }  # fmt: skip
    for _ in range(200):
        chosen: dict[str, Any] = {
            name: tuple(dice.sample(values[name], dice.choice((1, 1, 2))))
            for name in dice.sample(sorted(values), dice.randint(0, 3))
        }
        if dice.random() < 0.4:
            chosen["since"] = T0 + dice.randint(-100, CALLS + 100)
        if dice.random() < 0.4:
            chosen["until"] = T0 + dice.randint(-100, CALLS + 100)
        if dice.random() < 0.2:
            chosen["error"] = dice.choice([True, "NoSuchEntity", "Other"])
        if dice.random() < 0.3:
            chosen["read_only"] = dice.choice([True, False])
        if dice.random() < 0.2:
            chosen["stand_in"] = dice.choice([True, False])
        part: dict[str, Any] = {"ascending": dice.random() < 0.3}
        if dice.random() < 0.4:
            part["before"] = dice.randint(0, CALLS + 10)
        if dice.random() < 0.4:
            part["after"] = dice.randint(-1, CALLS + 10)
        if dice.random() < 0.5:
            part["limit"] = dice.randint(1, 20)
        yield Filter(**chosen), part


@pytest.fixture(scope="module")
def rows_of(trail: Path) -> dict[int, Row]:
    with Reader(trail) as reader:
        return {
            index: Event.parse(facets).row()
            for index in range(reader.size)
            if "who" in (facets := reader.facets(index, ("who", "what")))
        }


def expected(rows: dict[int, Row], where: Filter, part: dict[str, Any]) -> list[int]:
    found = [
        index
        for index, row in rows.items()
        if part.get("after", -1) < index < part.get("before", CALLS + 99) and where.matches(row)
    ]
    return (found if part["ascending"] else found[::-1])[: part.get("limit", CALLS)]


# What is said to take long is not done: so each way is gone, and all of them in turns.
DEAR = 1e9
WAYS = [
    {},
    {"MARK": DEAR, "PACKED": DEAR, "CODES": DEAR, "SOME_CODES": DEAR, "LOOK": DEAR, "PROBE": DEAR, "POST": DEAR},
    {"MARK": DEAR, "PACKED": DEAR, "CODES": DEAR, "SOME_CODES": DEAR, "LOOK": DEAR, "PROBE": 0.0, "POST": DEAR},
    {"SEEK": DEAR, "MARK": DEAR, "PACKED": DEAR, "LOOK": DEAR, "PROBE": DEAR, "POST": DEAR},
    {"SEEK": DEAR, "CODES": DEAR, "SOME_CODES": DEAR, "LOOK": DEAR, "PROBE": DEAR, "POST": DEAR},
    {"SEEK": DEAR, "MARK": DEAR, "PACKED": DEAR, "POST": DEAR, "CODES": 50.0, "SOME_CODES": 1.0, "LOOK": DEAR},
    {"SEEK": 0.0, "ROW": 0.01, "MARK": 1.0, "PACKED": 30.0, "CODES": 2.0, "SOME_CODES": 1.0, "LOOK": 0.5},
    {"SEEK": DEAR, "CODES": 0.5, "SOME_CODES": 0.1, "LOOK": 0.02},
    {"POST": 0.0, "BESIDE": 0.0, "PLACE": 0.0, "SCAN": 0.0, "LOOK": DEAR},
    {"POST": 0.0, "BESIDE": 0.0, "PLACE": 0.1, "SCAN": 0.01, "LOOK": 1.0, "MARK": 5.0, "CODES": 10.0},
]  # fmt: skip


# With `some` of 0 each block that may have one is read, with 9,999 only what is left of it.
@pytest.mark.parametrize("way", range(len(WAYS)))
@pytest.mark.parametrize(("many", "some"), [(2, 0), (2, 9_999), (2_000, 40)])
def test_every_way_leads_to_the_same_events(
    trail: Path, rows_of: dict[int, Row], monkeypatch: pytest.MonkeyPatch,
    many: int, some: int, way: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(search, "MANY", many)
    monkeypatch.setattr(search, "_TOGETHER", 8)
    monkeypatch.setattr(block_search, "SOME", some)
    monkeypatch.setattr(block_search, "_AT_MOST", 64)
    for name, cost in WAYS[way].items():
        monkeypatch.setattr(block_parts, name, cost)
    with Reader(trail) as reader:
        for where, part in islice(filters(random.Random(11 + way)), 200 if way == 0 else 70):
            assert list(reader.select(where, **part)) == expected(rows_of, where, part), (
                where,
                part,
            )


# Names of a form are found by looking at each event, by a list of names, or by both in turn.
@pytest.mark.parametrize(
    ("first", "then", "names", "rows"),
    [(9e9, 0.0, 0, 0), (0.0, 0.0, 0, 0), (40.0, 9e9, 3, 9_999), (10.0, 300.0, 9_999, 150), (0.0, 0.0, 999, 9_999)],
)  # fmt: skip
@pytest.mark.parametrize("types", [0, 8])
def test_every_way_leads_to_the_events_of_names(
    trail: Path, rows_of: dict[int, Row], monkeypatch: pytest.MonkeyPatch,
    first: float, then: float, names: int, rows: int, types: int,
) -> None:  # fmt: skip
    for name, value in (("FIRST", first), ("THEN", then), ("NAMES", names), ("ROWS", rows)):
        monkeypatch.setattr(name_search, name, value)
    monkeypatch.setattr(name_search, "_STEP", 8)
    monkeypatch.setattr(name_search, "EACH", 0)
    monkeypatch.setattr(name_search, "_TYPES", types)
    monkeypatch.setattr(filter_terms, "BEGUN", names)
    monkeypatch.setattr(search, "MANY", 20)
    monkeypatch.setattr(block_parts, "LOOK", 4.0 if first else 0.01)
    dice = random.Random(23)
    forms = [*map(Pattern, ("once*", "*e1*", "*7", "*o*", "se*", "*[*", "none*")), "often", "none"]
    with Reader(trail) as reader:
        for where, part in islice(filters(dice), 60):
            named = replace(where, resource_name=tuple(dice.sample(forms, dice.choice((1, 1, 2)))))
            expect = expected(rows_of, named, part)
            assert list(reader.select(named, **part)) == expect, (named, part)


def term(column: str, number: int) -> Term:
    lead = Lead(index=f"event_{column}", condition=f"{column} = ?", alternatives=((number,),))
    return Term(sql=f"e.{column} = ?", values=(number,), lead=lead)


def plan(reader: Reader, *terms: Term) -> str:
    bounds = Bounds(-1, reader.size)
    leading = search._leading(search._count(reader._database, term.lead, bounds) for term in terms)
    sql, values = search._query(terms, bounds, leading.lead, "DESC")
    rows = reader._database.execute(f"EXPLAIN QUERY PLAN {sql} LIMIT 50", values)
    return "; ".join(row[3] for row in rows)


@pytest.mark.parametrize("many", [2, 2_000])
def test_the_rarest_leads_and_nothing_is_sorted(
    trail: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(search, "MANY", many)
    with Reader(trail) as reader:
        rare, common = (
            term("name", number_of(reader._database, "CreateUser")),
            term("region", number_of(reader._database, "us-east-1")),
        )
        for terms in ((rare, common), (common, rare)):
            told = plan(reader, *terms)
            assert "event_name" in told
            assert "TEMP B-TREE" not in told


def test_a_time_leads_to_a_part_of_the_log(trail: Path) -> None:
    with Reader(trail) as reader:
        every = Bounds(-1, reader.size)
        early = search.within(reader._database, every, None, T0 + 300)
        assert (early.after, early.before) == (-1, database.SPAN)
        late = search.within(reader._database, every, T0 + CALLS - 100, None)
        assert (late.after, late.before) == (2 * database.SPAN - 1, reader.size)
        never = search.within(reader._database, every, T0 + 2 * CALLS, None)
        assert never.after >= never.before - 1


def test_a_rebuilt_trail_has_the_same_spans(trail: Path, tmp_path: Path) -> None:
    with Reader(trail) as reader:
        written = reader._database.execute("SELECT * FROM span ORDER BY block").fetchall()
    assert len(written) == 3
    copy = tmp_path / "trail.db"
    copy.write_bytes((trail / "trail.db").read_bytes())
    with trails.forge(tmp_path) as connection:
        connection.execute("UPDATE derived SET version = 2")
    assert rebuild.bring_up(copy)
    with Reader(tmp_path) as reader:
        assert reader._database.execute("SELECT * FROM span ORDER BY block").fetchall() == written


@pytest.mark.parametrize("span", [range(300), range(299, -1, -1), range(13, 77), range(76, 12, -1)])
@pytest.mark.parametrize("kept", [0, 1000])
def test_a_search_goes_on_by_blocks_that_end_with_a_part_of_places(span: range, kept: int) -> None:
    start, found = 0, list[range]()
    while some := block_search._chunk(span[start:], start, start, kept):
        start += len(some)
        found.append(some)
    assert [block for some in found for block in some] == [*span]
    for some in found[:-1]:
        first, last = some[0] // posted.GATHERED, some[-1] // posted.GATHERED
        after = some[-1] + span.step
        assert first == last or after // posted.GATHERED != last
    # The next ones are as many as may fill the page.
    assert len(found[1]) <= 4 if kept else len(found[1]) > 4
