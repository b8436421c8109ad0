"""What waits for a trail's writer, each with the future of whoever asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from apitrail import last_resort
from apitrail.errors import RecordingError, reason
from apitrail.trail.rows import Draft


@dataclass(slots=True)
class Begin:
    """An intent to make durable."""

    key: str
    facets: Mapping[str, bytes]
    done: asyncio.Future[int]


@dataclass(slots=True)
class Append:
    """An entry to make durable, and the intent it settles."""

    draft: Draft
    settles: str | None
    done: asyncio.Future[int]


@dataclass(slots=True)
class Alone:
    """Work in the writer's thread that must have the trail for itself, between two batches."""

    work: Callable[[], int]
    done: asyncio.Future[int]


type Item = Begin | Append | Alone


def fail(items: Sequence[Item], error: BaseException) -> None:
    """Tell those who wait that it could not be written."""
    why = reason(error)
    with last_resort.vital():
        for item in items:
            if not item.done.done():
                item.done.set_exception(RecordingError(f"the trail cannot be written: {why}"))
