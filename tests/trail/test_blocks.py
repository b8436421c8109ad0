"""What blocks of entries sum up: as their rows have it, whoever makes it, and never more than that."""

from __future__ import annotations

import random
import shutil
import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import trails
from apitrail.errors import RecordingError
from apitrail.evidence.verify import Trust, Verdict
from apitrail.evidence.verify import trail_check as verification
from apitrail.query import Filter, Pattern
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import blocks, database, posted, rebuild, search
from apitrail.trail.audit import Audit
from apitrail.trail.block_search import BlockSearch, Piece
from apitrail.trail.filter_terms import number_of
from apitrail.trail.reader import Reader
from apitrail.trail.search import Bounds
from apitrail.trail.statements import Target
from apitrail.trail.writer import Trail

CALLS, BLOCK = 420, 64
TRUST = Trust((note.Verifier.parse(str(trails.SIGNER.verifier)),), "--key")
EVERY = [Filter(event_name=(name,), read_only=read) for name in ("GetUser", "DeleteUser") for read in (True, False)]  # fmt: skip
# What a block says of one user's calls.
OF_USER = (
    "SELECT count(*) FROM (SELECT field, value FROM posted UNION ALL "
    "SELECT field, value FROM gathered) WHERE field = 7 AND value = ?"
)


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """Blocks that are small, so that a short log has some, and no condition that is rare."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", BLOCK)
        patch.setattr(blocks, "MARKED", 8)
        patch.setattr(posted, "TOGETHER", 2)
        patch.setattr(posted, "GATHERED", 4)
        patch.setattr(posted, "MOST", 40)
        patch.setattr(search, "MANY", 2)
        yield


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written in transactions of all sizes, by two writers."""
    dice, directory = random.Random(3), tmp_path_factory.mktemp("blocks") / "trail"

    async def work(opened: Trail) -> None:
        while opened.size < CALLS:
            some = range(opened.size, opened.size + dice.choice((1, 2, 5, 90)))
            await trails.append_all(opened, [trails.draft(number) for number in some])

    async def more(opened: Trail) -> None:
        await trails.append_all(opened, [trails.draft(number) for number in range(1000, 1040)])

    trails.write(directory, work)
    trails.write(directory, more)
    return directory


@pytest.fixture
def trail(written: Path, tmp_path: Path) -> Path:
    """A copy, to be changed."""
    return Path(shutil.copytree(written, tmp_path / "trail"))


def operations(trail: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(trail / database.FILE)) as connection:
        return connection.execute("SELECT * FROM operation ORDER BY 1, 2, 3").fetchall()


def verdict(trail: Path, **since: Any) -> tuple[Verdict, str]:
    report = verification.check(trail, TRUST, now=0, processes=1, **since)
    return report.verdict, str(report)


def tables(trail: Path) -> list[list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(trail / database.FILE)) as connection:
        return [
            connection.execute(f"SELECT * FROM {table} ORDER BY 1, field, {last}").fetchall()
            for table, last in (
                ("marked", "value"),
                ("coded", "layer"),
                ("posted", "value"),
                ("gathered", "value"),
            )
        ]


def found(trail: Path) -> list[list[int]]:
    with Reader(trail) as reader:
        return [list(reader.select(where)) for where in EVERY]


def test_what_is_summed_up_is_what_the_rows_have_whoever_wrote_them(trail: Path) -> None:
    with Audit(trail) as audit:
        assert audit.size // BLOCK == 7
        assert audit.missummed(0, audit.size, audit.size) is None
    assert verdict(trail)[0] is Verdict.OK


def test_the_operations_are_those_of_the_blocks(trail: Path) -> None:
    sql = "SELECT DISTINCT name, source, read_only FROM event WHERE idx < ? ORDER BY 1, 2, 3"
    with closing(sqlite3.connect(trail / database.FILE)) as connection:
        assert operations(trail) == connection.execute(sql, (7 * BLOCK,)).fetchall()
    assert len(operations(trail)) > 1


