"""Times as people write them (`2h`, `yesterday`, `2026-11-23`), and ISO 8601 as we write it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import overload

from apitrail.errors import FormatError, UsageError

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
# Every spelling of the units. Other words that begin like one are refused: 3 months are not 3
# minutes.
_WORDS = "s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?"
_PART = re.compile(rf"([0-9]+)\s*({_WORDS})(?![a-z])\s*", re.IGNORECASE)
_AGO = re.compile(rf"(?:{_PART.pattern})+(?:ago)?", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d\d)-(\d\d) )?(\d?\d):(\d\d)(?::(\d\d))?", re.ASCII)
_DAYS = {"today": 0, "yesterday": 1}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parse(text: str, *, now: datetime) -> int:
    """Unix milliseconds of a moment written by a person; words and dates are in `now`'s zone.

    Raises:
        UsageError: not a time, with the forms that are.
    """
    value = text.strip().lower()
    moment = (
        _now(value, now)
        or _ago(value, now)
        or _day(value, now)
        or _clock(value, now)
        or _iso(text.strip(), now)
    )
    if moment is None:
        raise UsageError(
            f"not a time: {text!r}",
            hint="write 15m, 2h, 1h30m, 3d, 09:00, today, yesterday, monday, 2026-11-23 or 2026-11-23T09:30Z",
        )
    return int(moment.timestamp() * 1000)


def parse_duration(text: str) -> timedelta:
    """`90s`, `5m`, `1h30m`, `7d`.

    Raises:
        UsageError: not a duration.
    """
    value = text.strip().lower()
    if not value or not _AGO.fullmatch(value) or "ago" in value:
        raise UsageError(f"not a duration: {text!r}", hint="write 90s, 5m, 1h30m or 7d")
    try:
        return _sum(value)
    except OverflowError:
        raise UsageError(f"not a duration: {text!r}", hint="that is too long") from None


def _sum(value: str) -> timedelta:
    parts = ((int(number), _UNITS[unit[0].lower()]) for number, unit in _PART.findall(value))
    return sum((number * unit for number, unit in parts), timedelta())


def _now(value: str, now: datetime) -> datetime | None:
    return now if value == "now" else None


def _ago(value: str, now: datetime) -> datetime | None:
    if not value or not _AGO.fullmatch(value):
        return None
    try:
        return now - _sum(value)
    except OverflowError:
        return None


def _day(value: str, now: datetime) -> datetime | None:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if value in _DAYS:
        return midnight - timedelta(days=_DAYS[value])
    if value.removeprefix("last ") in _WEEKDAYS:
        back = (now.weekday() - _WEEKDAYS.index(value.removeprefix("last "))) % 7
        return midnight - timedelta(days=back or 7)
    return None


def _clock(value: str, now: datetime) -> datetime | None:
    """The last time it was `09:00`, or the 26th at nine, as tables print it (`11-26 09:00`)."""
    match = _CLOCK.fullmatch(value)
    if match is None:
        return None
    month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        moment = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
        if not month:
            return moment if moment <= now else moment - timedelta(days=1)
        moment = moment.replace(month=month, day=day)
        return moment if moment <= now else moment.replace(year=now.year - 1)
    except ValueError:
        return None


def _iso(value: str, now: datetime) -> datetime | None:
    """ISO 8601, or Unix seconds as the AWS CLI takes them."""
    try:
        if re.fullmatch(r"\d{9,11}(\.\d+)?", value):
            return datetime.fromtimestamp(float(value), UTC)
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None
    zone: tzinfo | None = moment.tzinfo or now.tzinfo
    return moment.replace(tzinfo=zone)


# -- ISO 8601 ----------------------------------------------------------------------------------


@overload
def iso(milliseconds: int) -> str: ...
@overload
def iso(milliseconds: int | None) -> str | None: ...
def iso(milliseconds: int | None) -> str | None:
    """Unix milliseconds as `2026-11-23T09:30:00.000Z`."""
    if milliseconds is None:
        return None
    seconds, rest = divmod(milliseconds, 1000)
    return f"{iso_second(seconds)[:-1]}.{rest:03d}Z"


# All calls of one second share one text.
@lru_cache(maxsize=64)
def iso_second(seconds: int) -> str:
    """Unix seconds as CloudTrail writes times: `2026-11-23T09:30:00Z`."""
    return f"{datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()}Z"


def iso_exact(moment: datetime) -> str:
    """As exact as the value is, with `Z` for UTC; a zone that is not UTC, or none, stays."""
    return moment.isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=64)
def parse_iso_second(text: str) -> int:
    """Inverse of `iso_second`.

    Raises:
        FormatError: anything but that form.
    """
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise FormatError(f"malformed time: {text!r}") from error
    return int(moment.timestamp())
