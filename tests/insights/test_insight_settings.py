from __future__ import annotations

import tomllib
from datetime import UTC, datetime

import pytest

from apitrail.errors import UsageError
from apitrail.insights.insight_settings import InsightSettings
from apitrail.insights.mute import Mute


def parse(text):
    return InsightSettings.parse(tomllib.loads(text).get("insights", {}))


def test_thresholds_mutes_and_the_switch_stand_in_one_table():
    found = parse("""
        [insights]
        enabled = false
        retries = 7
        [[insights.mute]]
        kind = "first-seen"
        caller = "arn:aws:iam::*:role/ci"
        reason = "a new pipeline"
        until = 2027-01-31T12:00:00Z
        [[insights.mute]]
        operation = "s3:*"
    """)
    assert (found.enabled, found.thresholds.retries) == (False, 7)
    first, second = found.mutes
    assert first.mute == Mute(kind="first-seen", caller="arn:aws:iam::*:role/ci")
    assert first.reason == "a new pipeline"
    assert (
        datetime.fromtimestamp(first.until / 1000, UTC).isoformat() == "2027-01-31T12:00:00+00:00"
    )
    assert (second.mute, second.until) == (Mute(operation="s3:*"), None)


def test_nothing_said_is_the_usual():
    assert parse("") == InsightSettings()
    assert parse("").enabled


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("insights = 1", "not a table"),
        ("insights.enabled = 1", "enabled cannot be 1"),
        ("insights.mute = 1", "not a list"),
        ("insights.mute = [1]", "a mute cannot be 1"),
        ("[[insights.mute]]", "a mute of everything"),
        ('[[insights.mute]]\nkind = "odd"', "no kind 'odd'"),
        ('[[insights.mute]]\nname = "x"\nuntil = 5', "until of a mute cannot be 5"),
        ('[[insights.mute]]\nname = "x"\nreason = 5', "reason of a mute cannot be 5"),
        ("insights.muted = 1", "unknown threshold 'muted'"),
    ],
)
def test_what_is_not_understood_is_refused(text, match):
    with pytest.raises(UsageError, match=match):
        parse(text)


def test_a_day_ends_a_mute_when_it_begins_here():
    [wish] = parse('[[insights.mute]]\nname = "x"\nuntil = 2027-01-31').mutes
    assert datetime.fromtimestamp(wish.until / 1000).astimezone().hour == 0
