"""What one run may see of a trail in which others were recorded too."""

import json

import pytest

import old_trails
import trails
from apitrail.errors import UsageError
from apitrail.query import Filter, Pattern
from apitrail.reading import sql
from apitrail.trail.reader import Reader
from apitrail.trail.run_reader import RunReader
from apitrail.trail.statements import Target

OTHER = 40


def insight(name, *evidence):
    return trails.book(
        "insight", record={"eventID": name}, kind="first", name="n", time=trails.T0, caller="c",
        why=["w"], evidence=list(evidence), **{"from": 0, "to": 1}, detector=2, thresholds={},
    )  # fmt: skip


def ruling(ticket, step, event=None):
    return trails.book("decision", ticket=ticket, step=step, guard="g", **({} if event is None else {"event": event}))  # fmt: skip


def event_id(number):
    return f"00000000-0000-0000-0000-{number + 1:012x}"


async def fill(trail):
    drafts = [
        trails.opening(),
        trails.run("mine", {"agent": "clerk"}),
        trails.run("theirs", {"secret-label": "x"}),
        trails.draft(0, run="mine", resource="shared", labels={"agent": "clerk"}),
        trails.draft(OTHER, run="theirs", resource="shared", user="mary", source="s3.amazonaws.com"),
        trails.draft(OTHER + 1, resource="nobodys"),
        ruling("t1", "asked", event_id(1)),
        trails.draft(1, run="mine"),
        ruling("t2", "asked", event_id(OTHER)),
        ruling("t1", "approved"),
        insight("own", 3, 7),
        insight("mixed", 3, 4),
        trails.book("heartbeat", calls=3, tunnelled={"example.com": 1}),
    ]  # fmt: skip
    await trails.append_each(trail, drafts)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    found = tmp_path_factory.mktemp("run") / "trail"
    trails.write(found, fill)
    return found


@pytest.fixture
def mine(directory):
    with RunReader(directory, "mine") as reader:
        yield reader


def test_only_its_own_calls_are_found(mine):
    assert list(mine.select(Filter())) == [7, 3]
    assert list(mine.select(Filter(run=("theirs",)))) == []
    assert list(mine.select(Filter(resource_name=("shared",)))) == [3]
    assert mine.find(event_id(OTHER)) == []
    assert mine.find("00000000") == [3, 7]


def test_its_books_are_its_start_its_rulings_and_insights_that_rest_on_it_alone(mine):
    assert list(mine.books(0, 1_000)) == [1, 6, 9, 10]
    assert mine.last_run() == "mine"
    assert dict(mine.run_labels()) == {"mine": {"agent": "clerk"}}


@pytest.mark.parametrize("index", [0, 2, 4, 5, 8, 11, 12, -1, 99])
def test_the_content_of_other_entries_is_not_there(mine, index):
    assert mine.entry(index) is None
    assert mine.facets(index) == {}
    assert mine.seal(index) is None
    assert mine.salts(index) == {}
    assert list(mine.many([index], ["what"])) == []
    assert list(mine.entries(index, index + 1)) == []
    assert list(mine.contents(index, index + 1)) == []


def test_strings_and_numbers_of_others_are_not_counted(mine):
    assert set(mine.values("username")) == {"user0", "user1"}
    assert set(mine.values("event_source")) == {"iam.amazonaws.com"}
    assert mine.tally(Filter(), ["run"], limit=10).values == {"run": {"mine": 2}}
    assert mine.size == 11
    assert len(list(mine.entries())) == 6
    assert list(mine.select(Filter(username=(Pattern("mar*"),)))) == []


def test_there_is_no_directory_by_which_to_see_more(mine):
    with pytest.raises(UsageError, match="no trail"):
        Reader(mine.directory)


@pytest.mark.parametrize(
    "table", ["entry", "facet", "seal", "tile", "checkpoint", "tail", "anchor"]
)
def test_what_else_a_trail_holds_is_not_in_the_copy(mine, table):
    with mine.connect() as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


