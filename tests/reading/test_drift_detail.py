"""The values that an insight of drift does not name are read from the answers, while they are there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from apitrail.evidence import maintenance
from apitrail.insights.thresholds import Thresholds
from apitrail.reading import drift_detail
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Insight, Target
from apitrail.trail.telling import Teller
from evidence.bundle.evidence import SECOND, SG, Story


@pytest.fixture
def trail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "configuration"))
    story = Story().open()
    for description in ("a", "b"):
        shown = [{"GroupId": "sg-0"}, {"GroupId": SG, "Description": description}]
        story.wait(SECOND).call("DescribeSecurityGroups", answer={"SecurityGroups": shown})
    story.wait(SECOND).beat().write(tmp_path / "trail")
    return tmp_path / "trail"


def told(trail: Path) -> Insight:
    with Reader(trail) as reader:
        [said] = Teller(0, Thresholds()).read(reader, reader.size)
    return said


def differing(trail: Path, said: Insight) -> list[tuple]:
    with Reader(trail) as reader:
        found = drift_detail.differences(reader, said)
    return [(each.path, each.was, each.now) for each in found]


def test_they_are_told_of_the_thing_that_it_names_alone(trail: Path) -> None:
    said = told(trail)
    assert said.name == f"SecurityGroup {SG}"
    assert differing(trail, said) == [("Description", "a", "b")]


def test_another_kind_of_insight_has_none(trail: Path) -> None:
    assert differing(trail, replace(told(trail), kind="rate")) == []


def test_what_was_erased_is_not_told(trail: Path) -> None:
    said = told(trail)
    maintenance.erase(trail, [Target(1, ("response",))], None)
    assert differing(trail, said) == []
