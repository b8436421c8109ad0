"""How long to keep."""

from __future__ import annotations

import pytest

from apitrail.delivery.bucket import retention
from apitrail.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7y", "2030-11-14"), ("90d", "2024-02-12"), ("2w", "2023-11-28")],
)
def test_how_long(text, expected):
    now = retention.parse("2023-11-14T23:00:00Z")
    assert retention.iso(retention.until(text, now)).startswith(expected)


@pytest.mark.parametrize("text", ["", "7", "y", "-1d", "0d", "99999y", "1.5y"])
def test_what_is_no_time_to_keep(text):
    with pytest.raises(UsageError, match="not a time to keep"):
        retention.until(text, retention.parse("2023-11-14T23:00:00Z"))


def test_a_leap_day_is_kept_to_the_28th():
    assert retention.iso(
        retention.until("7y", retention.parse("2024-02-29T00:00:00Z"))
    ).startswith("2031-02-28")  # fmt: skip
