"""The calls of a time are sought in the log, and where there are too many nothing is claimed."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.state import other_writes
from apitrail.state.comparing import Drift, Sight, between
from apitrail.state.observation import Observation
from apitrail.trail.reader import Reader
from evidence.bundle.evidence import NOON, SECOND, SG, Story


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reads, a refusal, writes and one whose resources could not be told."""
    story = Story().open()
    story.wait(SECOND).call("DescribeSecurityGroups", resources=(SG,))
    story.wait(SECOND).call("CreateTags", resources=(SG,), error="UnauthorizedOperation")
    story.wait(SECOND).call("AuthorizeSecurityGroupIngress", resources=(SG,))
    story.wait(SECOND).call("ModifySecurityGroupRules", undetermined=True)
    story.wait(SECOND).call("DescribeSecurityGroups", resources=(SG,))
    story.wait(SECOND).call("RevokeSecurityGroupIngress", resources=(SG,)).wait(SECOND).beat()
    place = tmp_path_factory.mktemp("writes") / "trail"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APITRAIL_CONFIG", str(place.parent / "configuration"))
        story.write(place)
    return place


def changed() -> Drift:
    def sight(index: int, size: int) -> Sight:
        shown = Observation(
            service="ec2", place="", aspect="SecurityGroup", names=(SG,), key="",
            value={"Size": size}, source="DescribeSecurityGroups",
        )  # fmt: skip
        at = NOON + index * SECOND
        return Sight(observation=shown, index=index, id="", started=at - 20, ended=at)

    found = between(sight(1, 1), sight(5, 2))
    assert found is not None
    return found


def sought(trail: Path, stop: int) -> list[tuple[str, bool]]:
    with Reader(trail) as reader:
        found = other_writes.writes_around(reader, changed(), "ec2.amazonaws.com", stop)
        return [(each.operation, each.words is None) for each in found]


def test_those_that_may_have_had_an_effect_with_what_they_asked_for(trail: Path) -> None:
    operations = {"AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules"}
    assert set(sought(trail, 6)) == {(name, False) for name in operations}


def test_what_comes_after_is_left_to_what_comes_after(trail: Path) -> None:
    assert ("RevokeSecurityGroupIngress", False) in sought(trail, 7)
    assert sought(trail, 2) == []


def test_of_too_many_one_stands_for_all(trail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_writes, "MOST", 0)
    with Reader(trail) as reader:
        found = other_writes.writes_around(reader, changed(), "ec2.amazonaws.com", 6)
        assert changed().is_explained(found)
