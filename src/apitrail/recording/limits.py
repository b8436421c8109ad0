"""How long a client may be silent, and how many connections it may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apitrail import when
from apitrail.errors import UsageError

# Field → what the configuration file may say there.
_TIMES = ("header", "idle", "body")
_HINT = '[limits] holds header, idle and body, such as "30s", and connections, such as 1000'


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds, and a number of connections.

    `header` is how long the head of a request may take from its first byte (a TLS handshake counts
    apart), `idle` how long a connection may stay without a request, `body` how long the body of a
    request may pause. `connections` is how many a client, by its address, may have at once. How
    long an answer takes is not limited.
    """

    header: float = 30.0
    idle: float = 60.0
    body: float = 60.0
    connections: int = 1_000

    @classmethod
    def parse(cls, entry: Any) -> Limits:
        """`[limits]` of the configuration file; raises UsageError."""
        if not isinstance(entry, Mapping):
            raise UsageError("limits is not a table", hint=_HINT)
        values: dict[str, Any] = {}
        for name, value in entry.items():
            if name in _TIMES and isinstance(value, str):
                values[name] = when.parse_duration(value).total_seconds()
            elif name == "connections" and type(value) is int:
                values[name] = value
            elif name in (*_TIMES, "connections"):
                raise UsageError(f"limits.{name} cannot be {value!r}", hint=_HINT)
            else:
                raise UsageError(f"limits: unknown field {name!r}", hint=_HINT)
            if values[name] < 1:
                raise UsageError(f"limits.{name} cannot be {value!r}", hint="1 is the least")
        return cls(**values)