@pytest.mark.parametrize(
    "where",
    [
        Filter(event_name=(Pattern("get*"),), read_only=False),
        Filter(event_name=(Pattern("iam:Get*"), "DeleteUser"), read_only=True, event_source=("s3.amazonaws.com",)),
        Filter(event_name=("GetUser",), event_source=("other.amazonaws.com",)),
    ],
)  # fmt: skip
def test_no_block_is_read_for_operations_that_are_not_there(
    trail: Path, where: Filter, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    monkeypatch.setattr(
        BlockSearch, "_meant", lambda _self, block, *_: read.append(block) or blocks.every()
    )
    with Reader(trail) as reader:
        assert list(reader.select(where)) == []
    assert read == []


def test_an_operation_that_comes_while_it_is_asked_for_is_found(trail: Path) -> None:
    source = "other.amazonaws.com"
    where = Filter(event_name=("GetUser",), event_source=(source,))
    one, *others = (
        trails.draft(2_000 + at, name="GetUser" if at else "CreateUser", source=source)
        for at in range(151)
    )
    trails.write(trail, lambda opened: trails.append_all(opened, [one]))
    with Reader(trail) as reader:
        asked = reader._terms(where)
        trails.write(trail, lambda opened: trails.append_all(opened, others))
        found = reader._search(where, asked, Bounds(-1, reader.size))
        assert len(list(found.entries(ascending=True))) == len(others)


def test_conditions_that_never_meet_have_no_row_looked_at(
    trail: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []
    of = BlockSearch.of

    def looking(self: BlockSearch, piece: Piece, *, ascending: bool) -> Iterator[int]:
        looked_at.extend(piece)
        return of(self, piece, ascending=ascending)

    monkeypatch.setattr(BlockSearch, "of", looking)
    with Reader(trail) as reader:
        assert list(reader.select(Filter(event_name=("GetUser",), read_only=False))) == []
        # Nothing but what is not summed up yet.
        assert min(looked_at) == reader.size // BLOCK * BLOCK - 1


@pytest.mark.parametrize("version", [2, 3, 4, 5, 6, 7])
def test_an_older_trail_is_read_as_it_is_and_brought_up(trail: Path, version: int) -> None:
    written, before, operated = tables(trail), found(trail), operations(trail)
    with trails.forge(trail) as connection:
        trails.make_older(connection, version)
    if version > 2:
        assert found(trail) == before
        assert verdict(trail)[0] is Verdict.OK
    told: list[tuple[int, int]] = []
    assert rebuild.bring_up(trail / database.FILE, lambda done, of: told.append((done, of)))
    assert told[-1][0] == told[-1][1]
    assert found(trail) == before
    assert verdict(trail)[0] is Verdict.OK
    if version > 2:  # a rebuilt dictionary has other numbers
        assert tables(trail) == written
        assert operations(trail) == operated


def test_a_transaction_that_fails_as_it_completes_a_block_leaves_nothing(tmp_path: Path) -> None:
    directory = tmp_path / "trail"

    async def work(opened: Trail) -> None:
        await trails.append_all(opened, [trails.draft(number) for number in range(BLOCK - 1)])
        stop = "CREATE TRIGGER stop BEFORE INSERT ON marked BEGIN SELECT RAISE(ABORT, 'no'); END"
        with closing(sqlite3.connect(directory / database.FILE)) as connection:
            connection.execute(stop)
            with pytest.raises(RecordingError):
                await opened.append(trails.draft(BLOCK))
            with Audit(directory) as audit:
                assert audit.size == BLOCK - 1
            connection.execute("DROP TRIGGER stop")
        await opened.append(trails.draft(BLOCK + 1))  # and first what is owed

    trails.write(directory, work)
    with Audit(directory) as audit:
        assert audit.size == BLOCK + 1
    assert verdict(directory)[0] is Verdict.OK
    assert tables(directory) != [[], [], [], []]


def test_what_is_erased_is_in_no_block(trail: Path) -> None:
    with Reader(trail) as reader:
        of_user = list(reader.select(Filter(username=("user0",))))
    targets = [Target(index, ("who",)) for index in of_user]

    async def erase(opened: Trail) -> None:
        await opened.erase(targets)

    with closing(sqlite3.connect(trail / database.FILE)) as connection:
        number = number_of(connection, "user0")
        assert connection.execute(OF_USER, (number,)).fetchone() == (3,)
        trails.write(trail, erase)
        assert connection.execute(OF_USER, (number,)).fetchone() == (0,)
        codes = [blocks.codes_from(data) for (data,) in connection.execute("SELECT data FROM coded WHERE field = 7")]  # fmt: skip
    assert not any(number in listed for listed, _ in codes)
    assert verdict(trail)[0] is Verdict.OK


def test_an_operation_that_was_erased_is_not_there_any_more(trail: Path) -> None:
    with Reader(trail) as reader:
        deleted = list(reader.select(Filter(event_name=("DeleteUser",))))
    assert deleted

    async def erase(opened: Trail) -> None:
        await opened.erase([Target(index, ("what",)) for index in deleted[:-1]])

    async def rest(opened: Trail) -> None:
        await opened.erase([Target(deleted[-1], ("what",))])

    before = operations(trail)
    trails.write(trail, erase)
    assert operations(trail) == before
    assert verdict(trail)[0] is Verdict.OK
    trails.write(trail, rest)
    assert len(operations(trail)) == len(before) - 1
    assert verdict(trail)[0] is Verdict.OK


def test_an_operation_that_no_call_is_of_is_found(trail: Path) -> None:
    with trails.forge(trail) as connection:
        connection.execute("INSERT INTO operation VALUES (1, 2, 3)")
    found, told = verdict(trail)
    assert found is Verdict.TAMPERED
    assert "table 'operation' has (1, 2, 3), which no call is of" in told


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM operation", "'operation' lacks one of block"),
        ("UPDATE marked SET bits = zeroblob(8) WHERE block = 5 AND field = 0", "'read_only' in block 5"),
        ("DELETE FROM marked WHERE block = 5 AND field = 9", "'region' in block 5"),
        ("INSERT INTO marked VALUES (0, 0, 7, 5, zeroblob(8))", "'read_only' in block 5"),
        ("DELETE FROM coded WHERE block = 5 AND field = 6", "'name' in block 5"),
        ("UPDATE coded SET data = (SELECT data FROM coded WHERE block = 5 AND field = 5) WHERE block = 5 AND field = 6", "'name' in block 5"),
        ("UPDATE coded SET data = x'ffff' WHERE block = 5 AND field = 6", "sums up is not zlib"),
        ("UPDATE marked SET bits = zeroblob(99) WHERE block = 5 AND field = 9", "of another size"),
        ("INSERT INTO marked VALUES (1, 5, 2, 5, x'00')", "'marked' has a row for field 5 of block 5"),
        ("INSERT INTO coded VALUES (70, 5, 0, x'00')", "'coded' has a row for field 5 of block 70"),
        ("INSERT INTO marked VALUES (0, 5, 0, -1, x'00')", "'marked' has a row for field 5 of block -1"),
        ("DELETE FROM posted WHERE stretch = 3 AND field = 6", "'name' in block 6"),
        ("DELETE FROM gathered WHERE part = 1 AND field = 6", "'name' in block"),
        ("UPDATE gathered SET many = many | 2 WHERE part = 1 AND field = 6", "'name' in block 5"),
        ("UPDATE posted SET places = substr(places, 1, length(places) - 4) WHERE stretch = 3 AND field = 6", "'name' in block 6"),
        ("UPDATE gathered SET places = x'00' WHERE part = 1 AND field = 7", "places of a value are of another size"),
        ("UPDATE posted SET places = x'8500000084000000' WHERE stretch = 3 AND field = 7", " in "),
        ("UPDATE gathered SET places = x'5000000049000000' WHERE part = 1 AND field = 7", " in "),
        ("INSERT INTO posted VALUES (3, 7, 99, 0, x'')", "a value has no places"),
        ("INSERT INTO gathered VALUES (1, 7, 99, 0, x'ff000000')", "'gathered' has a row for field 7 of block 7"),
        ("INSERT INTO posted VALUES (3, 7, 99, 2, x'')", " block 5"),
        ("INSERT INTO gathered VALUES (1, 7, 99, 256, x'')", "a value has no places"),
        ("INSERT INTO gathered VALUES (1, 4, 99, 2, x'')", " block 5"),
        ("INSERT INTO gathered SELECT 1, field, value, many, places FROM posted WHERE stretch = 2 AND field = 14", "'operator' in block"),
    ],
)  # fmt: skip
def test_a_block_that_says_something_else_is_found(trail: Path, sql: str, said: str) -> None:
    with Audit(trail) as audit:
        checkpoint = Checkpoint(trails.SIGNER.name, 350, audit.root_at(350))
        known = note.sign(str(checkpoint), trails.SIGNER)
    with trails.forge(trail) as connection:
        assert connection.execute(sql).rowcount > 0
    for since in ({}, {"since": known, "whole": False}):
        found, told = verdict(trail, **since)
        assert found is Verdict.TAMPERED
        assert said in told


