"""What can be asked of a trail: the searchable side of an event, and filters over it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from apitrail.errors import FormatError
from apitrail.valueclass import valueclass

type ErrorFilter = str | Literal[True] | None
"""An error code, or True for any error."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text in which `*` stands for any text, also none."""

    text: str

    def matches(self, value: str | None, *, exactly: bool = False) -> bool:
        """Is `value` of this form? Letter case counts only if `exactly`.

        What follows a NUL is not looked at, as in SQLite's GLOB.
        """
        if value is None:
            return False
        value = value.partition("\0")[0]
        return _like(_parts(self.text, exactly), value if exactly else value.lower())


@lru_cache(maxsize=64)
def _parts(text: str, exactly: bool) -> tuple[str, ...]:
    """What stands before, between and after each `*`: many values are held against a form."""
    text = text.partition("\0")[0]
    return tuple((text if exactly else text.lower()).split("*"))


def _like(parts: tuple[str, ...], value: str) -> bool:
    """In linear time: the pattern may come from a bundle that somebody else made."""
    first, *middle = parts
    if not middle:
        return first == value
    last = middle.pop()
    at = len(first)
    if not value.startswith(first):
        return False
    for part in middle:
        found = value.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(value) - at >= len(last) and value.endswith(last)


type Value = str | Pattern
"""What a field of a filter asks for: a string that is equal, or one of a form."""


@valueclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What of an event is searchable; None is "not known". Derived from `who` and `what` alone.

    `time` is Unix milliseconds; `resources` are (name or ARN, type or "") pairs, `labels` the
    (key, value) pairs of the call's run. `stand_in` marks a call about a stand-in itself,
    `undetermined` one that may have touched other resources, which could not be told.
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
    operator: str | None = None
    read_only: bool | None = None
    resources: frozenset[tuple[str, str]] = frozenset()
    labels: frozenset[tuple[str, str]] = frozenset()
    stand_in: bool = False
    undetermined: bool = False

    @property
    def service(self) -> str | None:
        """The event source's short name, as tables print it: `iam`."""
        return None if self.source is None else self.source.partition(".")[0]


def searchable(value: object) -> str | None:
    """A searchable string. Clients may send half a surrogate pair, which no database takes."""
    if value is None or (type(value) is str and value.isascii()):
        return value
    text = str(value)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def event_id(text: str) -> str:
    """A UUID in its usual spelling; raises ValueError if it is not one."""
    return text if _UUID.fullmatch(text) else str(uuid.UUID(text))


_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

type Caller = tuple[str | None, str | None, str | None, str | None, str | None]
"""What is searched for of a caller: username, access_key_id, source_ip, run, operator."""

NOBODY: Caller = (None, None, None, None, None)


def caller_columns(record: Mapping[str, object], run: str | None, operator: str | None) -> Caller:
    """The columns of a caller, by its part of the record.

    Raises:
        FormatError: it is no call's.
    """
    user = record.get("userIdentity") or {}
    if not isinstance(user, dict):
        raise FormatError("malformed event facets: userIdentity is no object")
    return (
        searchable(username(user)), searchable(user.get("accessKeyId") or None),
        searchable(record.get("sourceIPAddress")), searchable(run), searchable(operator),
    )  # fmt: skip


