"""A name means every form of it; an ARN means no other ARN."""

from __future__ import annotations

from apitrail.query import Pattern
from apitrail.state.wanted import Wanted

ARN = "arn:aws:iam::111111111111:role/app"
OTHER = "arn:aws:iam::222222222222:role/app"


def test_a_name_means_what_has_it_or_spells_it_out() -> None:
    assert Wanted(("app",)).means(("app",))
    assert Wanted(("app",)).means((ARN,))
    assert not Wanted(("app",)).means(("application",))


def test_an_arn_means_no_other_arn_and_a_thing_whose_arn_is_not_known() -> None:
    wanted = Wanted((ARN,))
    assert wanted.means(("app", ARN))
    assert not wanted.means(("app", OTHER))
    assert wanted.means(("app",))


def test_a_pattern_means_all_that_it_stands_for() -> None:
    wanted = Wanted((Pattern("web-*"),))
    assert wanted.means(("web-1",))
    assert not wanted.means(("db-1",))
    assert wanted.texts == frozenset()
