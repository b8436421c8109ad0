"""SQL over trails: CloudTrail's names, what may not be asked, what an index answers."""

import json
import signal
import threading

import pytest

import trails
from apitrail.__main__ import run
from apitrail.delivery import export
from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.evidence.opening import open_source
from apitrail.reading import sql
from apitrail.reading.sql.field import Fields
from apitrail.trail.reader import Reader


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    return trails.make(tmp_path_factory.mktemp("sql") / "trail", 12)


def ask(trail, statement, **options):
    with open_source(trail) as source, sql.ask(source, statement, **options) as answer:
        return list(answer.rows)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("eventName", "GetUser"),
        ("eventSource", "iam.amazonaws.com"),
        ("awsRegion", "us-east-1"),
        ("sourceIPAddress", "10.0.0.1"),
        ("eventTime", "2026-11-22T06:46:40Z"),
        ("eventID", "00000000-0000-0000-0000-000000000002"),
        ("readOnly", 1),
        ("errorCode", None),
        ('"userIdentity.userName"', "user1"),
        ("userIdentity.userName", "user1"),
        ("e.userIdentity.accessKeyId", "AKIA0000000000000001"),
        ("`userIdentity.type`", "IAMUser"),
        ("[userIdentity.nothing]", None),
        ("username", "user1"),
        ("time", trails.T0 + 2),
        ("idx", 3),
    ],
)
def test_columns_are_named_as_in_cloudtrail(trail, column, value):
    assert ask(trail, f"SELECT {column} FROM events e WHERE idx = 3") == [(value,)]


@pytest.mark.parametrize("form", ["trail", "bundle"])
def test_labels_of_the_run_are_columns(tmp_path, form):
    path = tmp_path / "trail"

    async def work(writer):
        await writer.append(trails.draft(0, run="r1", labels={"build": "7", "a.b": "c"}))
        await writer.append(trails.draft(1))

    trails.write(path, work)
    if form == "bundle":
        with Reader(path) as reader:
            export.to_file(reader, export.Job(), form="bundle", path=tmp_path / "bundle.zip")
        path = tmp_path / "bundle.zip"
    assert ask(path, 'SELECT labels, labels.build, "labels.a.b" FROM events ORDER BY idx') == [
        ('{"build":"7","a.b":"c"}', "7", "c"),
        (None, None, None),
    ]
    assert ask(path, "SELECT idx FROM events WHERE labels.build = '7'") == [(0,)]
    with open_source(path) as source, sql.ask(source, "SELECT * FROM events") as answer:
        assert "labels" in answer.columns


def test_star_agrees_with_the_record(trail):
    with Reader(trail) as reader, sql.ask(reader, "SELECT * FROM events WHERE idx = 5") as answer:
        [row] = answer.rows
        shown = dict(zip(answer.columns, row, strict=True))
        record = Event.parse(reader.facets(5)).record()
    for name, value in record.items():
        if not isinstance(value, dict | list):
            assert shown[name] == value, name
    assert json.loads(shown["userIdentity"]) == record["userIdentity"]


def test_the_whole_record_is_a_column(trail):
    [(text,)] = ask(trail, "SELECT record FROM events WHERE idx = 5")
    assert json.loads(text)["eventName"] == "CreateUser"
    [(name,)] = ask(trail, "SELECT json_extract(e.record, '$.eventName') FROM events e WHERE idx=5")
    assert name == "CreateUser"


def test_every_call_is_a_row_and_no_other_entry_is(trail):
    assert ask(trail, "SELECT count(*), min(idx), max(idx) FROM events") == [(12, 2, 13)]


