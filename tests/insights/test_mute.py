from __future__ import annotations

import pytest

from apitrail.errors import UsageError
from apitrail.insights.mute import Mute

ABOUT = {
    "kind": "first-seen",
    "name": "network",
    "caller": "arn:role/ci",
    "operation": "iam:CreateUser",
}


@pytest.mark.parametrize(
    ("mute", "covers"),
    [
        ({"kind": "first-seen"}, True),
        ({"kind": "rate"}, False),
        ({"caller": "*role/ci"}, True),
        ({"caller": "role/ci"}, False),
        ({"operation": "iam:*", "name": "network"}, True),
        ({"operation": "IAM:createuser"}, True),
        ({"operation": "ec2:*", "name": "network"}, False),
        (ABOUT, True),
    ],
)
def test_all_that_it_names_must_hold(mute, covers):
    assert Mute.parse(mute).covers(**ABOUT) is covers


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ({}, "a mute of everything"),
        ({"who": "x"}, "no 'who'"),
        ({"kind": 1}, "kind of a mute cannot be 1"),
        ({"name": ""}, "cannot be ''"),
    ],
)
def test_what_is_no_mute_is_refused(table, match):
    with pytest.raises(UsageError, match=match):
        Mute.parse(table)


def test_a_kind_that_a_person_names_is_one_that_is_told():
    with pytest.raises(UsageError, match="no kind 'drfit'"):
        Mute.parse({"kind": "drfit"}).check()
    assert Mute.parse({"kind": "*"}).check()
    assert Mute.parse({"kind": "later"}).to_json() == {"kind": "later"}


def test_it_is_said_in_words():
    assert str(Mute.parse(ABOUT)) == "first-seen network of iam:CreateUser by arn:role/ci"
    assert str(Mute(caller="x")) == "insights by x"
