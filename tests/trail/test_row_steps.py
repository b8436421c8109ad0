"""Reading some rows at a time: the same rows, and nothing that is open between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from apitrail.entry import TAGS
from apitrail.query import Filter
from apitrail.reading.sql import question
from apitrail.trail import database, many_facets, row_steps
from apitrail.trail.reader import Reader
from trails import draft, make, write

CALLS = 40

WAYS: dict[str, Callable[[Reader], Iterator[Any]]] = {
    "entries": lambda source: source.entries(),
    "a part": lambda source: source.entries(7, 23),
    "contents": lambda source: source.contents(3, source.size),
    "newest first": lambda source: source.select(Filter()),
    "oldest first": lambda source: source.select(Filter(), after=5, ascending=True),
    "few": lambda source: source.select(Filter(), limit=8),
    "facets": lambda source: source.many(range(source.size), TAGS),
    "opened": lambda source: source.opened(0, source.size),
    "checkpoints": lambda source: source.checkpoints(),
}


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("steps") / "trail", CALLS)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_small_steps_give_the_same_rows(
    trail: Path, way: Callable[[Reader], Iterator[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Reader(trail) as source:
        whole = list(way(source))
        for size in (1, 2, 3):
            for module, name in (
                (row_steps, "ROWS"),
                (row_steps, "FIRST"),
                (many_facets, "TOGETHER"),
            ):
                monkeypatch.setattr(module, name, size)
            assert list(way(source)) == whole
    assert whole


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_reader_that_stands_still_holds_up_nothing(
    trail: Path, way: Callable[[Reader], Iterator[Any]]
) -> None:
    with Reader(trail) as source, closing(database.open_to_write(trail / database.FILE)) as writer:
        found = way(source)
        next(found)
        writer.execute("UPDATE tail SET note = note || ' '")
        assert database.truncate(writer, wait=False)
        found.close()  # type: ignore[attr-defined]


def test_a_question_in_sql_is_computed_though_nobody_reads(trail: Path) -> None:
    with (
        Reader(trail) as source,
        closing(database.open_to_write(trail / database.FILE)) as writer,
        question.ask(source, "SELECT * FROM events ORDER BY idx") as answer,
    ):
        first = next(answer.rows)
        writer.execute("UPDATE tail SET note = note || ' '")
        assert database.truncate(writer, wait=True)
        assert [row[0] for row in (first, *answer.rows)] == [*range(2, CALLS + 2)]


def test_what_comes_meanwhile_is_not_meant(tmp_path: Path) -> None:
    directory = make(tmp_path / "trail", 5)
    with Reader(directory) as source:
        found = source.select(Filter(), ascending=True)
        first = next(found)

        write(directory, lambda opened: opened.append(draft(5)))
        assert [first, *found] == [2, 3, 4, 5, 6]