def test_what_an_old_stretch_has_is_gathered(trail: Path) -> None:
    sql = "SELECT value, places FROM gathered WHERE part = 0 AND field = 6 LIMIT 1"
    with trails.forge(trail) as connection:
        value, data = connection.execute(sql).fetchone()
        places = posted.places_from(data)
        stop = bisect_left(places, posted.TOGETHER * BLOCK)
        rest = "UPDATE gathered SET places = ? WHERE part = 0 AND field = 6 AND value = ?"
        connection.execute(rest, (places[stop:].tobytes(), value))
        connection.execute(posted.SQL, (0, 6, value, 0, places[:stop].tobytes()))
    told = verdict(trail)
    assert told[0] is Verdict.TAMPERED
    assert "'posted' has a row for field 6 of block 1" in told[1]


def test_codes_tell_entries_that_have_one_of_some_values(monkeypatch: pytest.MonkeyPatch) -> None:
    size, dice = 4_096, random.Random(9)
    monkeypatch.setattr(blocks, "SIZE", size)
    kinds = (lambda: blocks.NOTHING, lambda: 5, lambda: dice.randrange(2_000), lambda: blocks.LARGE)
    values = [dice.choices(kinds, (5, 10, 84, 1))[0]() for _ in range(size)]
    counts = Counter(values)
    ranked = sorted(
        counts.keys() - {blocks.NOTHING, blocks.LARGE}, key=lambda value: -counts[value]
    )
    layers = [blocks._coded(values, counts, ranked, layer) for layer in range(blocks.LAYERS)]
    rows = [blocks._packed(blocks._layer(*layer), 2) for layer in layers]
    listed = {value for layer, _ in layers for value in layer}
    others = counts.keys() - listed - {blocks.NOTHING}
    assert len(layers[-1][0]) > 0
    assert others
    for many in (1, 3, 40, 300):
        for known in (listed, set(ranked[:many]), listed | {blocks.NOTHING, -7, 12}, others):
            wanted = frozenset(dice.sample(sorted(known), min(many, len(known))))
            # Those that are not listed are looked at, unless each value is found before.
            maybe = (
                others
                if wanted - {v for layer, _ in layers[:-1] for v in layer} - {blocks.NOTHING}
                else set()
            )
            found = blocks.with_value(rows, wanted)
            places = [at for at, value in enumerate(values) if value in wanted | maybe]
            assert blocks.places_of(found) == places
            # The same of some entries, many and few.
            for share in (0.9, 0.1, 0.003):
                some = [at for at in range(size) if dice.random() < share]
                least = [at for at in some if values[at] in wanted]
                most = [at for at in some if values[at] in wanted | others]
                among = blocks.bits_of(some)
                told = among & blocks.with_value(rows, wanted, among)
                for found_of in (
                    blocks.places_of(told),
                    blocks.places_with_value(rows, wanted, some),
                ):
                    assert set(least) <= set(found_of) <= set(most)
                    assert found_of == sorted(found_of)
