"""What parts of the dictionary sum up: as their strings have it, whoever makes it, and never less."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import trails
from apitrail.evidence.verify import Trust, Verdict
from apitrail.evidence.verify import trail_check as verification
from apitrail.query import Filter, Pattern
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import database, grams, name_search, rebuild
from apitrail.trail.audit import Audit
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target
from apitrail.trail.writer import Trail

CALLS = 100
TRUST = Trust((note.Verifier.parse(str(trails.SIGNER.verifier)),), "--key")


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """Parts that are small, so that a short log has some; and no event is looked at for its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grams, "SIZE", 16)
        patch.setattr(name_search, "FIRST", -1)
        yield


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each call names a resource of its own."""
    directory = tmp_path_factory.mktemp("grams") / "trail"

    async def work(opened: Trail) -> None:
        for number in range(CALLS):
            await opened.append(trails.draft(number, resource=f"thing-{number:03}-é"))

    trails.write(directory, work)
    return directory


@pytest.fixture
def trail(written: Path, tmp_path: Path) -> Path:
    """A copy, to be changed."""
    return Path(shutil.copytree(written, tmp_path / "trail"))


def verdict(trail: Path, **since: Any) -> tuple[Verdict, str]:
    report = verification.check(trail, TRUST, now=0, processes=1, **since)
    return report.verdict, str(report)


def table(trail: Path, name: str = "grams") -> dict[int, bytes]:
    with closing(sqlite3.connect(trail / database.FILE)) as connection:
        return dict(connection.execute(f"SELECT part, bits FROM {name} ORDER BY part").fetchall())


def found(trail: Path, form: str) -> list[int]:
    with Reader(trail) as reader:
        return list(reader.select(Filter(resource_name=(Pattern(form),))))


def test_what_is_summed_up_is_what_the_strings_have(trail: Path) -> None:
    with Audit(trail) as audit:
        assert audit.ungrammed() is None
        newest = grams.last(audit._database)
    assert newest > CALLS
    for name in ("grams", "pairs"):
        assert [*table(trail, name)] == [*range(newest // grams.SIZE)]
    assert verdict(trail)[0] is Verdict.OK


def test_three_bytes_have_the_place_that_the_format_says() -> None:
    assert grams.places(b"abc") == {97 * 5417 % 16384 ^ 98 * 8543 % 16384 ^ 99 * 12791 % 16384}
    assert grams.places(b"ab") == set()
    assert grams.places(b"ab", grams.PAIRS) == {97 << 7 | 98}
    assert grams.places(b"\xc3\xff", grams.PAIRS) == {67 << 7 | 127}
    data = random.Random(1).randbytes(500)
    for kind, many in ((grams.TRIPLES, 3), (grams.PAIRS, 2)):
        each = [grams.places(data[one : one + many], kind) for one in range(501 - many)]
        assert grams.places(data, kind) == set[int]().union(*each)


def test_a_string_of_a_form_has_its_places() -> None:
    dice, letters = random.Random(2), "ab-/é:\0"
    for _ in range(3_000):
        string = "".join(dice.choices(letters, k=dice.randrange(9)))
        form = "".join(dice.choices(f"{letters}**", k=dice.randrange(7)))
        if Pattern(form).matches(string, exactly=True):
            strings, wanted = [b"x", string.encode(), b"y\0"], grams.of_form(form)
            assert grams.of_strings(strings).issuperset(wanted.triples), (form, string)
            pairs = grams.of_strings(strings, grams.PAIRS)
            assert pairs.issuperset(wanted.pairs), (form, string)
            assert {letter & 127 for letter in wanted.letters} <= {place >> 7 for place in pairs}


def test_what_is_asked_of_short_pieces() -> None:
    wanted = grams.of_form("a*bc*d*efg*")
    assert wanted.letters in (b"bd", b"d")
    assert wanted.pairs == (98 << 7 | 99,)
    assert grams.of_form("*bc*d*", with_pairs=False) == grams.Wanted()
    assert grams.of_form("*") == grams.Wanted()


@pytest.mark.parametrize(
    ("form", "many", "name"),
    [
        ("*ing-04*", 10, "grams"),
        ("*04*", 11, "pairs"),
        ("*04*1-*", 1, "pairs"),
        ("*05*3-*", 1, "pairs"),
    ],
)
def test_only_the_strings_of_parts_that_have_a_form_are_looked_at(
    trail: Path, form: str, many: int, name: str
) -> None:
    assert len(found(trail, form)) == many
    with Reader(trail) as reader:
        parts = grams.parts(reader._database, grams.of_form(form))
        assert parts is not None
        assert len(parts) <= len(table(trail))
    # With no bit of it in the table nothing is found: so nothing else was looked at.
    with trails.forge(trail) as connection:
        connection.execute(f"UPDATE {name} SET bits = zeroblob(2048)")
    assert found(trail, form) == []


def test_few_parts_have_a_rare_pair_or_letter(trail: Path) -> None:
    trails.write(trail, lambda opened: opened.append(trails.draft(500, resource="Q~q")))
    trails.write(
        trail,
        lambda opened: trails.append_all(
            opened, [trails.draft(600 + at, resource=f"more-{at}") for at in range(40)]
        ),
    )
    with Reader(trail) as reader:
        for form in ("*Q*", "*~q*", "*Q*~*"):
            assert len(grams.parts(reader._database, grams.of_form(form)) or ()) <= 2
    assert len(found(trail, "*Q*")) == len(found(trail, "*~*q")) == 1


def test_what_is_erased_is_in_no_part(trail: Path) -> None:
    [index] = found(trail, "*ing-041-*")

    async def erase(opened: Trail) -> None:
        await opened.erase([Target(index, ("what",))])

    before = table(trail)
    trails.write(trail, erase)
    assert found(trail, "*ing-041-*") == []
    assert len([part for part, bits in table(trail).items() if bits != before[part]]) == 1
    assert verdict(trail)[0] is Verdict.OK


def test_a_number_that_is_given_again_is_found_by_its_new_string(trail: Path) -> None:
    newest = found(trail, "*thing-*")[:30]

    async def erase(opened: Trail) -> None:
        await opened.erase([Target(index, ("what",)) for index in newest])

    async def more(opened: Trail) -> None:
        for number in range(40):
            await opened.append(trails.draft(CALLS + number, resource=f"other-{number:03}"))

    before = len(table(trail))
    trails.write(trail, erase)
    assert len(table(trail)) < before
    trails.write(trail, more)
    assert len(table(trail)) >= before
    assert len(found(trail, "*er-0*")) == 40
    assert verdict(trail)[0] is Verdict.OK


@pytest.mark.parametrize(
    ("sql", "said", "is_new"),
    [
        ("UPDATE grams SET bits = zeroblob(2048) WHERE part = 5", "strings in part 5", True),
        ("UPDATE grams SET bits = zeroblob(2048) WHERE part = 0", "strings in part 0", False),
        ("UPDATE grams SET bits = x'00' WHERE part = 5", "", True),
        ("INSERT INTO grams VALUES (99, zeroblob(2048))", "a row for part 99", False),
        ("INSERT INTO grams VALUES (-1, zeroblob(2048))", "a row for part -1", False),
        ("UPDATE pairs SET bits = zeroblob(2048) WHERE part = 5", "strings in part 5", True),
        ("UPDATE pairs SET bits = zeroblob(2048) WHERE part = 0", "strings in part 0", False),
        ("UPDATE pairs SET bits = x'00' WHERE part = 5", "", True),
        ("INSERT INTO pairs VALUES (99, zeroblob(2048))", "'pairs' has a row for part 99", False),
    ],
)
def test_a_part_that_says_something_else_is_found(
    trail: Path, sql: str, said: str, is_new: bool
) -> None:
    with Audit(trail) as audit:
        checkpoint = Checkpoint(trails.SIGNER.name, 30, audit.root_at(30))
        known = note.sign(str(checkpoint), trails.SIGNER)
    with trails.forge(trail) as connection:
        assert connection.execute(sql).rowcount > 0
    verdicts = [verdict(trail), *([verdict(trail, since=known, whole=False)] if is_new else [])]
    for result, told in verdicts:
        assert result is Verdict.TAMPERED
        assert said in told


def test_a_part_that_is_missing_is_looked_at_whole(trail: Path) -> None:
    with trails.forge(trail) as connection:
        connection.execute("DELETE FROM grams WHERE part = 3")
        connection.execute("DELETE FROM pairs WHERE part = 2")
    assert len(found(trail, "*ing-0*")) == len(found(trail, "*-0*n*")) + CALLS == CALLS
    assert len(found(trail, "*n*-0*")) == CALLS
    assert verdict(trail)[0] is Verdict.OK


@pytest.mark.parametrize("version", [4, 5])
def test_an_older_trail_is_read_as_it_is_and_brought_up(trail: Path, version: int) -> None:
    forms = ("*ing-04*", "*04*", "*7*")
    written = table(trail), table(trail, "pairs")
    before = [found(trail, form) for form in forms]
    with trails.forge(trail) as connection:
        trails.make_older(connection, version)
    assert [found(trail, form) for form in forms] == before
    assert verdict(trail)[0] is Verdict.OK
    assert rebuild.bring_up(trail / database.FILE)
    assert (table(trail), table(trail, "pairs")) == written
    assert [found(trail, form) for form in forms] == before
    assert verdict(trail)[0] is Verdict.OK