def caller(user: Mapping[str, object]) -> str | None:
    """What lists print of a caller: what `--username` finds, and nothing else."""
    return username(user) or str(user.get("accessKeyId") or "") or None


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

    Times are Unix milliseconds, `since` included, `until` excluded. A `Pattern` is held against
    what tables print (`PATTERNED`). A label is `KEY=VALUE`, or `KEY` for any value; one of each
    group must hold. `stand_in` False leaves out calls about a stand-in itself.
    """

    event_id: tuple[str, ...] = ()
    event_name: tuple[Value, ...] = ()
    event_source: tuple[Value, ...] = ()
    username: tuple[Value, ...] = ()
    access_key_id: tuple[str, ...] = ()
    resource_name: tuple[Value, ...] = ()
    resource_type: tuple[Value, ...] = ()
    region: tuple[str, ...] = ()
    source_ip: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()
    label: tuple[tuple[str, ...], ...] = ()
    error: ErrorFilter = None
    read_only: bool | None = None
    stand_in: bool | None = None
    since: int | None = None
    until: int | None = None

    @property
    def is_open(self) -> bool:
        """Does it select every call? Calls about a stand-in may be left out all the same."""
        return replace(self, stand_in=None) == Filter()

    def matches(self, row: Row) -> bool:
        """Does the event behind this row belong?"""
        return (
            all(_holds(row, name, getattr(self, name)) for name in (*COLUMNS, *RESOURCES))
            and (self.error is None or row.error is not None)
            and (not isinstance(self.error, str) or row.error == self.error)
            and (self.read_only is None or row.read_only is self.read_only)
            and (self.stand_in is None or row.stand_in is self.stand_in)
            and has_labels(row.labels, self.label)
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
    "operator": "operator",
}


# Filter field → place in the pairs of `Row.resources`.
RESOURCES = {"resource_name": 0, "resource_type": 1}


def has_labels(labels: Iterable[tuple[str, str]], groups: Iterable[tuple[str, ...]]) -> bool:
    """Is one text of each group, KEY=VALUE or KEY alone, among the labels?"""
    pairs = list(labels)
    return all(any(_is_labelled(pairs, text) for text in group) for group in groups)


def _is_labelled(labels: Iterable[tuple[str, str]], text: str) -> bool:
    key, equals, value = text.partition("=")
    return any(name == key and (not equals or found == value) for name, found in labels)


def _holds(row: Row, name: str, wanted: tuple[Value, ...]) -> bool:
    return not wanted or any(finds(row, name, value) for value in wanted)


def finds(row: Row, name: str, value: Value) -> bool:
    """Does the event have this value in a filter's field?"""
    if isinstance(value, Pattern):
        return PATTERNED[name](row, value)
    return value in found_by(row, name)


def found_by(row: Row, name: str) -> frozenset[str]:
    """Every string that a filter's field finds this event by."""
    if name in RESOURCES:
        return frozenset(resource[RESOURCES[name]] for resource in row.resources)
    found: str | None = row.error if name == "error" else getattr(row, COLUMNS[name])
    return frozenset() if found is None else frozenset([found])


def _is_named(row: Row, pattern: Pattern) -> bool:
    """A pattern with a colon means an operation of a service: `s3:Get*`."""
    service, name = halves(pattern)
    return (service is None or service.matches(row.service)) and name.matches(row.name)


def halves(pattern: Pattern) -> tuple[Pattern | None, Pattern]:
    """The service, where one is named, and the event name in it."""
    before, colon, after = pattern.text.partition(":")
    return (Pattern(before), Pattern(after)) if colon else (None, pattern)


def _is_from(row: Row, pattern: Pattern) -> bool:
    return pattern.matches(row.source) or pattern.matches(row.service)


def _is_caller(row: Row, pattern: Pattern) -> bool:
    """Where no user name is known, tables print the access key."""
    return pattern.matches(row.access_key_id if row.username is None else row.username)


def _names_one(row: Row, pattern: Pattern) -> bool:
    """Names and ARNs of resources are told apart by letter case."""
    return any(pattern.matches(name, exactly=True) for name, _ in row.resources)


def _has_one(row: Row, pattern: Pattern) -> bool:
    return any(pattern.matches(kind) for _, kind in row.resources)


def shown_in(row: Row, field: str) -> str | None:
    """What a table prints of a row in the column of a filter's field, one that is no resource's."""
    if field == "username" and row.username is None:
        return row.access_key_id
    found: str | None = row.error if field == "error" else getattr(row, COLUMNS[field])
    return found


# Services that take names in any letter case ("stored as a lowercase string" in their API
# references; Neptune and DocumentDB are called as RDS), and the types of their resources.
IGNORING_CASE = {
    "dax.amazonaws.com": "AWS::DAX::",
    "dms.amazonaws.com": "AWS::DMS::",
    "elasticache.amazonaws.com": "AWS::ElastiCache::",
    "memorydb.amazonaws.com": "AWS::MemoryDB::",
    "rds.amazonaws.com": "AWS::RDS::",
    "redshift.amazonaws.com": "AWS::Redshift::",
}


def names_in_any_case(row: Row, value: Value) -> bool:
    """Does the call name this resource, in whatever letter case, where case does not count?"""
    everywhere, kinds = row.source in IGNORING_CASE, tuple(IGNORING_CASE.values())
    return any(
        name.lower() == value.lower() if isinstance(value, str) else value.matches(name)
        for name, kind in row.resources
        if everywhere or kind.startswith(kinds)
    )


# Filter fields that take patterns → does what tables print of a row match?
PATTERNED: dict[str, Callable[[Row, Pattern], bool]] = {
    "event_name": _is_named,
    "event_source": _is_from,
    "username": _is_caller,
    "resource_name": _names_one,
    "resource_type": _has_one,
}
