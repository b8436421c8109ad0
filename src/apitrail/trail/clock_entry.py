"""A step of the recorder's clock, as the log tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from apitrail.errors import FormatError

type What = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Clock:
    """The recorder's clock was set: what it should have read and what it read, in milliseconds."""

    KIND: ClassVar = "clock"

    before: int
    after: int

    @classmethod
    def parse(cls, what: What) -> Self:
        """Inverse of `what`; raises FormatError."""
        match what:
            case {"from": int(before), "to": int(after)} if bool not in {type(before), type(after)}:
                return cls(before, after)
            case _:
                raise FormatError("malformed clock: it does not say from when to when")

    def what(self) -> dict[str, Any]:
        """The content of the entry."""
        return {"from": self.before, "to": self.after}
