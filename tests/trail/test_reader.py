"""One filter in three copies, of which none may differ: `Filter.matches`, SQL, and verify.py."""

from __future__ import annotations

import importlib.util
import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import trails
from apitrail.event import Event
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from trails import T0, make

CALLS = 60
FILTERS = 1_500


@pytest.fixture(scope="module")
def program() -> ModuleType:
    """The verifier that bundles carry."""
    path = Path(str(resources.files("apitrail.evidence.bundle").joinpath("files/verify.py")))
    spec = importlib.util.spec_from_file_location("standalone_verifier", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = make(tmp_path_factory.mktemp("filters") / "trail", CALLS)

    async def work(opened: Any) -> None:
        for number in range(CALLS, CALLS + 20):
            await opened.append(trails.draft(number, run=f"run{number % 2}"))

    trails.write(directory, work)
    return directory


def filters(dice: random.Random) -> Iterator[Filter]:
    """Filters of one to four fields, over values that are there and some that are not."""
    values: dict[str, list[Any]] = {
        "event_name": ["CreateUser", "GetUser", "DeleteUser", "createuser"],
        "event_source": ["iam.amazonaws.com", "s3.amazonaws.com"],
        "username": ["user0", "user1", "user2", "nobody"],
        "access_key_id": [f"AKIA{number:016}" for number in range(4)],
        "resource_name": [f"target{number}" for number in range(0, CALLS, 7)] + ["none"],
        "resource_type": ["AWS::IAM::User", "AWS::S3::Bucket"],
        "region": ["us-east-1", "eu-west-1"],
        "source_ip": [f"10.0.0.{number}" for number in range(6)],
        "run": ["run0", "run1", "run2"],
    }
    for _ in range(FILTERS):
        chosen: dict[str, Any] = {
            name: tuple(dice.sample(values[name], dice.randint(1, 2)))
            for name in dice.sample(sorted(values), dice.randint(0, 2))
        }
        if dice.random() < 0.4:
            chosen["since"] = T0 + dice.randint(-2, CALLS + 22)
        if dice.random() < 0.4:
            chosen["until"] = T0 + dice.randint(-2, CALLS + 22)
        if dice.random() < 0.2:
            chosen["error"] = dice.choice([True, "NoSuchEntity", "Other"])
        if dice.random() < 0.2:
            chosen["read_only"] = dice.choice([True, False])
        yield Filter(**chosen)


def test_all_copies_of_the_filter_find_the_same(trail: Path, program: ModuleType) -> None:
    with Reader(trail) as reader:
        events = {
            index: Event.parse(reader.facets(index, ("who", "what")))
            for index in reader.select(Filter(), ascending=True)
        }
        facets = {index: reader.facets(index, ("who", "what")) for index in events}
        rows = {index: event.row() for index, event in events.items()}
        theirs = {
            index: program.project(index, json.loads(each["who"]), json.loads(each["what"]))
            for index, each in facets.items()
        }
        found = 0
        for where in filters(random.Random(5)):
            expected = [index for index, row in rows.items() if where.matches(row)]
            assert list(reader.select(where, ascending=True)) == expected, where
            asked = {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in asdict(where).items()
                if value is not None and value != ()
            }
            there = [index for index, row in theirs.items() if program.matches(asked, row)]
            assert there == expected, where
            found += bool(expected)
    assert found > FILTERS // 10


def test_since_is_included_and_until_excluded(trail: Path) -> None:
    # The call of number n ended at T0 + n + 1.
    with Reader(trail) as reader:
        one = list(reader.select(Filter(since=T0 + 5, until=T0 + 6)))
        assert len(one) == 1
        assert list(reader.select(Filter(since=T0 + 5, until=T0 + 5))) == []
