"""When a client's connection has been silent for too long, by the stage that it is in.

The clock is passed in: seconds of one that nobody sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from weakref import WeakValueDictionary

from apitrail.recording.limits import Limits

TURNED_AWAY = (
    "a client has %d connections, which is the limit: it gets no more\n"
    "hint: [limits] connections in config.toml"
)


class Due(NamedTuple):
    """When a connection is to be closed, and what for."""

    at: float
    reason: str


@dataclass(slots=True, weakref_slot=True)
class Pace:
    """The stage of one connection.

    `framed` says that requests come in frames (HTTP/2): bytes without a request are pings then.
    Times at which the recorder itself was in the way do not count.
    """

    limits: Limits
    idle: float
    head: float | None = None
    bodies: dict[str, float] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    framed: bool = False
    free: bool = False
    _waits: int = 0
    _since: float = 0.0

    def received(self, now: float) -> None:
        """Bytes came from the client."""
        if not self.framed and not self.open and self.head is None:
            self.head = now
        if not self.framed:
            for stream in self.bodies:
                self.bodies[stream] = now

    def settled(self, now: float, *, framed: bool = False) -> None:
        """A handshake is over; the first request may take its time."""
        self.head, self.idle, self.framed = None, now, framed

    def headed(self, stream: str, now: float) -> None:
        """The head of a request is here."""
        self.head = None
        self.open.add(stream)
        self.bodies[stream] = now

    def more(self, stream: str, now: float) -> None:
        """A part of a request's body is here."""
        if stream in self.bodies:
            self.bodies[stream] = now

    def whole(self, stream: str, now: float) -> None:
        """A request is here to its end."""
        self.bodies.pop(stream, None)
        if stream in self.answered:
            self.over(stream, now)

    def over(self, stream: str, now: float, *, failed: bool = False) -> None:
        """A request is answered, or has failed; where its body is still on its way it stays open."""
        if stream in self.bodies and not failed:
            self.answered.add(stream)
            return
        self.bodies.pop(stream, None)
        self.answered.discard(stream)
        self.open.discard(stream)
        self.idle = now

    def due(self) -> Due | None:
        """When the client will have been silent for too long, if it stays so; None where it may."""
        if self.free or self._waits:
            return None
        found: Due | None = None
        if self.head is not None:
            found = Due(self.head + self.limits.header, "header")
        elif not self.open:
            found = Due(self.idle + self.limits.idle, "idle")
        for at in self.bodies.values():
            body = Due(at + self.limits.body, "body")
            found = body if found is None else min(found, body)
        return found

    def wait(self, now: float) -> None:
        """From now on the recorder does not read, or has not decided yet."""
        if not self._waits:
            self._since = now
        self._waits += 1

    def go_on(self, now: float) -> None:
        """It reads again: the time in between is not the client's."""
        self._waits -= 1
        if self._waits:
            return
        self.forgive(now - self._since)

    def spent(self, since: float, now: float) -> None:
        """The recorder did something in between, at a stretch: that time is not the client's."""
        if not self._waits:
            self.forgive(now - since)

    def forgive(self, lost: float) -> None:
        """So many seconds were not the client's."""
        self.idle += lost
        self.head = None if self.head is None else self.head + lost
        if self.bodies:
            self.bodies = {stream: at + lost for stream, at in self.bodies.items()}


class Doors:
    """How many connections each client has, by its address."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.inside: dict[str, int] = {}

    @contextmanager
    def entered(self, address: str) -> Iterator[bool]:
        """While the context is open one connection more is counted; is there room for it?"""
        if self.inside.get(address, 0) >= self.limits.connections:
            yield False
            return
        self.inside[address] = self.inside.get(address, 0) + 1
        try:
            yield True
        finally:
            self.inside[address] -= 1
            if not self.inside[address]:
                del self.inside[address]


PACES: WeakValueDictionary[str, Pace] = WeakValueDictionary()
"""The paces of open connections, by the id of the client."""
