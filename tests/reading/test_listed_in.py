"""Listings that show a resource are found without being parsed, and of very many the newest."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.query import Filter
from apitrail.reading import listed_in
from apitrail.state.wanted import Wanted
from apitrail.trail.reader import Reader
from evidence.bundle.evidence import SECOND, SG, Story


@pytest.fixture
def trail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "configuration"))
    story = Story().open()
    for number in range(4):
        shown = [{"GroupId": SG}] if number % 2 else [{"GroupId": "sg-other"}]
        story.wait(SECOND).call("DescribeSecurityGroups", answer={"SecurityGroups": shown})
    story.wait(SECOND).call("DescribeInstances", answer={"Reservations": [{"GroupId": SG}]})
    story.wait(SECOND).call("StopInstances", resources=(SG,), answer={"GroupId": SG})
    story.wait(SECOND).beat().write(tmp_path / "trail")
    return tmp_path / "trail"


def found(trail: Path, name: str = SG, named: frozenset[int] = frozenset()) -> listed_in.Listings:
    with Reader(trail) as source:
        return listed_in.listings(source, Wanted((name,)), Filter(), named)


def test_reads_of_its_service_that_have_the_name(trail: Path) -> None:
    assert found(trail).entries == {2, 4, 5}


def test_those_that_named_it_are_known_already(trail: Path) -> None:
    assert found(trail, named=frozenset({4})).entries == {2, 5}


def test_the_older_ones_of_very_many_are_counted(
    trail: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listed_in, "MOST", 2)
    assert found(trail) == listed_in.Listings(frozenset({4, 5}), 3)


def test_a_name_of_another_service_is_not_sought_here(trail: Path) -> None:
    assert found(trail, "fs-0123456789").entries == frozenset()
