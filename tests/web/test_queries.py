"""SQL as CloudTrail Lake takes it."""

import pytest

import cloudtrails
import trails
from apitrail.web.api_error import Fault
from apitrail.web.content import Served
from apitrail.web.queries import Queries
from cloudtrails import draft, record
from machine import until


@pytest.fixture
def served(tmp_path):
    path = cloudtrails.make(tmp_path / "trail", [draft(record(n)) for n in range(3)])
    return Served(path, trails.Clock())


def test_a_query_runs_and_gives_rows_of_texts(served):
    queries = Queries()
    started = queries.start(served, {"QueryStatement": "SELECT count(*) AS n FROM events"})
    until(lambda: queries.describe(started)["QueryStatus"] == "FINISHED")
    assert queries.results(started)["QueryResultRows"] == [[{"n": "3"}]]
    queries.stop()


def test_a_query_that_is_not_there_is_not_found():
    with pytest.raises(Fault) as caught:
        Queries().describe({"QueryId": "00000000-0000-0000-0000-000000000000"})
    assert caught.value.code == "QueryIdNotFoundException"


def test_a_page_of_rows_ends_before_it_is_too_large(served, monkeypatch):
    monkeypatch.setattr("apitrail.web.queries.PAGE_BYTES", 1)
    queries = Queries()
    started = queries.start(served, {"QueryStatement": "SELECT idx, record FROM events"})
    until(lambda: queries.describe(started)["QueryStatus"] == "FINISHED")
    pages = [queries.results(started)]
    while "NextToken" in pages[-1]:
        pages.append(queries.results(started | {"NextToken": pages[-1]["NextToken"]}))
    assert [page["QueryStatistics"]["ResultsCount"] for page in pages] == [1, 1, 1]
    assert len({page["QueryResultRows"][0][0]["idx"] for page in pages}) == 3


def test_a_query_of_too_many_bytes_fails_and_keeps_nothing(served, monkeypatch):
    monkeypatch.setattr("apitrail.web.queries.MOST_BYTES", 1)
    queries = Queries()
    started = queries.start(served, {"QueryStatement": "SELECT record FROM events"})
    until(lambda: queries.describe(started)["QueryStatus"] == "FAILED")
    assert "narrow it down" in queries.describe(started)["ErrorMessage"]
    assert queries.describe(started)["QueryStatistics"]["EventsMatched"] == 0


def test_rows_of_older_queries_make_room(served, monkeypatch):
    monkeypatch.setattr("apitrail.web.queries.KEPT_BYTES", 1)
    queries = Queries()
    first = queries.start(served, {"QueryStatement": "SELECT record FROM events"})
    until(lambda: queries.describe(first)["QueryStatus"] == "FINISHED")
    queries.start(served, {"QueryStatement": "SELECT 1 FROM events"})
    with pytest.raises(Fault, match="No query has the id"):
        queries.describe(first)
