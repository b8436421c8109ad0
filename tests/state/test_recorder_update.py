"""A member that a later version of apitrail reads for the first time was not put there by anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.query import Filter
from apitrail.reading import resource_history
from apitrail.trail.reader import Reader
from evidence.bundle.evidence import MINUTE, SECOND, SG, Story

GROUP = {"GroupId": SG, "Description": "x"}


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "configuration"))


def drifted(folder: Path, version: str, now: dict) -> list[str]:
    """What is told of a group that is seen by one version and by another; three starts before."""
    story = Story().open().beat().close().open().wait(SECOND)
    story.call("DescribeSecurityGroups", answer={"SecurityGroups": [GROUP]}).wait(SECOND).close()
    story.wait(MINUTE).add("open", {"apitrail": version, "configuration": {"heartbeat": 60.0}})
    story.wait(SECOND).call("DescribeSecurityGroups", answer={"SecurityGroups": [now]})
    story.wait(SECOND).beat().write(folder / "trail")
    with Reader(folder / "trail") as source:
        history = resource_history.tell(source, SG, Filter())
    return [each.path for drift in history.drift for each in drift.found]


def test_a_new_member_after_an_update_is_no_drift(tmp_path: Path) -> None:
    assert drifted(tmp_path, "1", {**GROUP, "Novel": {"a": 1}}) == []


def test_another_value_is_drift_all_the_same(tmp_path: Path) -> None:
    assert drifted(tmp_path, "1", {**GROUP, "Description": "y", "Novel": 1}) == ["Description"]


def test_a_new_member_without_an_update_is_drift(tmp_path: Path) -> None:
    assert drifted(tmp_path, "0", {**GROUP, "Novel": {"a": 1}}) == ["Novel"]
