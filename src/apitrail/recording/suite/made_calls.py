"""The calls that a test made, as the test asserts on them: what was called, on what, with what end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

from apitrail.codec import Json
from apitrail.event import Event
from apitrail.query import Pattern

# pytest cuts what it shows of a value at 240 characters; this leaves room for its own words.
_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCall:
    """One call. `operation` is `s3:PutObject`; `error` its code, None where it succeeded.

    `record` is CloudTrail's, with `requestParameters` and `responseElements` among its fields.
    """

    operation: str
    resources: tuple[str, ...] = ()
    arns: tuple[str, ...] = ()
    region: str | None = None
    error: str | None = None
    is_write: bool = True
    id: str = ""
    record: Mapping[str, Json] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, event: Event) -> MadeCall:
        """What was recorded of a call. One of which nobody knows whether it writes counts as a write."""
        record, call = event.record(), event.call
        service = str(record.get("eventSource") or "?").partition(".")[0]
        return cls(
            operation=f"{service}:{record.get('eventName') or '?'}",
            resources=tuple(dict.fromkeys(each.label for each in event.resources)),
            arns=tuple(dict.fromkeys(each.arn for each in event.resources if each.arn)),
            region=call.region,
            error=call.error or call.failure,
            is_write=record.get("readOnly") is not True,
            id=str(record.get("eventID") or ""),
            record=record,
        )

    def __str__(self) -> str:
        """`s3:PutObject invoices/1.pdf → AccessDenied`."""
        named = " ".join((self.operation, *self.resources))
        return f"{named} → {self.error}" if self.error else named


class Calls(Sequence[MadeCall]):
    """Calls in the order of the log. What is chosen from them is a `Calls` too.

    `read` is asked each time, so the calls of a running test are those that it has made so far.
    """

    def __init__(self, read: Callable[[], Sequence[MadeCall]]) -> None:
        self._read = read
        self._forgotten = 0

    @overload
    def __getitem__(self, index: int) -> MadeCall: ...
    @overload
    def __getitem__(self, index: slice) -> Calls: ...
    def __getitem__(self, index: int | slice) -> MadeCall | Calls:
        if isinstance(index, slice):
            return _these(self._made()[index])
        return self._made()[index]

    def __len__(self) -> int:
        return len(self._made())

    def __iter__(self) -> Iterator[MadeCall]:
        return iter(self._made())

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Calls | list | tuple) else False

    __hash__ = None  # type: ignore[assignment]  # what it holds changes

    @property
    def writes(self) -> Calls:
        """Those that may change something."""
        return _these([call for call in self if call.is_write])

    @property
    def reads(self) -> Calls:
        """Those that only read."""
        return _these([call for call in self if not call.is_write])

    @property
    def errors(self) -> Calls:
        """Those that were refused or failed, or had no answer."""
        return _these([call for call in self if call.error])

    @property
    def operations(self) -> list[str]:
        """What was called, in order: `["s3:CreateBucket", "s3:PutObject"]`."""
        return [call.operation for call in self]

    @property
    def resources(self) -> list[str]:
        """The names of what was touched, each once, in order."""
        return list(dict.fromkeys(name for call in self for name in call.resources))

    def of(self, *operations: str) -> Calls:
        """Calls of these operations: `s3:PutObject`, `PutObject` or `s3:Put*`, in any letter case."""
        patterns = [Pattern(each if ":" in each else f"*:{each}") for each in operations]
        return _these([c for c in self if any(p.matches(c.operation) for p in patterns)])

    def on(self, *names: str) -> Calls:
        """Calls on these resources, by name or ARN; `*` stands for any text."""
        patterns = [Pattern(each) for each in names]
        return _these([c for c in self if _touches(c, patterns)])

    def clear(self) -> None:
        """Count only what comes now: what fixtures have set up is not what the test does."""
        self._forgotten = len(self._read())

    def __repr__(self) -> str:
        """Short enough for pytest to show whole: as many calls as fit, and how many there are."""
        made = self._made()
        if not made:
            return "no calls"
        text = ", ".join(map(str, made))
        if len(text) > _SHOWN:
            text = f"{text[:_SHOWN]}…"
        return f"<{len(made)} {'call' if len(made) == 1 else 'calls'}: {text}>"

    def _made(self) -> Sequence[MadeCall]:
        return self._read()[self._forgotten :]


def _these(made: Sequence[MadeCall]) -> Calls:
    return Calls(lambda: made)


def _touches(call: MadeCall, patterns: Sequence[Pattern]) -> bool:
    names = (*call.resources, *call.arns)
    return any(pattern.matches(name, exactly=True) for pattern in patterns for name in names)
