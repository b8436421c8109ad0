"""Search tables in memory."""

import sqlite3

import pytest

import trails
from apitrail.event import Event
from apitrail.trail.memory_index import MemoryIndex
from apitrail.trail.statements import Run


@pytest.fixture
def index():
    found = MemoryIndex()
    found.add(5, Event.parse(trails.call(1)).row())
    found.add_book(6, Run(id="r", labels={"a": "b"}))
    yield found
    found.close()


def test_it_is_searched_like_a_trail(index):
    with index.connect() as connection:
        sql = "SELECT s.value FROM event e JOIN string s ON s.id = e.username WHERE e.idx = 5"
        assert connection.execute(sql).fetchall() == [("user1",)]
        assert connection.execute("SELECT count(*) FROM resource").fetchall() == [(2,)]
        assert connection.execute("SELECT idx, labels FROM run").fetchall() == [(6, '{"a":"b"}')]


def test_others_cannot_write_to_it(index):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        index.connect().execute("DELETE FROM event")


def test_two_of_them_share_nothing(index):
    assert MemoryIndex().connect().execute("SELECT count(*) FROM event").fetchone() == (0,)


def test_a_connection_outlives_it(index):
    connection = index.connect()
    index.close()
    assert connection.execute("SELECT count(*) FROM event").fetchone() == (1,)
