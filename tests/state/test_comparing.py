"""What comes next is held against what was seen last, unless that was on its way."""

from __future__ import annotations

import pytest

from apitrail.state.changing import Write
from apitrail.state.comparing import Sight, Sights, between
from apitrail.state.observation import Observation


def sight(index: int, value, source: str = "DescribeVolumes") -> Sight:
    shown = Observation(
        service="ec2",
        place="",
        aspect="Volume",
        names=("vol-1",),
        key="",
        value=value,
        source=source,
    )
    return Sight(
        observation=shown,
        index=index,
        id=f"e{index}",
        started=index * 1000,
        ended=index * 1000 + 20,
    )


def test_two_that_are_alike_are_no_change() -> None:
    assert between(sight(1, {"Size": 1}), sight(2, {"Size": 1})) is None


def test_a_thing_that_is_gone_or_comes_is_a_change() -> None:
    gone = between(sight(1, {"Size": 1}), sight(2, None))
    assert gone is not None
    assert [(each.was, each.now) for each in gone.found] == [({"Size": 1}, None)]
    assert between(sight(1, None), sight(2, None)) is None


def test_what_is_on_its_way_is_held_against_nothing() -> None:
    sights = Sights()
    assert sights.see(sight(1, {"Size": 1, "State": "creating"})) is None
    assert sights.see(sight(2, {"Size": 8, "State": "available"})) is None
    assert sights.see(sight(3, {"Size": 9, "State": "available"})) is not None


def test_a_thing_that_ended_may_vanish_and_one_that_stood_may_not() -> None:
    sights = Sights()
    assert sights.see(sight(1, {"Size": 1, "State": "available"})) is None
    assert sights.see(sight(2, {"Size": 1, "State": "deleted"})) is not None
    assert sights.see(sight(3, None)) is None


def test_a_change_is_told_once() -> None:
    sights = Sights()
    found = [sights.see(sight(n, {"Size": size})) for n, size in enumerate([1, 1, 2, 2])]
    assert [each is not None for each in found] == [False, False, True, False]


def test_a_member_that_another_kind_of_call_leaves_out_is_held_against_the_same_kind() -> None:
    sights = Sights()
    sights.see(sight(1, {"Size": 1, "Tags": ["a"]}))
    assert sights.see(sight(2, {"Size": 1}, source="List")) is None
    found = sights.see(sight(3, {"Size": 1, "Tags": ["b"]}))
    assert found is not None
    assert found.before.index == 1


def test_a_change_that_a_write_can_have_made_is_explained() -> None:
    found = between(sight(1, {"Size": 1}), sight(9, {"Size": 2}))
    assert found is not None
    write = Write(
        index=5,
        started=5000,
        ended=5020,
        service="ec2",
        operation="ModifyVolume",
        names=frozenset({"vol-1"}),
    )
    assert found.is_explained([write])
    assert not found.is_explained([])


@pytest.mark.parametrize(
    "own",
    [
        {"Arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        {"KeyManager": "AWS"},
        {"ImageOwnerAlias": "amazon"},
    ],
)
def test_what_is_aws_s_own_changes_as_aws_likes(own: dict) -> None:
    assert between(sight(1, {"Size": 1, **own}), sight(2, {"Size": 2, **own})) is None


def test_what_was_not_seen_for_longest_is_forgotten() -> None:
    sights = Sights()
    sights.see(sight(1, {"Size": 1}))
    sights.forget(0)
    assert sights.see(sight(2, {"Size": 2})) is None
