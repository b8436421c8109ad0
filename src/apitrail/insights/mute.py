"""Which insights a person does not want told any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from apitrail.errors import UsageError
from apitrail.insights.insight import TYPES
from apitrail.query import Pattern

_HINT = 'it names a kind, name, caller or operation, such as caller = "arn:aws:iam::*:role/ci"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """Insights of this kind and name, of this caller and operation (`iam:CreateUser`).

    What is None may be anything, and `*` stands for any text.
    """

    kind: str | None = None
    name: str | None = None
    caller: str | None = None
    operation: str | None = None

    @classmethod
    def parse(cls, table: Mapping[str, object]) -> Self:
        """Inverse of `to_json`.

        Raises:
            UsageError: it names nothing, or something else.
        """
        known = {each.name for each in fields(cls)}
        for name, value in table.items():
            if name not in known:
                raise UsageError(f"a mute has no {name!r}", hint=_HINT)
            if not isinstance(value, str) or not value:
                raise UsageError(f"{name} of a mute cannot be {value!r}", hint=_HINT)
        texts = {name: str(value) for name, value in table.items()}
        if not texts:
            raise UsageError("a mute of everything", hint=_HINT)
        return cls(**texts)

    def check(self) -> Self:
        """Hold its kind to be one that is told.

        Raises:
            UsageError: it never is. A log may have a mute of a kind that a later version tells.
        """
        if self.kind is not None and "*" not in self.kind and self.kind not in TYPES:
            raise UsageError(f"no kind {self.kind!r}", hint=f"kinds are {', '.join(TYPES)}")
        return self

    def to_json(self) -> dict[str, str]:
        """What it names."""
        found = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in found if value is not None}

    def covers(self, *, kind: str, name: str, caller: str, operation: str) -> bool:
        """Is an insight of these one of them?"""
        held = ((self.kind, kind), (self.name, name), (self.caller, caller), (self.operation, operation))  # fmt: skip
        return all(wanted is None or Pattern(wanted).matches(value) for wanted, value in held)

    def __str__(self) -> str:
        what = " ".join(each for each in (self.kind, self.name) if each) or "insights"
        of = f" of {self.operation}" if self.operation else ""
        return f"{what}{of}{f' by {self.caller}' if self.caller else ''}"
