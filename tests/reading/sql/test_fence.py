"""What a statement may do."""

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.reading import sql
from apitrail.trail.reader import Reader


@pytest.fixture
def reader(tmp_path):
    with Reader(trails.make(tmp_path / "trail", 3)) as reader:
        yield reader


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM events", "SELECT * FROM sqlite_schema", "SELECT data FROM facet",
        "PRAGMA user_version", "SELECT load_extension('x')",
    ],
)  # fmt: skip
def test_only_the_view_is_read(reader, statement):
    with pytest.raises(UsageError, match=r".+"), sql.ask(reader, statement) as answer:
        list(answer.rows)


def test_a_question_may_be_asked(reader):
    with sql.ask(reader, "SELECT count(*) FROM events") as answer:
        assert list(answer.rows) == [(3,)]
