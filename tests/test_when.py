"""Times as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from apitrail import when
from apitrail.errors import FormatError, UsageError

# A Monday, in a zone that is not UTC.
NOW = datetime(2026, 11, 23, 10, 30, tzinfo=timezone(timedelta(hours=1)))


def at(*moment: int, zone: timezone = timezone(timedelta(hours=1))) -> int:
    return int(datetime(*moment, tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", at(2026, 11, 23, 10, 30)),
        ("15m", at(2026, 11, 23, 10, 15)),
        ("2h", at(2026, 11, 23, 8, 30)),
        ("1h30m", at(2026, 11, 23, 9, 0)),
        ("3d ago", at(2026, 11, 20, 10, 30)),
        ("2 hours ago", at(2026, 11, 23, 8, 30)),
        ("1w", at(2026, 11, 16, 10, 30)),
        ("today", at(2026, 11, 23)),
        ("09:00", at(2026, 11, 23, 9, 0)),
        ("9:05", at(2026, 11, 23, 9, 5)),
        ("10:30", at(2026, 11, 23, 10, 30)),
        ("10:31", at(2026, 11, 22, 10, 31)),
        ("10:29:59", at(2026, 11, 23, 10, 29, 59)),
        ("11-23 09:00", at(2026, 11, 23, 9, 0)),
        ("12-24 18:00", at(2025, 12, 24, 18, 0)),
        ("yesterday", at(2026, 11, 22)),
        ("monday", at(2026, 11, 16)),
        ("last sunday", at(2026, 11, 22)),
        ("2026-11-01", at(2026, 11, 1)),
        ("2026-11-01T09:30", at(2026, 11, 1, 9, 30)),
        ("2026-11-01 09:30:15", at(2026, 11, 1, 9, 30, 15)),
        ("2026-11-01T09:30:00Z", at(2026, 11, 1, 9, 30, zone=UTC)),
        ("20261101T093000Z", at(2026, 11, 1, 9, 30, zone=UTC)),
        ("1795330234", 1795330234000),
    ],
)
def test_a_moment_in_every_form(text, expected):
    assert when.parse(text, now=NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2",
        "-1h",
        "2026-13-01",
        "h",
        "1y",
        "11-31 09:00",
        "02-29 09:00",
        "09:60",
        "1:2",
        "9" * 40 + "w",
        "\u0661h",
        "25:00",
    ],
)
def test_what_is_no_time_is_named_with_a_hint(text):
    with pytest.raises(UsageError, match="not a time") as caught:
        when.parse(text, now=NOW)
    assert "yesterday" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("5m", 300), ("1h30m", 5400), ("7d", 604_800)]
)
def test_a_duration(text, seconds):
    assert when.parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "5", "yesterday", "5m ago", "9" * 30 + "d"])
def test_what_is_no_duration_is_named(text):
    with pytest.raises(UsageError, match="not a duration"):
        when.parse_duration(text)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_700_000_000_007, "2023-11-14T22:13:20.007Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
    ],
)
def test_milliseconds_are_written_as_iso_8601(milliseconds, text):
    assert when.iso(milliseconds) == text


def test_no_time_has_no_text():
    assert when.iso(None) is None


def test_a_second_is_written_as_cloudtrail_does_and_read_back():
    assert when.iso_second(1_700_000_000) == "2023-11-14T22:13:20Z"
    assert when.parse_iso_second("2023-11-14T22:13:20Z") == 1_700_000_000


@pytest.mark.parametrize(
    "text", ["", "2023-11-14", "2023-11-14T22:13:20", "2023-11-14T22:13:20.000Z", "2023-13-14T22:13:20Z"]
)  # fmt: skip
def test_only_that_form_is_read_back(text):
    with pytest.raises(FormatError, match="malformed time"):
        when.parse_iso_second(text)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), "2026-01-02T03:04:05.000678Z"),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),  # noqa: DTZ001
    ],
)
def test_a_moment_is_written_as_exact_as_it_is(moment, text):
    assert when.iso_exact(moment) == text


@pytest.mark.parametrize(
    "text", ["3months", "1mo", "5ms", "2 mos ago", "1y", "1sx", "1h2mo", "3 minuteses"]
)
def test_what_only_begins_like_a_unit_is_none(text):
    """`prune 3months` must not take what is older than three minutes."""
    with pytest.raises(UsageError, match="not a time"):
        when.parse(text, now=NOW)
    with pytest.raises(UsageError, match="not a duration"):
        when.parse_duration(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("90 sec", 90), ("2secs", 2), ("1 second", 1), ("5min", 300), ("5 mins", 300),
     ("1minute", 60), ("1hr", 3600), ("2 hours", 7200), ("1h30m", 5400), ("1 hour 30 minutes", 5400),
     ("2days", 172_800), ("1 week", 604_800), ("2W", 1_209_600)],
)  # fmt: skip
def test_units_have_their_usual_spellings(text, seconds):
    assert when.parse_duration(text).total_seconds() == seconds
