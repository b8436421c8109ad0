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
