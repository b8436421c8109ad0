"""How long to keep: `7y`, `90d`, in years of the calendar."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from apitrail import when
from apitrail.errors import UsageError

_FORM = re.compile(r"([1-9][0-9]{0,4})([dwy])")
_DAYS = {"d": 1, "w": 7}


def until(text: str, now: datetime) -> datetime:
    """When what is kept from now on may go, to the second.

    Raises:
        UsageError: not such a time.
    """
    match = _FORM.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"not a time to keep: {text!r}", hint="write 7y, 8w or 90d")
    number, unit = int(match[1]), match[2]
    whole = now.astimezone(UTC).replace(microsecond=0)
    try:
        if unit != "y":
            return whole + timedelta(days=number * _DAYS[unit])
        # February 29 does not exist in most years, so February 28 stands for it.
        day = min(whole.day, 28) if whole.month == 2 else whole.day
        return whole.replace(year=whole.year + number, day=day)
    except (ValueError, OverflowError):
        raise UsageError(f"not a time to keep: {text!r}", hint="that is too long") from None


def iso(moment: datetime) -> str:
    """As manifests have it, to the second."""
    return when.iso_second(int(moment.timestamp()))


def parse(text: str) -> datetime:
    """Inverse of `iso`; raises FormatError."""
    return datetime.fromtimestamp(when.parse_iso_second(text), UTC)
