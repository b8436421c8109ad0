"""The entry that says which insights are muted from now on, or are not any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from apitrail.errors import FormatError, UsageError
from apitrail.insights.mute import Mute


@dataclass(frozen=True, slots=True, kw_only=True)
class Muting:
    """A mute, why, who said so (`configuration`, `command` or `console`), and until when (Unix
    milliseconds). One that is `lifted` ends all before it that name the same."""

    KIND: ClassVar = "mute"

    mute: Mute
    by: str
    reason: str = ""
    until: int | None = None
    lifted: bool = False

    @classmethod
    def parse(cls, what: Mapping[str, Any]) -> Self:
        """Inverse of `what`; raises FormatError."""
        match what:
            case {"mute": dict(mute), "by": str(by), "reason": str(reason), "lifted": bool(lifted)}:
                until = what.get("until")
                if "until" in what and type(until) is not int:
                    raise FormatError(f"malformed mute: 'until' is {until!r:.60}")
                try:
                    found = Mute.parse(mute)
                except UsageError as error:
                    raise FormatError(f"malformed mute: {error}") from error
                return cls(mute=found, by=by, reason=reason, until=until, lifted=lifted)
            case _:
                raise FormatError("malformed mute: a member is missing or of another type")

    def what(self) -> dict[str, Any]:
        """The content of the entry."""
        said = {"mute": self.mute.to_json(), "by": self.by, "reason": self.reason, "lifted": self.lifted}  # fmt: skip
        return said | ({} if self.until is None else {"until": self.until})
