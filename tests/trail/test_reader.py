"""One filter in three copies, of which none may differ: `Filter.matches`, SQL, and verify.py."""

from __future__ import annotations

import importlib.util
import json
import random
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import trails
from apitrail.event import Event
from apitrail.evidence.bundle.manifest import filter_to_json, parse_filter
from apitrail.query import COLUMNS, Filter, Pattern
from apitrail.trail.reader import Reader
from trails import T0, make

CALLS = 60
FILTERS = 800


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
            await opened.append(
                trails.draft(
                    number,
                    run=f"run{number % 2}",
                    labels={"build": str(number % 2), "team": "a"},
                )
            )
        for number in (0, 1):
            await opened.append(trails.run(f"run{number}", {"build": str(number), "team": "a"}))
        dice = random.Random(5)
        for number in range(CALLS + 20, CALLS + 140):
            await opened.append(
                trails.draft(
                    number,
                    name=dice.choice(NAMES),
                    source=dice.choice(("iam.amazonaws.com", "s3.amazonaws.com", "odd")),
                    resource=dice.choice(ODD),
                    user=dice.choice(("user1", "User2", None)),
                )
            )

    trails.write(directory, work)
    return directory


NAMES = ("CreateUser", "GetUser", "GetObject", "a:b", "x[1]?", "Größe")
ODD = (
    "Mary", "mary", "a*b", "aXb", "logs/2026/a[0].txt", "logs/2026/a0.txt", "a\0b", "ß", "a?b",
)  # fmt: skip
FORMS = (
    "*", "", "**", "create*", "*User", "iam:*", "IAM:get*", "*:*user", "s3*", "i*", "S3.AMAZONAWS.COM",
    "user1", "USER*", "akia*2", "AKIA*", "a*b", "m*y", "M*", "logs/*/a[0]*", "a?b", "*[*", "*\0*",
    "aws::iam::*", "GRÖSSE", "größe", "a*", "*b", "target*", "a:b", ":", "*ß",
)  # fmt: skip
PATTERNED = ("event_name", "event_source", "username", "resource_name", "resource_type")


def patterns(dice: random.Random) -> Iterator[Filter]:
    """Each form in each field, and a thousand of several fields and values."""
    yield from (Filter(**{field: (Pattern(form),)}) for field in PATTERNED for form in FORMS)
    plain = [*NAMES, *ODD, "user1", "User2", "iam.amazonaws.com", "odd", "AWS::IAM::User", "AKIA0000000000000001"]  # fmt: skip
    for _ in range(1000):
        fields = dice.sample([*PATTERNED, "access_key_id", "region"], dice.randint(1, 3))
        chosen: dict[str, Any] = {
            field: tuple(
                Pattern(dice.choice(FORMS))
                if field in PATTERNED and dice.random() < 0.6
                else dice.choice(plain)
                for _ in range(dice.randint(1, 3))
            )
            for field in fields
        }
        yield Filter(
            **chosen,
            error=dice.choice([None, None, True, "NoSuchEntity", "nosuch"]),
            read_only=dice.choice([None, None, True, False]),
            since=dice.choice([None, T0 + 40]),
            until=dice.choice([None, T0 + 120]),
        )


LABELS = ("build=0", "build=1", "build", "team=a", "team", "team=b", "other", "")


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
        if dice.random() < 0.3:
            chosen["label"] = tuple(
                tuple(dice.sample(LABELS, dice.randint(1, 2))) for _ in range(dice.randint(1, 3))
            )
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
        for where in (*filters(random.Random(5)), *patterns(random.Random(7))):
            expected = [index for index, row in rows.items() if where.matches(row)]
            assert list(reader.select(where, ascending=True)) == expected, where
            asked = filter_to_json(where)
            assert parse_filter(asked) == where
            program.check_filter(asked)
            there = [index for index, row in theirs.items() if program.matches(asked, row)]
            assert there == expected, where
            found += bool(expected)
    assert found > FILTERS // 10


def test_each_field_lists_its_values(trail: Path) -> None:
    with Reader(trail) as reader:
        assert set(reader.values("event_name")) == {*NAMES, "DeleteUser"}
        assert sorted(reader.values("username")) == ["User2", "user0", "user1", "user2"]
        assert list(reader.values("region")) == ["us-east-1"]
        assert set(ODD) < set(reader.values("resource_name"))
        assert {"build": "0", "team": "a"} in [labels for _, labels in reader.run_labels()]
        for name in COLUMNS:
            assert name == "event_id" or len(set(reader.values(name))) == len(
                list(reader.values(name))
            )


def test_labels_of_different_keys_must_all_hold(trail: Path) -> None:
    with Reader(trail) as reader:

        def count(*groups: tuple[str, ...]) -> int:
            return len(list(reader.select(Filter(label=groups))))

        assert count(("build=0", "build=1")) == 20
        assert count(("build=0",), ("team=a",)) == 10
        assert count(("build=0",), ("team=b",)) == 0


def test_since_is_included_and_until_excluded(trail: Path) -> None:
    # The call of number n ended at T0 + n + 1.
    with Reader(trail) as reader:
        one = list(reader.select(Filter(since=T0 + 5, until=T0 + 6)))
        assert len(one) == 1
        assert list(reader.select(Filter(since=T0 + 5, until=T0 + 5))) == []
