"""Which values of two columns meet: as the rows have it, whoever makes it, and never a page less for it."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import trails
from apitrail.event import Event
from apitrail.evidence.verify import Trust, Verdict
from apitrail.evidence.verify import trail_check as verification
from apitrail.query import Filter, Pattern
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import (
    block_parts,
    blocks,
    database,
    meeting,
    met,
    posted,
    rebuild,
    search,
)
from apitrail.trail.audit import Audit
from apitrail.trail.block_parts import Part, Rates, Told
from apitrail.trail.block_search import Narrowing
from apitrail.trail.filter_terms import number_of
from apitrail.trail.meeting import Meeting
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.search import Bounds
from apitrail.trail.statements import Target
from apitrail.trail.writer import Trail

CALLS, BLOCK = 700, 64
TRUST = Trust((note.Verifier.parse(str(trails.SIGNER.verifier)),), "--key")
SOURCES = ("iam.amazonaws.com", "s3.amazonaws.com", "sqs.amazonaws.com")
VERBS = ("Get", "List", "Delete", "Create")
# The number of each field.
NAME, USER, KEY, ADDRESS = (
    blocks.NUMBER["event", column] for column in ("name", "username", "access_key_id", "source_ip")
)


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """Small blocks, rows of few of them, and what is told is asked wherever it may be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", BLOCK)
        patch.setattr(blocks, "MARKED", 8)
        patch.setattr(posted, "TOGETHER", 2)
        patch.setattr(posted, "GATHERED", 4)
        patch.setattr(posted, "MOST", 40)
        patch.setattr(met, "TOGETHER", 3)
        patch.setattr(met, "MOST", 20)
        patch.setattr(search, "MANY", 2)
        patch.setattr(meeting, "_READ", 0.0)
        patch.setattr(meeting, "_HELD", 0.0)
        yield


def draft(at: int, dice: random.Random) -> Draft:
    """A call of somebody who calls few operations, and now and then of others."""
    user = int(10 * dice.random() ** 2)
    source = dice.choice(SOURCES) if dice.random() < 0.02 else SOURCES[user % 3]
    own = VERBS if dice.random() < 0.02 else VERBS[:2] if user % 2 else VERBS[2:]
    return trails.draft(at, user=f"user{user}", source=source, name=f"{dice.choice(own)}{user % 4}")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written in transactions of all sizes."""
    dice, directory = random.Random(8), tmp_path_factory.mktemp("met") / "trail"

    async def work(opened: Trail) -> None:
        while opened.size < CALLS:
            some = range(opened.size, opened.size + dice.choice((1, 2, 5, 90)))
            await trails.append_all(opened, [draft(number, dice) for number in some])

    trails.write(directory, work)
    return directory


@pytest.fixture
def trail(written: Path, tmp_path: Path) -> Path:
    """A copy, to be changed."""
    return Path(shutil.copytree(written, tmp_path / "trail"))


def verdict(trail: Path, **since: Any) -> tuple[Verdict, str]:
    report = verification.check(trail, TRUST, now=0, processes=1, **since)
    return report.verdict, str(report)


def rows(trail: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(trail / database.FILE)) as connection:
        return connection.execute("SELECT * FROM met ORDER BY 1, 2, 3").fetchall()


def expected(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """What `met` is by the rows of `event`: in the simplest way."""
    (size,) = connection.execute("SELECT max(idx) + 1 FROM entry").fetchone()
    of: dict[tuple[int, int, int], dict[tuple[int, int], int]] = {}
    told: dict[tuple[int, int, int], int] = {}
    for unit in range(blocks.done(size)):
        block, other = divmod(unit, len(blocks.FIELDS))
        for one in met.FIELDS:
            if one >= other or other not in met.FIELDS:
                continue
            columns = blocks.FIELDS[one][1], blocks.FIELDS[other][1]
            sql = f"SELECT {', '.join(columns)} FROM entry LEFT JOIN event USING (idx) WHERE idx / ? = ?"
            every = connection.execute(sql, (BLOCK, block)).fetchall()
            assert len(every) == BLOCK
            most = len({first for first, _ in every}) * len({second for _, second in every}) // 2
            if len({*every}) > min(most, met.MOST):
                continue
            key, bit = (one, other, block // met.TOGETHER), 1 << block % met.TOGETHER
            told[key] = told.get(key, 0) | bit
            pairs = of.setdefault(key, {})
            for first, second in every:
                pair = (
                    0 if first is None else first + 1,
                    0 if second is None else second + 1,
                )
                pairs[pair] = pairs.get(pair, 0) | bit
    return [
        (
            *key, told[key],
            b"".join((first << 32 | second).to_bytes(8, "little") for first, second in sorted(pairs))
            + bytes(pairs[pair] for pair in sorted(pairs)),
        )
        for key, pairs in sorted(of.items())
    ]  # fmt: skip


def test_what_meets_is_what_the_rows_have_whoever_wrote_them(trail: Path) -> None:
    with closing(sqlite3.connect(trail / database.FILE)) as connection:
        assert rows(trail) == expected(connection)
    assert {(one, other) for one, other, *_ in rows(trail)} >= {
        (NAME, USER),
        (blocks.FIRST_CODED, USER),
    }
    assert len({told for *_, told, _ in rows(trail)}) > 2
    assert verdict(trail)[0] is Verdict.OK


def column(values: list[int | None]) -> met.Column | None:
    """By the codes that a block has of them."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE event(idx INTEGER PRIMARY KEY, source INTEGER)")
        connection.executemany("INSERT INTO event VALUES (?, ?)", [*enumerate(values)])
        found = blocks.summed(connection, 0, blocks.FIRST_CODED)
    return met.Column.of(found.layers)


