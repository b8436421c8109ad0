"""A filter in words: from a command line or a URL to a filter, and back to a command."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

import pytest

from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.reading import filter_words

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_every_option_sets_the_field_of_its_name():
    words = {name: ["x"] for name in filter_words.REPEATED}
    words |= {
        "event-id": ["ABCD"],
        "label": ["a=1", "a=2", "b"],
        "error": ["E"],
        "read-only": ["true"],
    }
    words |= {"since": ["1h"], "until": ["now"], "stand-in": ["true"]}
    found = filter_words.parse(words, now=NOW)
    assert found == Filter(
        event_id=("abcd",), event_name=("x",), event_source=("x.amazonaws.com",), username=("x",),
        access_key_id=("x",), resource_name=("x",), resource_type=("x",), region=("x",),
        source_ip=("x",), run=("x",), operator=("x",), label=(("a=1", "a=2"), ("b",)), error="E",
        read_only=True, stand_in=None, since=int(NOW.timestamp() * 1000) - 3_600_000,
        until=int(NOW.timestamp() * 1000),
    )  # fmt: skip


def test_nothing_said_is_every_call_but_those_about_a_stand_in():
    assert filter_words.parse({}, now=NOW) == Filter(stand_in=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [("read-only", "perhaps"), ("since", "soon"), ("event-id", "!"), ("stand-in", "1")],
)
def test_a_word_that_its_option_does_not_take_is_refused(name, value):
    with pytest.raises(UsageError, match=value):
        filter_words.parse({name: [value]}, now=NOW)


def test_what_is_given_once_may_not_be_given_twice():
    with pytest.raises(UsageError, match="error is given 2 times"):
        filter_words.parse({"error": ["A", "B"]}, now=NOW)


def test_the_options_of_a_command_say_the_same():
    words = {
        "event-name": ["Create*", "a b"],
        "read-only": ["false"],
        "error": ["*"],
        "since": ["2h"],
    }
    options = " ".join(filter_words.options(words))
    assert options == "--event-name 'Create*' --event-name 'a b' --error --no-read-only --since 2h"
    assert shlex.split(options)[3] == "a b"
