"""A trail and a bundle of all of it are read alike."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest

import trails
from apitrail.delivery import export
from apitrail.entry import TAGS
from apitrail.evidence.bundle import Bundle
from apitrail.query import COLUMNS, Filter
from apitrail.source import Source
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail


@pytest.fixture
def both(tmp_path: Path) -> typing.Iterator[tuple[Source, Source]]:
    async def work(opened: Trail) -> None:
        labels = {"team": "a"}
        await opened.append(trails.opening())
        await opened.append(trails.run("r1", labels))
        calls = [trails.draft(number, run="r1", labels=labels) for number in range(12)]
        await trails.append_all(opened, calls)
        await opened.append(trails.book("close"))

    trail = tmp_path / "trail"
    trails.write(trail, work)
    with Reader(trail) as reader:
        export.to_file(
            reader, export.Job(facets=TAGS, complete=True), form="bundle", path=tmp_path / "all.zip"
        )
        with Bundle.open(tmp_path / "all.zip") as bundle:
            yield reader, bundle


QUESTIONS: dict[str, typing.Callable[[Source], object]] = {
    "size": lambda source: source.size,
    "tail": lambda source: source.tail(),
    "entries": lambda source: list(source.entries()),
    "some entries": lambda source: list(source.entries(3, 7)),
    "entry": lambda source: [source.entry(index) for index in (0, 5, 99)],
    "facets": lambda source: [source.facets(index) for index in range(2, 14)],
    "some facets": lambda source: source.facets(5, ("who", "no such")),
    "find": lambda source: [source.find(text) for text in ("0000", "ffff", "", "zz")],
    "last run": lambda source: source.last_run(),
    "labels": lambda source: [(run, dict(labels)) for run, labels in source.run_labels()],
    "select": lambda source: list(source.select(Filter(event_name=("GetUser",)))),
    "some": lambda source: list(source.select(Filter(), limit=3, after=4, before=9, ascending=True)),
    "newest first": lambda source: list(source.select(Filter(), limit=3)),
    "values": lambda source: [sorted(source.values(name)) for name in COLUMNS if name != "event_id"],
}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_say_the_same(both: tuple[Source, Source], question: str) -> None:
    trail, bundle = both
    assert QUESTIONS[question](trail) == QUESTIONS[question](bundle)


def test_contents_are_the_same_but_for_the_key_that_opens_all(
    both: tuple[Source, Source],
) -> None:
    trail, bundle = both
    ours = {index: there for index, there in trail.contents(0, trail.size) if there.facets}
    theirs = dict(bundle.contents(0, bundle.size))
    for index in range(2, 14):
        assert {tag: facet.content for tag, facet in ours[index].facets.items()} == {
            tag: facet.content for tag, facet in theirs[index].facets.items()
        }
        assert ours[index].event_key is not None
        assert theirs[index].event_key is None
        assert bundle.seal(index) is None
        assert set(bundle.salts(index)) == set(theirs[index].facets)
