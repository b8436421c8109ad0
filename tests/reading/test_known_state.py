"""The state as last known: from which entry, how old, what came since."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apitrail.errors import UsageError
from apitrail.reading import known_state
from apitrail.trail.reader import Reader
from evidence.bundle.evidence import MINUTE, NOON, SECOND, SG, Story

GROUP = {"GroupId": SG, "GroupName": "web", "IpPermissions": []}


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seen at noon and a second, changed a minute later, and not seen since."""
    story = Story().open().wait(SECOND)
    story.call("DescribeSecurityGroups", resources=(SG,), answer={"SecurityGroups": [GROUP]})
    story.wait(MINUTE).call("AuthorizeSecurityGroupIngress", resources=(SG,)).wait(SECOND)
    story.call("DeleteSecurityGroup", resources=("sg-gone",)).wait(SECOND)
    story.call("AuthorizeSecurityGroupIngress", resources=("sg-unseen",)).wait(SECOND).beat()
    path = tmp_path_factory.mktemp("state") / "trail"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APITRAIL_CONFIG", str(path.parent / "configuration"))
        story.write(path)
    return path


def told(trail: Path, at: int, name: str = SG, output: str = "text") -> str:
    with Reader(trail) as source:
        return "\n".join(known_state.lines(known_state.tell(source, name, at), output=output))


def test_it_says_the_state_the_entry_the_age_and_what_came_since(trail: Path) -> None:
    said = told(trail, NOON + 5 * MINUTE)
    assert said.startswith(
        "SecurityGroup  seen 2026-11-22T12:00:01.000Z, 4 minutes before, by DescribeSecurityGroups (entry 1, event "
    )
    assert "  GroupName = web\n" in said
    assert "  may have been changed since by entry 2\n" in said


def test_at_an_earlier_time_it_is_what_was_known_then(trail: Path) -> None:
    said = told(trail, NOON + 2 * SECOND)
    assert "seen 2026-11-22T12:00:01.000Z, 1 second before" in said
    assert "changed since" not in said


def test_what_was_never_seen_and_is_deleted_is_inferred(trail: Path) -> None:
    said = told(trail, NOON + 5 * MINUTE, "sg-gone")
    assert said.startswith("SecurityGroup  never seen, inferred only\n  does not exist\n")


def test_json_has_all_of_it(trail: Path) -> None:
    [part] = json.loads(told(trail, NOON + 5 * MINUTE, output="json"))["parts"]
    assert (part["part"], part["exists"], part["state"]) == ("SecurityGroup", True, GROUP)
    assert (part["seen"]["entry"], part["seen"]["ageSeconds"]) == (1, 299)
    assert part["changedSince"] == [2]


@pytest.mark.parametrize(
    ("name", "at", "problem"),
    [
        ("sg-nothing", NOON + MINUTE, "no call until 2026-11-22T12:01:00.000Z names or shows"),
        (SG, NOON, "no call until 2026-11-22T12:00:00.000Z names or shows"),
        ("sg-unseen", NOON + 5 * MINUTE, "no answer until .* shows the state of 'sg-unseen'"),
    ],
)
def test_what_is_not_known_is_said_in_one_line(
    trail: Path, name: str, at: int, problem: str
) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        told(trail, at, name)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (10, "less than a second"),
        (1000, "1 second"),
        (3 * MINUTE, "3 minutes"),
        (90 * MINUTE, "1 hour"),
        (50 * 60 * MINUTE, "2 days"),
    ],
)
def test_an_age_in_words(milliseconds: int, words: str) -> None:
    assert known_state.duration(milliseconds) == words
