"""What a reader keeps of the dictionary for its next question is never older than the trail."""

from __future__ import annotations

from pathlib import Path

import pytest

import trails
from apitrail.query import Filter, Pattern
from apitrail.trail import block_parts, kept_words, name_search, search
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target

FORM = Filter(resource_name=(Pattern("*e-1*"),))
LISTED = Filter(event_name=(Pattern("*Users*"),))


@pytest.fixture
def trail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Calls of some names, which are looked up at once."""
    monkeypatch.setattr(search, "MANY", 2)
    monkeypatch.setattr(name_search, "FIRST", 0.0)
    monkeypatch.setattr(name_search, "EACH", 0.0)
    monkeypatch.setattr(name_search, "_STEP", 2)
    monkeypatch.setattr(block_parts, "LOOK", 1e9)
    directory = tmp_path / "trail"
    drafts = [
        trails.draft(at, resource=f"name-{at}", name="ListUsers" if at % 3 else "GetUser")
        for at in range(40)
    ]
    trails.write(directory, lambda opened: trails.append_all(opened, drafts))
    return directory


def asked(reader: Reader, where: Filter) -> tuple[list[int], list[int]]:
    """The same question twice."""
    return list(reader.select(where)), list(reader.select(where))


def test_names_are_looked_through_once_until_something_is_written(
    trail: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    found = name_search.Named.found
    monkeypatch.setattr(
        name_search.Named, "found", lambda self, *rest: looked.append(1) or found(self, *rest)
    )
    with Reader(trail) as reader:
        first, second = asked(reader, FORM)
        assert first == second == [19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 1]
        assert len(looked) == 1
        # Of a part of the log that is known already nothing is looked up either.
        assert list(reader.select(FORM, before=16, limit=3)) == [15, 14, 13]
        assert len(looked) == 1
        more = [trails.draft(100, resource="name-100"), trails.draft(101, resource="other")]
        trails.write(trail, lambda opened: trails.append_all(opened, more))
        third, fourth = asked(reader, FORM)
        assert third == fourth
        assert [index for index in third if index < 40] == first
        assert len(third) == len(first) + 1
        assert len(looked) == 2


def test_a_value_that_comes_later_is_found_by_a_form(
    trail: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Reader(trail) as reader:
        first, second = asked(reader, LISTED)
        assert first == second
        for since in (kept_words._SINCE, 0):  # read one by one, and from the index
            monkeypatch.setattr(kept_words, "_SINCE", since)
            before = list(reader.select(LISTED))
            draft = trails.draft(200 + since, name=f"TagUsers{since}")
            trails.write(trail, lambda opened, draft=draft: opened.append(draft))
            after = list(reader.select(LISTED))
            assert len(after) == len(before) + 1
            assert after[1:] == before


def test_what_is_erased_is_not_found_by_what_was_kept(trail: Path) -> None:
    with Reader(trail) as reader:
        assert 12 in asked(reader, FORM)[0]
        assert len(asked(reader, LISTED)[0]) == 26
        targets = [Target(index, ("what",)) for index in range(12, 40)]
        trails.write(trail, lambda opened: opened.erase(targets, reason="x"))
        # Its strings may get the numbers of those that were erased.
        draft = trails.draft(300, name="ListKeys", resource="else")
        trails.write(trail, lambda opened: opened.append(draft))
        assert asked(reader, FORM)[0] == [11, 10, 1]
        assert asked(reader, LISTED)[0] == [11, 10, 8, 7, 5, 4, 2, 1]


def test_a_bound_number_of_forms_is_kept(trail: Path) -> None:
    with Reader(trail) as reader:
        for at in range(200):
            list(
                reader.select(
                    Filter(resource_name=(Pattern(f"*e*{at}"),), event_name=(Pattern(f"*{at}*"),))
                )
            )
        words = reader._vocabulary()
        assert len(words._matching) <= kept_words._FORMS
        assert len(words._led) <= kept_words._NAMED
