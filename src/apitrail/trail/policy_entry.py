"""A guard that calls must pass from now on, as the log keeps it: its text and its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from apitrail.codec import Json
from apitrail.errors import FormatError


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A guard in force; `sha256` (hex) is of its text, and decisions name it by that.

    `watching` says that it refuses nothing, and only marks what it would refuse.
    """

    KIND: ClassVar = "policy"

    name: str
    sha256: str
    text: str
    watching: bool = False

    @classmethod
    def parse(cls, what: Mapping[str, object]) -> Self:
        """Inverse of `what`; raises FormatError."""
        watching = what.get("watching", False)
        match what:
            case {"name": str(name), "sha256": str(digest), "text": str(text)} if isinstance(
                watching, bool
            ):
                return cls(name=name, sha256=digest, text=text, watching=watching)
            case _:
                raise FormatError("malformed policy: it lacks a name, a digest or a text")

    def what(self) -> dict[str, Json]:
        """The content of the entry."""
        told: dict[str, Json] = {"name": self.name, "sha256": self.sha256, "text": self.text}
        return told | ({"watching": True} if self.watching else {})
