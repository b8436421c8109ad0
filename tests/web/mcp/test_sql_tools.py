"""SQL over what is shown, by the page."""

import pytest

from apitrail.errors import UsageError

COUNT = "SELECT count(*) FROM events"


def test_a_run_asks_its_own_calls(ask, own, every):
    assert ask(own, "sql", sql=COUNT)["rows"] == [[4]]
    assert ask(every, "sql", sql=COUNT)["rows"] == [[6]]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT idx FROM events WHERE run <> 'mine' OR run IS NULL",
        "SELECT value FROM string WHERE value IN ('mary', 'nobodys', 'theirs')",
        "WITH events AS (SELECT * FROM main.event) SELECT idx FROM events WHERE idx IN (5, 8)",
        "SELECT 1 WHERE apitrail_field(5, 'userIdentity.userName') IS NOT NULL",
        "SELECT name FROM event_resources WHERE name = 'nobodys'",
    ],
)
def test_no_statement_reaches_others(ask, own, statement):
    assert ask(own, "sql", sql=statement)["rows"] == []


@pytest.mark.parametrize("statement", ["SELECT * FROM sqlite_master", "PRAGMA database_list", "ATTACH 'x' AS y", "DELETE FROM events", "SELECT", "", "x" * 20_000])  # fmt: skip
def test_what_is_not_allowed_is_an_error_on_a_line(ask, own, statement):
    with pytest.raises(UsageError) as failure:
        ask(own, "sql", sql=statement)
    assert "\n" not in str(failure.value)


def test_rows_come_by_the_page(ask, own):
    statement = "SELECT idx, eventName FROM events ORDER BY idx"
    first = ask(own, "sql", sql=statement, max_results=3)
    assert (first["columns"], len(first["rows"])) == (["idx", "eventName"], 3)
    second = ask(own, "sql", sql=statement, max_results=3, next_token=first["next_token"])
    assert (second["rows"], second["next_token"]) == ([[9, "CreateUser"]], None)
    with pytest.raises(UsageError, match="next_token does not belong"):
        ask(own, "sql", sql=COUNT, next_token=first["next_token"])


def test_lake_query_takes_what_the_vendors_takes(ask, own):
    store = "0233062b-51c6-4d18-8dec-a8c90da840d9"
    statement = f"SELECT count(*) FROM {store} WHERE eventName = 'CreateUser'"
    answer = ask(own, "lake_query", sql=statement, wait_for_completion=True, region="us-east-1")
    assert answer["rows"] == [[3]]


def test_a_question_without_end_ends(ask, own, monkeypatch):
    monkeypatch.setattr("apitrail.web.mcp.sql_tools.TIMEOUT", 0.1)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n"
    with pytest.raises(UsageError, match="took too long") as failure:
        ask(own, "sql", sql=endless)
    assert "--timeout" not in (failure.value.hint or "")
