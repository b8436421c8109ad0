"""SQL over a lake, and what it must not do."""

from __future__ import annotations

import shutil

import pytest

import investigated
from apitrail.delivery.lake import lake_files, lake_sql
from apitrail.delivery.lake.dialects import ALWAYS
from apitrail.delivery.lake.lake_files import ArrowPlace
from apitrail.errors import UsageError
from apitrail.reading import sql


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    # Characters that DuckDB takes for a pattern.
    return investigated.lake(tmp_path_factory.mktemp("la[k]e*?'"), logs=1)


def ask(lake, statement, **options):
    with lake_sql.ask(lake_files.find(ArrowPlace.parse(str(lake))), statement, **options) as answer:
        return list(answer.rows)


def test_columns_are_those_of_a_trail_and_say_where_the_entry_is(lake):
    files = lake_files.find(ArrowPlace.parse(str(lake)))
    with lake_sql.ask(files, "SELECT * FROM events") as answer:
        assert {"eventName", "userIdentity.arn", "log", "idx", "leaf_hash", "eventday"} <= {
            *answer.columns
        }


def test_times_are_shown_as_cloudtrail_writes_them(lake):
    assert ask(lake, "SELECT min(eventTime), max(recorded) > min(recorded) FROM events") == [
        ("2026-11-26T22:00:00Z", 1)
    ]


def test_a_path_leads_through_lists(lake):
    path = "requestParameters.ipPermissions.items.ipRanges.items.cidrIp"
    found = ask(lake, f"SELECT {path} FROM events WHERE requestParameters.groupId = 'sg-43'")
    assert found == [('["10.0.0.0/8","10.9.0.0/16"]',)]
    assert ask(lake, f"SELECT count(*) FROM events WHERE {path} = '0.0.0.0/0'") == [(2,)]


def test_values_of_any_type_can_be_shown(lake):
    statement = """SELECT 1.5::DOUBLE, 'NaN'::DOUBLE, 2::HUGEINT, 1.25::DECIMAL(9,2), [1, 2], {'a': DATE '2026-01-01'},
        TRUE, NULL, INTERVAL 1 HOUR, 'x'::BLOB, TIMESTAMP '2026-01-01 00:00:00.5'"""
    [row] = ask(lake, statement)
    assert row[:8] == (1.5, "nan", 2, 1.25, "[1,2]", '{"a":"2026-01-01"}', 1, None)
    assert row[9:] == (b"x", "2026-01-01T00:00:00.500000")
    files = lake_files.find(ArrowPlace.parse(str(lake)))
    for output in ("table", "json", "jsonl", "csv", "text"):
        with lake_sql.ask(files, statement) as answer:
            assert "1.25" in "".join(sql.lines(answer, output=output))


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("COPY events TO 'x.csv'", "only one SELECT"),
        ("EXPLAIN ANALYZE COPY events TO 'lake/x.csv'", "only one SELECT"),
        ("CREATE TABLE x AS SELECT 1", "only one SELECT"),
        ("INSTALL httpfs", "only one SELECT"),
        ("SET enable_external_access = true", "only one SELECT"),
        ("ATTACH '/tmp/x.db'", "only one SELECT"),
        ("SELECT 1; DROP VIEW events", "only one SELECT"),
        ("", "no statement"),
        ("SELECT * FROM read_text('/etc/passwd')", "cannot access file"),
        ("SELECT * FROM '/etc/passwd'", "does not exist|cannot access"),
        ("SELECT * FROM glob('/*')", "cannot access"),
        ("SELECT * FROM read_csv('https://example.com/x.csv')", "cannot access|cannot open"),
        ("SELECT * FROM files", "does not exist"),
        ("SELECT nosuch FROM events", "nosuch"),
        ("SELECT substr(eventTime, 1, 4) FROM events", "no function matches"),
        ("SELECT record FROM events", "no column 'record'"),
        ("SELEC 1", "syntax error"),
    ],
)  # fmt: skip
def test_what_is_not_a_question_is_refused_in_one_line(lake, statement, says):
    files = "a name of Python's, which is no table"
    before = sorted(lake.rglob("*"))
    with pytest.raises(UsageError, match=says) as raised:
        ask(lake, statement)
    assert "\n" not in str(raised.value)
    assert files
    assert sorted(lake.rglob("*")) == before


def test_a_question_ends_in_time(lake):
    with pytest.raises(UsageError, match="took too long"):
        ask(
            lake,
            "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range < b.range",
            timeout=0.05,
        )


def test_memory_is_bounded(lake):
    with pytest.raises(UsageError, match="more memory") as raised:
        ask(lake, "SELECT string_agg(repeat('x', 1000000), '') FROM range(200)", memory="50MB")
    assert "--memory" in str(raised.value.hint)
    with pytest.raises(UsageError, match="not a size of memory: 'much'"):
        ask(lake, "SELECT 1", memory="much")


def test_a_file_that_is_none_is_named(lake, tmp_path):
    copy = shutil.copytree(lake, tmp_path / "copy")
    path = min(copy.glob("eventday=*/*"))
    path.write_bytes(b"PAR1 no")
    with pytest.raises(UsageError, match=path.name) as raised:
        ask(copy, "SELECT count(*) FROM events")
    assert "lake verify" in str(raised.value.hint)


def test_nothing_is_left_of_a_question(lake, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ask(lake, "SELECT count(*) FROM events")
    assert not list(tmp_path.iterdir())


def test_a_period_without_files_has_no_calls(lake):
    files = lake_files.find(ArrowPlace.parse(str(lake)), ALWAYS)
    files = lake_files.LakeFiles(files.place, ())
    with lake_sql.ask(files, "SELECT eventTime, userIdentity.arn FROM events") as answer:
        assert list(answer.rows) == []