@pytest.mark.parametrize("most", [30, 300, 1_024])
@pytest.mark.parametrize("kinds", [2, 200, 254, 255, 600, 1_016, 1_017])
def test_the_pairs_of_columns_of_few_and_many_values(
    monkeypatch: pytest.MonkeyPatch, most: int, kinds: int
) -> None:
    size, dice = 2_048, random.Random(kinds)
    monkeypatch.setattr(blocks, "SIZE", size)
    monkeypatch.setattr(met, "MOST", most)
    first: list[int | None] = [*range(1, kinds + 1), *(dice.randint(1, kinds) for _ in range(size))][:size]  # fmt: skip
    for share in (0.0, 0.1):
        for many in (1, 3, 400):
            one = [None if dice.random() < share else value for value in first]
            # The other one goes with it, but for a few entries.
            other = [
                None if value is None else value % many if dice.random() > 0.01 else 7
                for value in one
            ]
            every = {*zip(one, other, strict=True)}
            numbers = {
                (0 if a is None else a + 1) << 32 | (0 if b is None else b + 1) for a, b in every
            }
            sides = {*one}, {*other}
            is_few = len(every) <= min(most, len(sides[0]) * len(sides[1]) // 2)
            is_listed = max(len(side - {None}) for side in sides) <= 254 * blocks.LAYERS
            columns = column(one), column(other)
            found = met.together(*columns) if columns[0] and columns[1] else None
            assert found == (numbers if is_few and is_listed else None)
            if columns[0] and columns[1] and is_few:
                turned = met.together(columns[1], columns[0])
                assert turned == {pair >> 32 | (pair & 0xFFFF_FFFF) << 32 for pair in numbers}


def test_a_number_that_has_no_room_is_not_told() -> None:
    values = [at % 2 for at in range(BLOCK)]
    assert column([*values[1:], blocks.LARGE - 2]) is not None
    assert column([*values[1:], blocks.LARGE - 1]) is None
    assert column([*values[1:], blocks.LARGE]) is None


ASKED = [
    {"username": (Pattern("user[02468]"), "user1")}, {"username": ("user3",)}, {"username": (Pattern("user*"),)},
    {"event_name": (Pattern("List*"),)}, {"event_name": (Pattern("iam:Get*"),)}, {"event_name": ("Delete0", "Create2")},
    {"event_source": (SOURCES[1],)}, {"event_source": (Pattern("s*"),)}, {"read_only": False}, {"read_only": True},
    {"access_key_id": ("AKIA0000000000000001",)}, {"access_key_id": ("AKIA0000000000000000", "AKIA0000000000000002")}, {"source_ip": ("10.0.0.3", "10.0.0.1")},
    {"error": True}, {"error": "NoSuchEntity"}, {"resource_type": ("AWS::IAM::User",)}, {"resource_name": (Pattern("*rget1*"),)},
]  # fmt: skip
FILTERS = [
    one | other for one, other in combinations(ASKED, 2) if not one.keys() & other.keys()
] + [
    one | other | third
    for one, other, third in random.Random(2).sample([*combinations(ASKED, 3)], 100)
    if len({*one, *other, *third}) == 3
]


@pytest.mark.parametrize("ascending", [False, True])
def test_no_page_changes(trail: Path, monkeypatch: pytest.MonkeyPatch, ascending: bool) -> None:
    excluded, left_of = 0, Meeting.left

    def counting(self: Meeting, told: Told) -> list[int] | None:
        nonlocal excluded
        left = left_of(self, told)
        excluded += 0 if left is None else len(told.some) - len(left)
        return left

    monkeypatch.setattr(Meeting, "left", counting)
    with Reader(trail) as reader:
        events = [
            (index, Event.parse(facets).row())
            for index in range(reader.size)
            if "who" in (facets := reader.facets(index, ("who", "what")))
        ]
        for fields in FILTERS:
            where = Filter(**fields)  # type: ignore[arg-type]
            matching = [index for index, row in events if where.matches(row)]
            found = [*reader.select(where, ascending=ascending)]
            assert found == (matching if ascending else matching[::-1]), fields
            some = [*reader.select(where, ascending=ascending, before=500)]
            assert some == [index for index in found if index < 500]
    assert excluded > 200


def test_of_what_never_meets_nothing_is_told(trail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[range] = []
    narrowed = Narrowing.__init__

    def telling(self: Narrowing, what: Told, *rest: Any) -> None:
        told.extend([what.some] if what.is_summed else [])
        narrowed(self, what, *rest)

    monkeypatch.setattr(Narrowing, "__init__", telling)
    never = Filter(username=("user1", "user9"), event_name=(Pattern("Delete*"),))
    with Reader(trail) as reader:
        assert [*reader.select(Filter(username=("user1", "user9"), event_name=("Get1",)))]
        every, _ = len(told), told.clear()
        found = [*reader.select(never)]
        events = [Event.parse(reader.facets(index, ("who", "what"))).row() for index in found]
    assert all(map(never.matches, events))
    assert len(told) < every


def test_the_blocks_that_are_left_are_those_that_may_have_both(trail: Path) -> None:
    dice, told_of = random.Random(4), 0
    fields = sorted({(one, other) for one, other, *_ in rows(trail)})
    with Reader(trail) as reader:
        connection = reader._database
        whole = block_parts.summed(connection)
        values = {
            number: [
                blocks.NOTHING if value is None else value
                for (value,) in connection.execute(
                    f"SELECT DISTINCT {blocks.FIELDS[number][1]} FROM event"
                )
            ]
            for number in met.FIELDS
        }
        for _ in range(600):
            parts = [
                Part(
                    number,
                    frozenset(dice.sample(values[number], min(dice.choice((1, 2, 4)), len(values[number])))),
                    is_other=dice.random() < 0.2,
                )
                for number in dice.choice(fields)
            ]  # fmt: skip
            first = dice.randrange(whole)
            some = range(first, dice.randrange(first, whole) + 1)
            told = Told(connection, some, -1, reader.size, Rates())
            asked = Meeting(connection, [((part,),) for part in parts])
            left = asked.left(told)
            expected = [block for block in some if may_meet(connection, block, parts)]
            told_of += len(expected) < len(some)
            assert left == (None if len(expected) == len(some) else expected)
    assert told_of > 100


def may_meet(connection: sqlite3.Connection, block: int, parts: list[Part]) -> bool:
    """May a block have both, as far as it is told? By its own pairs."""
    one, other = sorted(parts, key=lambda part: part.field)
    pairs = met.of_field(connection, block, other.field).get(one.field)
    return pairs is None or any(
        ((pair >> 32) - 1 in one.values) != one.is_other
        and ((pair & 0xFFFF_FFFF) - 1 in other.values) != other.is_other
        for pair in pairs
    )


def test_only_entries_that_are_given_are_found(trail: Path) -> None:
    where = Filter(username=("user1", "user3", "user4"), event_name=(Pattern("Delete*"),))
    with Reader(trail) as reader:
        found = [*reader.select(where, ascending=True)]
        asked = reader._terms(where)
        searched = reader._search(where, asked, Bounds(-1, reader.size))._block_search(asked)
        some = searched.among(found[::2])
        assert [*some.entries(-1, reader.size, ascending=True)] == found[::2]


def test_what_is_erased_meets_nothing(trail: Path) -> None:
    with Reader(trail) as reader:
        of_user = [*reader.select(Filter(username=("user1",)))]
        all_but_name = [*reader.select(Filter(username=("user2",)))]
    targets = [Target(index, ("who",)) for index in of_user]
    targets += [Target(index, ("what",)) for index in all_but_name]

    async def erase(opened: Trail) -> None:
        await opened.erase(targets)

    with closing(sqlite3.connect(trail / database.FILE)) as connection:
        gone = [number_of(connection, f"user{at}") + 1 for at in (1, 2)]
        assert had(rows(trail), gone) == {*gone}
        trails.write(trail, erase)
        assert had(rows(trail), gone) == set()
        assert rows(trail) == expected(connection)
    assert verdict(trail)[0] is Verdict.OK


def had(rows: list[tuple[Any, ...]], numbers: list[int]) -> set[int]:
    """Which of some values rows of users have."""
    every = [(one, other, met.columns_from(met.split(data)[0])) for one, other, _, _, data in rows]
    first = {value for one, _, (values, _) in every if one == USER for value in values}
    second = {value for _, other, (_, values) in every if other == USER for value in values}
    return (first | second) & {*numbers}


def test_a_block_that_has_too_many_after_an_erasure_has_no_row(trail: Path) -> None:
    # The first block alone: its row is there, or not, by what is left.
    async def erase(opened: Trail) -> None:
        await opened.erase([Target(index, ("who",)) for index in range(BLOCK - 2)])

    trails.write(trail, erase)
    with closing(sqlite3.connect(trail / database.FILE)) as connection:
        assert rows(trail) == expected(connection)
    assert verdict(trail)[0] is Verdict.OK


def test_a_trail_without_it_is_read_as_it_is_and_brought_up(trail: Path) -> None:
    where = Filter(username=("user1", "user2"), read_only=False)
    before = rows(trail)
    with Reader(trail) as reader:
        found = [*reader.select(where)]
    with trails.forge(trail) as connection:
        trails.make_older(connection, 7)
    assert verdict(trail)[0] is Verdict.OK
    with Reader(trail) as reader:
        assert [*reader.select(where)] == found
    assert rebuild.bring_up(trail / database.FILE)
    assert rows(trail) == before
    assert verdict(trail)[0] is Verdict.OK


ONE = f"one = {NAME} AND other = {USER} AND stretch = 1"


OTHER = "INSERT INTO met SELECT {}, told, pairs FROM met WHERE " + ONE
MEET, ORDER = "what values of 'username' meet in block", "what values meet is in no order"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (f"DELETE FROM met WHERE {ONE}", MEET),
        (f"UPDATE met SET told = 1 WHERE {ONE}", "what values"),
        (f"UPDATE met SET pairs = zeroblob(9) WHERE {ONE}", "what values"),
        (f"UPDATE met SET pairs = substr(pairs, 2) WHERE {ONE}", "what values meet is of another size"),
        (f"UPDATE met SET told = told + 8 WHERE {ONE}", ORDER),
        (f"UPDATE met SET pairs = CAST(substr(pairs, 9, 8) || substr(pairs, 1, 8) || substr(pairs, 17, length(pairs) / 9 * 8 - 16) || substr(pairs, length(pairs) / 9 * 8 + 2, 1) || substr(pairs, length(pairs) / 9 * 8 + 1, 1) || substr(pairs, length(pairs) / 9 * 8 + 3) AS BLOB) WHERE {ONE}", ORDER),
        ("INSERT INTO met VALUES (12, 13, 1, 0, x'')", ORDER),
        ("INSERT INTO met VALUES (12, 13, 1, 1, x'')", "what values"),
        (OTHER.format(f"{USER}, {NAME}, 1"), f"'met' has a row for fields {USER} and {NAME} of block"),
        (OTHER.format(f"1, {USER}, 1"), f"'met' has a row for fields 1 and {USER} of block"),
        (OTHER.format(f"{NAME}, 14, 1"), f"'met' has a row for fields {NAME} and 14 of block"),
        (OTHER.format(f"{NAME}, {USER}, 70"), f"'met' has a row for fields {NAME} and {USER} of block 21"),
        (OTHER.format(f"{NAME}, {USER}, -1"), f"'met' has a row for fields {NAME} and {USER} of block -"),
    ],
)  # fmt: skip
def test_a_row_that_says_something_else_is_found(trail: Path, sql: str, said: str) -> None:
    with Audit(trail) as audit:
        checkpoint = Checkpoint(trails.SIGNER.name, 200, audit.root_at(200))
        known = note.sign(str(checkpoint), trails.SIGNER)
    with trails.forge(trail) as connection:
        assert connection.execute(sql).rowcount > 0
    before = "-1" in sql  # of these nothing is asked later
    for since in ({},) if before else ({}, {"since": known, "whole": False}):
        found, told = verdict(trail, **since)
        assert found is Verdict.TAMPERED
        assert said in told
