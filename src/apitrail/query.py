"""What can be asked of a trail: the searchable side of an event, and filters over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from apitrail.valueclass import valueclass

type ErrorFilter = str | Literal[True] | None
"""An error code, or True for any error."""


@valueclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What of an event is searchable; None is "not known". Derived from `who` and `what` alone.

    `time` is Unix milliseconds; `resources` are (name or ARN, type or "") pairs, `labels` the
    (key, value) pairs of the call's run. `stand_in` marks a call about a stand-in itself.
    """

    id: str
    time: int
    source: str | None = None
    name: str | None = None
    username: str | None = None
    access_key_id: str | None = None
    region: str | None = None
    source_ip: str | None = None
    error: str | None = None
    run: str | None = None
    read_only: bool | None = None
    resources: frozenset[tuple[str, str]] = frozenset()
    labels: frozenset[tuple[str, str]] = frozenset()
    stand_in: bool = False


def searchable(value: object) -> str | None:
    """A searchable string. Clients may send half a surrogate pair, which no database takes."""
    if value is None:
        return None
    text = str(value)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def username(user: Mapping[str, object]) -> str | None:
    """LookupEvents' Username: the user, the role's session name, or `root`."""
    if name := user.get("userName"):
        return str(name)
    match user.get("type"):
        case "Root":
            return "root"
        case "AssumedRole" | "FederatedUser":
            principal = str(user.get("principalId") or "")
            session = principal.partition(":")[2]
            return session or str(user.get("arn") or "").rpartition("/")[2] or None
        case "AWSService":
            invoker = user.get("invokedBy")
            return None if invoker is None else str(invoker)
        case _:
            return None


@valueclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which events are meant: every field that is set must hold; values in one field are OR'ed.

    Times are Unix milliseconds, `since` included, `until` excluded. A label is `KEY=VALUE`, or
    `KEY` for any value. `stand_in` False leaves out calls about a stand-in itself.
    """

    event_id: tuple[str, ...] = ()
    event_name: tuple[str, ...] = ()
    event_source: tuple[str, ...] = ()
    username: tuple[str, ...] = ()
    access_key_id: tuple[str, ...] = ()
    resource_name: tuple[str, ...] = ()
    resource_type: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    source_ip: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    error: ErrorFilter = None
    read_only: bool | None = None
    stand_in: bool | None = None
    since: int | None = None
    until: int | None = None

    @property
    def is_open(self) -> bool:
        """Does it ask for every call? Leaving out calls about a stand-in is no question."""
        return replace(self, stand_in=None) == Filter()

    def matches(self, row: Row) -> bool:
        """Does the event behind this row belong?"""
        return (
            all(_among(getattr(row, COLUMNS[name]), getattr(self, name)) for name in COLUMNS)
            and _touches(row, self.resource_name, 0)
            and _touches(row, self.resource_type, 1)
            and (self.error is None or row.error is not None)
            and (not isinstance(self.error, str) or row.error == self.error)
            and (self.read_only is None or row.read_only is self.read_only)
            and (self.stand_in is None or row.stand_in is self.stand_in)
            and (not self.label or any(is_labelled(row.labels, text) for text in self.label))
            and (self.since is None or row.time >= self.since)
            and (self.until is None or row.time < self.until)
        )


# Filter field → Row field, for those that compare one string.
COLUMNS = {
    "event_id": "id",
    "event_name": "name",
    "event_source": "source",
    "username": "username",
    "access_key_id": "access_key_id",
    "region": "region",
    "source_ip": "source_ip",
    "run": "run",
}


def is_labelled(labels: Iterable[tuple[str, str]], text: str) -> bool:
    """Is `text`, KEY=VALUE or KEY alone, among the labels?"""
    key, equals, value = text.partition("=")
    return any(name == key and (not equals or found == value) for name, found in labels)


def _among(value: str | None, wanted: tuple[str, ...]) -> bool:
    return not wanted or value in wanted


def _touches(row: Row, wanted: tuple[str, ...], position: int) -> bool:
    return not wanted or any(resource[position] in wanted for resource in row.resources)
