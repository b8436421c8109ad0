"""What a question looks like in each engine's SQL."""

from __future__ import annotations

import pytest

from apitrail.delivery.lake import dialects, questions
from apitrail.delivery.lake.dialects import ALWAYS, CLICKHOUSE, DUCKDB, LAKE, SPARK, TRAIL, Period
from apitrail.errors import UsageError

# 27 November 2026, noon.
NOON = 1_795_780_800_000


def test_a_path_is_a_column_of_its_own_or_is_read_from_json():
    assert (
        DUCKDB.told("SELECT userIdentity.arn FROM events") == "SELECT useridentity_arn FROM events"
    )
    assert "json_extract_string(requestparameters" in DUCKDB.told("SELECT requestParameters.a.b")
    assert (
        SPARK.at("requestParameters.a.b") == "get_json_object(requestparameters, \"$['a']['b']\")"
    )


def test_names_of_columns_are_lower_where_an_engine_tells_letters_apart():
    text = "SELECT eventName FROM events WHERE eventSource = 'eventName'"
    assert CLICKHOUSE.told(text) == "SELECT eventname FROM events WHERE eventsource = 'eventName'"


@pytest.mark.parametrize("dialect", dialects.DIALECTS.values(), ids=lambda each: each.name)
def test_a_value_stays_a_text_whatever_is_in_it(dialect):
    value = "it's \"userIdentity.arn\" \\ {caller} eventName' OR 1=1 --"
    text = dialect.ask(questions.named("run-did"), {"run": value}, ALWAYS)
    assert f"run = {dialect.literal(value)}\n" in text


def test_a_period_names_its_days_where_files_are_by_day():
    period = Period(NOON, NOON + 86_400_000)
    assert LAKE.during(period).startswith("eventday >= '20261127' AND eventday <= '20261128' AND")
    assert "eventday" not in TRAIL.during(period)


def test_a_period_that_ends_at_midnight_does_not_meet_the_next_day():
    period = Period(NOON, NOON + 43_200_000)
    assert period.days == ("20261127", "20261127")
    assert not period.holds("20261128")


def test_networks_of_any_length_are_starts_of_addresses():
    assert LAKE.outside("10.0.0.0/8").endswith("substr(sourceIPAddress, 1, 3) = '10.')")
    assert "'192.0.2.'" in LAKE.outside("192.0.2.0/24")
    assert LAKE.outside("10.4.0.0/14").count("substr(") == 4
    assert "IN ('192.0.2.8', '192.0.2.9')" in LAKE.outside("192.0.2.8/31")
    assert " OR " in LAKE.outside("10.0.0.0/8, 192.168.0.0/16")


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "ten", "", "2001:db8::/32", "0.0.0.0/0", "10.0.0.0/8,"]
)
def test_what_is_no_network_is_refused(text):
    with pytest.raises(UsageError, match=r"network of IPv4|nothing is outside"):
        LAKE.outside(text)


@pytest.mark.parametrize("text", ["1; x", "0", "-1", "²"])
def test_seconds_are_a_number(text):
    with pytest.raises(UsageError, match=f"not a number of seconds: '{text}'"):
        LAKE.ask(questions.named("caller-gaps"), {"seconds": text}, ALWAYS)