# The trail has no index on the other two.
@pytest.mark.parametrize("column", sorted(set(sql.INDEXED) - {"awsRegion", "sourceIPAddress"}))
def test_conditions_on_indexed_columns_are_searched_for(trail, column):
    plan = ask(trail, f"EXPLAIN QUERY PLAN SELECT record FROM events WHERE \"{column}\" = 'x'")
    details = [row[3] for row in plan]
    assert any(f"USING INDEX event_{sql.INDEXED[column]}" in line for line in details), details


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT event_key FROM seal",
        "WITH events AS (SELECT * FROM seal) SELECT event_key FROM events",
        "SELECT * FROM (SELECT data FROM facet) events",
        "SELECT (SELECT note FROM tail) FROM events",
        "SELECT data FROM entry",
        "SELECT sql FROM sqlite_schema",
        "SELECT * FROM pragma_table_info('event')",
        "PRAGMA query_only = 0",
        "ATTACH 'file.db' AS other",
        "DELETE FROM entry",
        "UPDATE events SET eventName = 'x'",
        "INSERT INTO string VALUES (99, 'x')",
        "CREATE TEMP TABLE x(y)",
        "DROP VIEW events",
        "BEGIN",
        "VACUUM INTO 'copy.db'",
        "SELECT load_extension('x')",
        "SELECT 1; SELECT 2",
        "SELECT hex(zeroblob(1000000000))",
        (
            "WITH RECURSIVE c(x, n) AS (SELECT 'x', 0 UNION ALL SELECT x || x, n + 1 FROM c WHERE n < 27) "
            "SELECT length(max(x)) FROM c"
        ),
    ],
)
def test_nothing_else_can_be_asked(trail, statement):
    Reader(trail).close()  # the first one leaves files of SQLite's beside it
    before = sorted((path.name, path.read_bytes()) for path in trail.glob("trail.db*"))
    with pytest.raises(UsageError, match="the query fails"):
        ask(trail, statement)
    assert sorted((path.name, path.read_bytes()) for path in trail.glob("trail.db*")) == before


def test_a_misspelled_column_is_an_error_not_a_text(trail):
    with pytest.raises(UsageError, match="no such column: useridentity"):
        ask(trail, 'SELECT "useridentity.arnn" FROM events')


def test_lists_unfold(trail):
    rows = ask(
        trail,
        "SELECT j.key, j.value FROM events, json_each(userIdentity) j WHERE idx = 2 ORDER BY j.key",
    )
    assert rows == [
        ("accessKeyId", "AKIA0000000000000000"), ("type", "IAMUser"), ("userName", "user0"),
    ]  # fmt: skip


def test_a_query_without_end_is_ended(trail):
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"
    with pytest.raises(UsageError, match="took too long"):
        ask(trail, endless, timeout=0.05)


def test_recursion_that_ends_is_allowed(trail):
    counting = "WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c WHERE x < 3) "
    assert ask(trail, counting + "SELECT count(*), max(x) FROM c") == [(3, 3)]
    inner = "WITH named AS (SELECT eventName AS n FROM events) SELECT max(n) FROM named"
    assert ask(trail, inner) == [("GetUser",)]


def test_names_in_texts_and_comments_are_left_alone(trail):
    [(text, number)] = ask(
        trail, "SELECT 'userIdentity.arn -- \"userIdentity.x\"', /* record */ 1 FROM events LIMIT 1"
    )
    assert (text, number) == ('userIdentity.arn -- "userIdentity.x"', 1)


def test_a_timeout_ends_a_pattern_that_would_take_years(trail):
    slow = f"SELECT count(*) FROM events WHERE '{'a' * 64}!' REGEXP '(a+)+$'"
    with pytest.raises(UsageError, match="took too long"):
        ask(trail, slow, timeout=0.3)
    assert ask(trail, "SELECT count(*) FROM events WHERE eventName REGEXP '^Get'", timeout=60)


def test_regular_expressions_search(trail):
    assert ask(trail, "SELECT count(*) FROM events WHERE eventName REGEXP '^(Get|Del)'") == [(8,)]
    with pytest.raises(UsageError, match=r"not a regular expression: '\('"):
        ask(trail, "SELECT eventName REGEXP '(' FROM events")
    with pytest.raises(UsageError, match="no such function: REGEXP"):
        ask(trail, "SELECT eventName REGEXP 'G' FROM events", regexp=False)


