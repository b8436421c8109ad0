"""Times as an answer's JSON has them: CloudTrail copies those of a few services letter by letter."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from apitrail import when
from apitrail.exchange import Response

_TIME = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)"')
_MOST = 10_000
"""Times of one answer that are looked at."""


def of(response: Response | None) -> Callable[[datetime], str]:
    """Prints a time as this answer wrote it, which may be to the nanosecond."""
    written: dict[datetime, str] = {}
    for number, found in enumerate(_TIME.finditer(response.body.data if response else b"")):
        if number == _MOST:
            break
        text = found[1].decode()
        # datetime has microseconds; what is finer is cut, as the decoder cuts it.
        written.setdefault(datetime.fromisoformat(text), text)
    return lambda moment: written.get(moment) or _iso(moment)


def _iso(moment: datetime) -> str:
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return when.iso_exact(utc)
