"""Two calls beside each other: each member of what was asked and answered, differences marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apitrail.event import Event
from apitrail.reading import event_summary, render

# What every call has of its own: no difference that somebody looks for.
_OWN = ("ResponseMetadata", "requestId", "RequestId")


@dataclass(frozen=True, slots=True)
class Pair:
    """One member in the earlier call and in this one; None where it was not there."""

    path: str
    before: str | None
    now: str | None

    @property
    def differs(self) -> bool:
        """Is it another, or only in one of them?"""
        return self.before != self.now


def pairs(before: Event, now: Event) -> list[Pair]:
    """Everything that either has, in the order of this call."""
    old, new = dict(_members(before)), dict(_members(now))
    return [Pair(path, old.get(path), new.get(path)) for path in dict.fromkeys((*new, *old))]


def _members(event: Event) -> Iterator[tuple[str, str]]:
    record = event.record()
    user = event.who.user if event.who else {}
    yield (
        "who",
        str(user.get("arn") or user.get("userName") or user.get("accessKeyId") or "not known"),
    )
    yield "from", str(record.get("sourceIPAddress") or "not known")
    # The rest of it says more about the machine than about the call.
    yield "client", str(record.get("userAgent") or "not known").partition(" ")[0]
    yield "region", str(record.get("awsRegion") or "not known")
    yield "outcome", render.outcome(event)
    asked = event.request.parameters if event.request else None
    answered = event.response.result if event.response else None
    for name, value in (("asked", asked), ("answered", answered)):
        for path, text in event_summary.flat(value, ""):
            if not path.startswith(_OWN):
                yield f"{name} {path}".rstrip(), text
