"""A message that tries a sink: does what alerts will go to take it?"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Sequence

from apitrail.codec import Object
from apitrail.errors import Error
from apitrail.reading.rules import raised
from apitrail.recording.alerts.alert_settings import Alert
from apitrail.recording.alerts.sink import Message, Sink
from apitrail.when import iso


def attempt(alerts: Sequence[Alert], now: int) -> Iterator[tuple[Alert, Sink, str | None]]:
    """Each sink of each alert, and why it did not take the message, if so."""
    for alert in alerts:
        for sink in alert.sinks:
            number = str(uuid.uuid4())
            message = Message(number, raised.line(_document(alert, number, now)))
            try:
                asyncio.run(sink.send(message))
            except Error as error:
                yield alert, sink, str(error)
            else:
                yield alert, sink, None


def _document(alert: Alert, number: str, now: int) -> Object:
    """As of an alert, with `test`, and without a call."""
    return {
        "id": number, "test": True, "alert": alert.name, "title": "This is a test of an alert",
        "level": "informational", "rule": None, "time": iso(now), "log": None, "entry": None,
        "entries": [], "count": 0, "summary": "apitrail alert send", "eventIDs": [],
        "operator": None, "run": None, "labels": {}, "record": None,
    }  # fmt: skip
