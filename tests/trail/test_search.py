"""Whatever leads to the events of a filter, the same ones are found, and in their order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import trails
from apitrail.event import Event
from apitrail.query import Filter, Row
from apitrail.trail import database, rebuild, search
from apitrail.trail.reader import Reader
from apitrail.trail.search import Bounds, Lead, Term
from apitrail.trail.writer import Trail
from trails import T0

CALLS = 2_500
# Calls that end later may be written earlier, by and by.
NUMBERS = sorted(range(CALLS), key=lambda number: number + random.Random(number).random() * 200)


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("search") / "trail"
    dice = random.Random(5)
    drafts = [
        trails.draft(
            NUMBERS[at],
            resource=dice.choice(("often", "often", "seldom", f"once{at}")),
            name=dice.choice(("GetUser",) * 9 + ("CreateUser",)),
        )
        for at in range(CALLS)
    ]

    async def work(opened: Trail) -> None:
        await trails.append_all(opened, drafts)

    trails.write(directory, work)
    return directory


def filters(dice: random.Random) -> Iterator[tuple[Filter, dict[str, Any]]]:
    """Filters of up to three fields, each with a part of the log."""
    values: dict[str, list[Any]] = {
        "event_name": ["CreateUser", "GetUser", "Other"],
        "username": ["user0", "user1", "nobody"],
        "resource_name": ["often", "seldom", "once7", "none"],
        "resource_type": ["AWS::IAM::User", "AWS::S3::Bucket"],
        "region": ["us-east-1", "eu-west-1"],
        "source_ip": ["10.0.0.1", "10.0.0.9"],
    }
    for _ in range(120):
        chosen: dict[str, Any] = {
            name: tuple(dice.sample(values[name], dice.randint(1, 2)))
            for name in dice.sample(sorted(values), dice.randint(0, 3))
        }
        if dice.random() < 0.4:
            chosen["since"] = T0 + dice.randint(-100, CALLS + 100)
        if dice.random() < 0.4:
            chosen["until"] = T0 + dice.randint(-100, CALLS + 100)
        if dice.random() < 0.2:
            chosen["error"] = dice.choice([True, "NoSuchEntity", "Other"])
        if dice.random() < 0.2:
            chosen["read_only"] = dice.choice([True, False])
        part: dict[str, Any] = {"ascending": dice.random() < 0.3}
        if dice.random() < 0.4:
            part["before"] = dice.randint(0, CALLS + 10)
        if dice.random() < 0.4:
            part["after"] = dice.randint(-1, CALLS + 10)
        if dice.random() < 0.5:
            part["limit"] = dice.randint(1, 20)
        yield Filter(**chosen), part


@pytest.fixture(scope="module")
def rows(trail: Path) -> dict[int, Row]:
    with Reader(trail) as reader:
        return {
            index: Event.parse(reader.facets(index, ("who", "what"))).row()
            for index in range(reader.size)
        }


def expected(rows: dict[int, Row], where: Filter, part: dict[str, Any]) -> list[int]:
    found = [
        index
        for index, row in rows.items()
        if part.get("after", -1) < index < part.get("before", CALLS + 99) and where.matches(row)
    ]
    return (found if part["ascending"] else found[::-1])[: part.get("limit", CALLS)]


@pytest.mark.parametrize("many", [2, 2_000])
def test_every_way_leads_to_the_same_events(
    trail: Path, rows: dict[int, Row], monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(search, "MANY", many)
    with Reader(trail) as reader:
        for where, part in filters(random.Random(11)):
            assert list(reader.select(where, **part)) == expected(rows, where, part), (where, part)


def term(column: str, number: int) -> Term:
    lead = Lead(index=f"event_{column}", condition=f"{column} = ?", alternatives=((number,),))
    return Term(sql=f"e.{column} = ?", values=(number,), lead=lead)


def plan(reader: Reader, *terms: Term) -> str:
    bounds = Bounds(-1, reader.size)
    sql, values = search.query(reader._database, terms, bounds, order="DESC")
    rows = reader._database.execute(f"EXPLAIN QUERY PLAN {sql} LIMIT 50", values)
    return "; ".join(row[3] for row in rows)


@pytest.mark.parametrize("many", [2, 2_000])
def test_the_rarest_leads_and_nothing_is_sorted(
    trail: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(search, "MANY", many)
    with Reader(trail) as reader:
        rare, common = (
            term("name", reader._id("CreateUser")),
            term("region", reader._id("us-east-1")),
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
