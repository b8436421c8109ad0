"""Which values an endpoint makes up, by name and look."""

from __future__ import annotations

import pytest

from apitrail.replay.recorded.naming import is_identifier, is_moment, is_time


@pytest.mark.parametrize(
    ("member", "text"),
    [("VpcId", "vpc-1"), ("GroupArn", "arn"), ("NextToken", "abc"), ("Name", "queue-7f3a")],
)
def test_ids_are_told_by_name_or_by_digits(member: str, text: str) -> None:
    assert is_identifier(member, text)


@pytest.mark.parametrize(
    ("member", "text"), [("Name", "invoices"), ("Port", "123456"), ("State", "ok1")]
)
def test_plain_words_and_numbers_are_the_callers(member: str, text: str) -> None:
    assert not is_identifier(member, text)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("lastModifiedDate", 1_700_000_000.5), ("ingestionTime", 1_700_000_000_000),
        ("createdAt", "2026-11-26T09:00:00Z"), ("CreatedTimestamp", "1700000000"),
        ("expires", 1_800_000_000),
    ],
)  # fmt: skip
def test_times_are_told_whatever_their_type(member: str, value: object) -> None:
    assert is_moment(member, value)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("storedBytes", 1_700_000_000), ("creationTime", 30), ("creationTime", True),
        ("createdAt", "yesterday"), ("Format", "1700000000"), ("retentionTime", None),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_time_is_none(member: str, value: object) -> None:
    assert not is_moment(member, value)


def test_times_as_services_write_them() -> None:
    assert is_time("2026-11-26T09:00:00.000Z")
    assert is_time("Thu, 26 Nov 2026 09:00:00 GMT")
    assert not is_time("26.11.2026")
