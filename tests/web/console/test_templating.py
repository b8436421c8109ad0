"""What templates make of values."""

from __future__ import annotations

import pytest

import trails
from apitrail.web.console import templating


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (-5, "0 s"),
        (12_999, "12 s"),
        (119_000, "119 s"),
        (180_000, "3 min"),
        (7_200_000, "2 h"),
        (172_800_000, "2 d"),
    ],
)
def test_how_long_ago(milliseconds, said):
    assert templating.ago(milliseconds) == said


def test_a_time_is_whole_where_it_is_asked_for_and_short_in_a_table(monkeypatch):
    assert templating.moment(trails.T0 + 7).count(":") == 2
    assert ".007" in templating.moment(trails.T0 + 7)
    assert templating.moment(None) == "at an unknown time"
    assert len(templating.short(trails.T0, trails.T0)) == 8


def test_numbers_do_not_break():
    assert templating.number(41207) == "41\N{NARROW NO-BREAK SPACE}207"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("<b>&", "&lt;b&gt;&amp;"),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}b", "a\\x202eb"),
        ("a\x1b[31m", "a\\x1b[31m"),
        ("Zoë", "Zoë"),
    ],
)
def test_what_was_recorded_is_text_and_nothing_else(value, said):
    template = templating.environment().from_string("{{ value }}")
    assert template.render(value=value) == said


def test_every_template_is_well_formed():
    made = templating.environment()
    assert len([made.get_template(name) for name in made.list_templates()]) > 10