ATTACKS = (
    "SELECT run FROM events WHERE run <> 'mine'",
    "SELECT record FROM events WHERE idx = 4",
    "SELECT name FROM event_resources WHERE idx NOT IN (3, 7)",
    "SELECT value FROM string WHERE value IN ('mary', 'theirs', 'nobodys', 's3.amazonaws.com')",
    "WITH events AS (SELECT * FROM main.event) SELECT idx FROM events WHERE idx NOT IN (3, 7)",
    "WITH event AS (SELECT 4 AS idx) SELECT e.idx FROM main.event e WHERE e.idx NOT IN (3, 7)",
    "SELECT (SELECT group_concat(value) FROM string WHERE value = 'mary') AS x WHERE x IS NOT NULL",
    "SELECT idx FROM event e JOIN string s ON s.id = e.run WHERE s.value <> 'mine'",
    "SELECT 1 WHERE (SELECT count(*) FROM event) <> 2",
    "SELECT 1 WHERE (SELECT count(*) FROM entry) <> 0",
    "SELECT 1 WHERE (SELECT count(*) FROM facet) <> 0",
    "SELECT 1 WHERE (SELECT count(*) FROM run) <> 1",
    "SELECT 1 WHERE apitrail_field(4, 'record') <> '{\"requestParameters\":null,\"responseElements\":null}'",
    "SELECT 1 WHERE apitrail_field(4, 'userIdentity.userName') IS NOT NULL",
    "SELECT 1 WHERE apitrail_field(5, 'requestParameters.UserName') IS NOT NULL",
    "SELECT apitrail_field(4, 'labels.secret-label') AS x WHERE x IS NOT NULL",
)


@pytest.mark.parametrize("statement", ATTACKS)
def test_sql_finds_nothing_of_others(mine, statement):
    with sql.ask(mine, statement, timeout=20) as answer:
        assert list(answer.rows) == []


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH 'file:{trail}/trail.db?mode=ro' AS x", "PRAGMA database_list", "VACUUM INTO '/tmp/x'",
        "SELECT * FROM sqlite_master", "SELECT * FROM sqlite_temp_master", "SELECT name FROM sqlite_schema",
        "SELECT data FROM entry", "SELECT * FROM pragma_database_list", "SELECT * FROM pragma_table_info('event')",
        "CREATE TEMP TABLE t AS SELECT 1", "INSERT INTO string VALUES (9, 'x')", "SELECT 1; SELECT 2",
        "SELECT load_extension('x')", "SELECT readfile('{trail}/trail.db')", "SELECT data FROM seal", "SELECT labels FROM run",
    ],
)  # fmt: skip
def test_sql_is_refused_what_could_reach_further(mine, directory, statement):
    with pytest.raises(UsageError), sql.ask(mine, statement.format(trail=directory)) as answer:
        list(answer.rows)


def test_sql_shows_its_own(mine):
    with sql.ask(
        mine, 'SELECT idx, run, labels, "requestParameters.UserName" FROM events ORDER BY idx'
    ) as answer:
        rows = list(answer.rows)
    assert [row[:2] for row in rows] == [(3, "mine"), (7, "mine")]
    assert json.loads(rows[0][2]) == {"agent": "clerk"}


def test_a_run_that_nobody_began_is_said(directory):
    with pytest.raises(UsageError, match="no run 'nowhere'"):
        RunReader(directory, "nowhere")


def test_what_is_recorded_and_erased_meanwhile_counts(tmp_path):
    directory = tmp_path / "trail"
    trails.write(directory, fill)
    with RunReader(directory, "mine") as reader:
        later = [
            trails.draft(2, run="mine"),
            trails.draft(OTHER + 2, run="theirs"),
            ruling("t1", "denied"),
        ]
        trails.write(directory, lambda trail: trails.append_each(trail, later))
        assert list(reader.select(Filter())) == [7, 3]
        reader.refresh()
        assert list(reader.select(Filter())) == [13, 7, 3]
        assert 15 in reader.books(0, 99)
        gone = [Target(3, ("who", "what", "request"))]
        trails.write(directory, lambda trail: trail.erase(gone, reason="x"))
        reader.refresh()
        assert list(reader.select(Filter())) == [13, 7]
        assert reader.facets(3) == {}
        with sql.ask(reader, "SELECT idx FROM events ORDER BY idx") as answer:
            assert list(answer.rows) == [(7,), (13,)]


def test_a_run_whose_start_was_erased_has_its_calls(tmp_path):
    directory = tmp_path / "trail"
    trails.write(directory, fill)
    trails.write(directory, lambda trail: trail.erase([Target(1, ("what",))], reason="x"))
    with RunReader(directory, "mine") as reader:
        assert list(reader.select(Filter())) == [7, 3]


def test_a_trail_of_the_first_release_is_read_by_the_run_too(tmp_path):
    directory = old_trails.unpack(tmp_path) / "trail"
    with Reader(directory) as every, RunReader(directory, "ffa16937896a") as reader:
        own = [each for each in every.select(Filter()) if each in set(reader.select(Filter()))]
        assert own == list(every.select(Filter(run=("ffa16937896a",)))) == [2]
        assert reader.last_run() == "ffa16937896a"
