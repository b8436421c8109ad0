"""The alerts that were raised of a trail, and how far each delivery is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from apitrail.codec import Json, Object
from apitrail.trail.outbox import DELIVERED, GIVEN_UP, WAITING, Delivery, Kept, Outbox
from apitrail.when import iso

HEADERS = ("TIME", "LEVEL", "ALERT", "ENTRY", "CALLS", "TITLE", "DELIVERY")
STATES = (WAITING, DELIVERED, GIVEN_UP)


@dataclass(frozen=True, slots=True)
class Place:
    """A sink, is it configured, and how many of its deliveries are in each state."""

    name: str
    shown: str
    active: bool
    counts: dict[str, int]

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        counts = {state: self.counts.get(state, 0) for state in STATES}
        return {"sink": self.shown, "configured": self.active, **_spelled(counts)}


@dataclass(frozen=True, slots=True)
class Logged:
    """An alert with its deliveries; sinks are as people are told of them."""

    kept: Kept
    deliveries: tuple[tuple[str, Delivery], ...]

    @property
    def state(self) -> str:
        """Of all deliveries together: given up and waiting are told before delivered."""
        states = {each.state for _, each in self.deliveries}
        return next((state for state in (GIVEN_UP, WAITING) if state in states), DELIVERED)

    @property
    def entry(self) -> int:
        """The entry that completed it."""
        return self.kept.entries[-1]

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        kept = self.kept
        return {
            "id": kept.id, "alert": kept.name, "title": kept.title, "level": kept.level,
            "rule": kept.rule, "time": iso(kept.time), "entry": self.entry,
            "entries": list(kept.entries), "count": kept.count, "state": self.state,
            "deliveries": [_delivery(shown, each) for shown, each in self.deliveries],
        }  # fmt: skip

    def row(self) -> list[str]:
        """Under `HEADERS`."""
        kept = self.kept
        told = "; ".join(text(shown, each) for shown, each in self.deliveries)
        return [
            iso(kept.time), kept.level, kept.name, str(self.entry), str(kept.count), kept.title, told,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class AlertLog:
    """The newest alerts, newest first, and the sinks."""

    alerts: tuple[Logged, ...] = ()
    places: tuple[Place, ...] = ()


def read(directory: Path, limit: int) -> AlertLog:
    """Of the trail in this directory; nothing where no alert was ever configured. Raises UsageError."""
    outbox = Outbox.look(directory)
    if outbox is None:
        return AlertLog()
    with closing(outbox):
        places = tuple(Place(*each) for each in outbox.states())
        shown = {each.name: each.shown for each in places}
        return AlertLog(tuple(_logged(outbox.newest(limit), shown)), places)


def _logged(
    found: Iterable[tuple[Kept, list[Delivery]]], shown: dict[str, str]
) -> Iterator[Logged]:
    for kept, deliveries in found:
        yield Logged(kept, tuple((shown.get(each.sink, each.sink), each) for each in deliveries))


def text(shown: str, delivery: Delivery) -> str:
    """`webhook https://example.com/: waiting after 2 tries (it answered 500)`."""
    tries = f"{delivery.tries} {'try' if delivery.tries == 1 else 'tries'}"
    after = f" after {tries}" if delivery.state != DELIVERED and delivery.tries else ""
    why = f" ({delivery.problem})" if delivery.problem else ""
    return f"{shown}: {delivery.state}{after}{why}"


def _delivery(shown: str, delivery: Delivery) -> Object:
    return {
        "sink": shown, "state": delivery.state, "tries": delivery.tries,
        "at": None if delivery.at is None else iso(delivery.at),
        "next": iso(delivery.due) if delivery.state == WAITING else None,
        "problem": delivery.problem,
    }  # fmt: skip


def _spelled(counts: dict[str, int]) -> dict[str, Json]:
    return {state.replace(" ", "_"): number for state, number in counts.items()}
