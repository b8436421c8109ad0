"""The twenty questions: `apitrail lake sql` answers each as `apitrail sql` does on the log's trail."""

from __future__ import annotations

from functools import cache

import duckdb
import pytest

import delivering
import investigated
import scans
from apitrail.delivery.lake import committing, iceberg_table, lake_files, lake_sql, questions
from apitrail.delivery.lake.dialects import ALWAYS, DUCKDB, LAKE, TRAIL, Period
from apitrail.delivery.lake.lake_files import ArrowPlace
from apitrail.errors import UsageError
from apitrail.evidence import verify
from apitrail.evidence.opening import open_source
from apitrail.reading import sql

NAMES = [question.name for question in questions.QUESTIONS]
# How many of the crafted calls answer a question; the others count calls of many.
EXPECTED = {
    "root-use": 2, "key-made": 1, "key-used": 4, "principal-did": 11, "region-first-used": 3,
    "console-logins": 2, "secret-read": 2, "policy-changes": 1, "resource-story": 4, "run-did": 2,
    "trail-changes": 2, "groups-opened": 2, "buckets-opened": 3, "roles-across-accounts": 2,
    "deletions": 5,
}  # fmt: skip
MIDNIGHT, HALF = 1_795_737_600_000, 1_800_000
HOUR = Period(MIDNIGHT - HALF - 500, MIDNIGHT + HALF - 500)
DURING = "eventtime >= '2026-11-26T23:30:00+00:00' AND eventtime < '2026-11-27T00:30:00+00:00'"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return investigated.lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def told(lake):
    """What `apitrail lake sql` answers."""
    files = lake_files.find(ArrowPlace.parse(str(lake)))

    @cache
    def call(name, period=ALWAYS, log=None):
        text = LAKE.ask(*asked(name), period)
        with lake_sql.ask(files, text, log=log) as answer:
            return list(answer.rows)

    return call


@pytest.fixture(scope="module")
def table(lake):
    keys = tuple(delivering.signer(lake.parent / f"trail{n}").verifier for n in range(2))
    place, catalog = ArrowPlace.parse(str(lake)), f"sqlite:///{lake.parent}/catalog.db"
    found = iceberg_table.open_table(catalog, location=place.url(), properties={})
    committing.commit(place, found, verify.Trust(keys, "--key"), lake.parent / "lock")
    return found.table


@pytest.fixture(scope="module")
def duck(lake):
    """DuckDB on the files, without our view."""
    source = f"read_parquet('{lake}/eventday=*/*.parquet', hive_partitioning = true, hive_types = {{'eventday': 'VARCHAR'}})"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW events AS SELECT * FROM {source}")
        yield connection


def asked(name):
    question = questions.named(name)
    return question, {need: investigated.VALUES[need] for need in question.needs}


def periods(name):
    """In an hour hardly any of the crafted calls is there."""
    return (ALWAYS,) if name in EXPECTED and name != "region-first-used" else (ALWAYS, HOUR)


@pytest.mark.parametrize("name", NAMES)
def test_a_log_in_a_lake_answers_as_its_trail(lake, told, name):
    with open_source(lake.parent / "trail1") as source:
        for period in periods(name):
            with sql.ask(source, TRAIL.ask(*asked(name), period)) as answer:
                own = list(answer.rows)
            assert told(name, period, investigated.origin(1)) == own
            if period == ALWAYS:
                assert own
                assert len(own) == EXPECTED.get(name, len(own))


@pytest.mark.parametrize("name", NAMES)
def test_a_scan_of_the_iceberg_table_gives_the_same(told, table, name):
    values = asked(name)[1]
    assert told(name) == scans.answer(table, name, values, "")
    if HOUR in periods(name):
        assert told(name, HOUR) == scans.answer(table, name, values, DURING)


@pytest.mark.parametrize("name", NAMES)
def test_duckdb_without_our_view_gives_the_same(told, duck, name):
    for period in periods(name):
        found = duck.execute(DUCKDB.ask(*asked(name), period)).to_arrow_table().num_rows
        assert len(told(name, period)) == found


def test_calls_from_outside_are_those_of_no_network_and_no_service(told):
    found = {str(row[0]) for row in told("calls-from-outside")}
    addresses = {address for address in found if not address.startswith("10.")}
    assert addresses == {"198.51.100.7", "203.0.113.5", "2001:db8::7", "192.0.2.12"}


def test_there_are_twenty_and_each_asks_in_words():
    assert len(set(NAMES)) == 20
    assert all(question.words.endswith("?") for question in questions.QUESTIONS)


def test_a_value_that_is_missing_is_named():
    with pytest.raises(UsageError, match="key-made needs a key"):
        questions.named("key-made").values({})


def test_a_value_that_is_not_needed_is_refused():
    with pytest.raises(UsageError, match="top-talkers needs no 'key'"):
        questions.named("top-talkers").values({"key": "AKIA1"})


def test_an_unknown_question_has_the_nearest_name_as_hint():
    with pytest.raises(UsageError, match="'root-used'") as raised:
        questions.named("root-used")
    assert raised.value.hint == "did you mean root-use?"