def test_the_id_of_a_lake_store_is_the_table(trail):
    store = "0a1b2c3d-0000-1111-2222-0123456789ab"
    assert ask(trail, f"SELECT count(*) FROM {store} WHERE eventName = 'GetUser';") == [(4,)]


def test_resources_are_a_table(trail):
    rows = ask(trail, "SELECT idx, type FROM event_resources WHERE name = 'target4'")
    assert rows == [(6, "AWS::IAM::User")]


RECORD = {
    "requestParameters": {
        "a.b": 1,
        "list": [{"x": 1}, {"x": 2}, {}],
        "one": [{"x": True}],
        "big": 2**70,
        "surrogate": "\ud800",
        "nested": {"deep": {"er": None}},
    }
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("requestParameters.a.b", 1),
        ("requestParameters.list.x", "[1,2]"),
        ("requestParameters.one.x", 1),
        ("requestParameters.big", str(2**70)),
        ("requestParameters.surrogate", "\\ud800"),
        ("requestParameters.nested", '{"deep":{"er":null}}'),
        ("requestParameters.nested.deep.er", None),
        ("requestParameters.list.y", None),
        ("requestParameters.a.c", None),
        ("requestParameters.big.x", None),
    ],
)
def test_paths_find_what_records_hold(path, value):
    assert sql.cell(sql.at(RECORD, path)) == value


def test_a_bundle_is_asked_like_its_trail(trail, tmp_path):
    path = tmp_path / "some.bundle"
    status = run(["export", "--trail", str(trail), "--event-name", "GetUser", "-o", str(path)])
    assert status == 0
    question = 'SELECT eventID, "userIdentity.userName", username, readOnly FROM events ORDER BY 1'
    wanted = question.replace("ORDER", "WHERE eventName = 'GetUser' ORDER")
    assert ask(path, question) == ask(trail, wanted)
    assert ask(path, "SELECT count(*) FROM event_resources") == [(8,)]
    with pytest.raises(UsageError, match="prohibited"):
        ask(path, "SELECT data FROM entry")


def test_the_command_prints_in_every_form(trail, capsys):
    statement = "SELECT eventName AS n, errorCode FROM events WHERE idx IN (4, 5) ORDER BY idx"
    printed = {}
    for output in ("table", "json", "jsonl", "csv", "text"):
        assert run(["sql", "--trail", str(trail), "--output", output, statement]) == 0
        printed[output] = capsys.readouterr().out
    assert printed["table"].split() == [
        "n",
        "errorCode",
        "DeleteUser",
        "CreateUser",
        "NoSuchEntity",
    ]
    rows = [
        {"n": "DeleteUser", "errorCode": None},
        {"n": "CreateUser", "errorCode": "NoSuchEntity"},
    ]
    assert json.loads(printed["json"]) == rows
    assert [json.loads(line) for line in printed["jsonl"].splitlines()] == rows
    assert printed["csv"] == "n,errorCode\nDeleteUser,\nCreateUser,NoSuchEntity\n"
    assert printed["text"] == "DeleteUser\tNone\nCreateUser\tNoSuchEntity\n"


def test_a_wrong_query_is_one_line_and_a_hint(trail, capsys):
    assert run(["sql", "--trail", str(trail), "SELECT nme FROM events"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "apitrail: the query fails: no such column: nme"
    assert said[1].startswith("hint: columns are named as in CloudTrail")


def test_ctrl_c_ends_a_question_and_is_not_taken_for_its_fault(trail, monkeypatch):
    real, asked = Fields.value, []

    def value(fields, index, path):
        asked.append(index)
        if len(asked) == 1:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        return real(fields, index, path)

    monkeypatch.setattr(Fields, "value", value)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            ask(
                trail,
                "WITH RECURSIVE n(x) AS (SELECT count(requestParameters.userName) FROM events "
                "UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
            )
    finally:
        signal.signal(signal.SIGINT, before)
