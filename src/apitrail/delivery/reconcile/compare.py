"""Compares CloudTrail's records with the trail's: what went past us, what AWS did not log, and
where the two disagree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apitrail.errors import FormatError, UsageError
from apitrail.event import CallFacts, Event
from apitrail.query import Filter, username
from apitrail.reading import render
from apitrail.source import Source
from apitrail.when import iso, parse_iso_second

# Clocks differ: the two times of one call may be this many milliseconds apart.
SLACK = 15 * 60 * 1000
NEAR = 2000

# Fields that both sides have for every call. A field that CloudTrail leaves out is not compared.
COMPARED = ("eventSource", "eventName", "awsRegion", "readOnly", "errorCode", "accessKeyId")
# CloudTrail leaves these out when they do not apply, so their absence is compared too.
STATED = frozenset({"errorCode"})

# AWS refuses these before it knows the caller, and then logs nothing.
UNATTRIBUTED = frozenset(
    {
        "AuthFailure", "Client.AuthFailure", "ExpiredToken", "ExpiredTokenException",
        "IncompleteSignature", "IncompleteSignatureException", "InvalidAccessKeyId",
        "InvalidClientTokenId", "InvalidSignatureException", "InvalidToken",
        "MissingAuthenticationToken", "MissingAuthenticationTokenException", "RequestExpired",
        "RequestTimeTooSkewed", "SignatureDoesNotMatch", "UnrecognizedClientException",
    }
)  # fmt: skip
# Event types that no client's call produces. CloudTrail User Guide, "CloudTrail record contents".
NO_CALLS = frozenset({"AwsServiceEvent", "AwsCloudTrailInsight"})
# Actions in a browser do not pass a recorder; they are counted by kind.
IN_BROWSER = {"AwsConsoleSignIn": "console sign-in", "AwsConsoleAction": "console action"}
SIGN_IN = "signin.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A call as one side tells it; `time` is Unix milliseconds, `where` a file or an event id."""

    time: int
    request_id: str | None
    fields: Mapping[str, Any]
    username: str | None
    source_ip: str | None
    event_id: str | None
    where: str

    @classmethod
    def of(cls, record: Mapping[str, Any], where: str) -> Seen:
        """Of a CloudTrail record; raises UsageError where it has no time."""
        user = record.get("userIdentity") or {}
        return cls(
            time=_time(record, where),
            request_id=record.get("requestID") or None,
            fields={name: record.get(name) for name in COMPARED}
            | {"accessKeyId": user.get("accessKeyId") or None},
            username=username(user),
            source_ip=record.get("sourceIPAddress"),
            event_id=record.get("eventID"),
            where=where,
        )

    def to_json(self) -> dict[str, Any]:
        """For programs, and for the table."""
        return {
            "eventTime": iso(self.time), **self.fields, "username": self.username,
            "sourceIPAddress": self.source_ip, "requestID": self.request_id,
            "eventID": self.event_id, "in": self.where,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One call of which the two sides say different things: field → (AWS's, ours)."""

    aws: Seen
    ours: Seen
    fields: Mapping[str, tuple[Any, Any]]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "requestID": self.aws.request_id,
            "eventID": {"cloudtrail": self.aws.event_id, "trail": self.ours.event_id},
            "in": self.aws.where,
            "fields": {n: {"cloudtrail": a, "trail": b} for n, (a, b) in self.fields.items()},
        }


@dataclass(slots=True, kw_only=True)
class Reconciliation:
    """The result over [start, end], Unix milliseconds."""

    start: int
    end: int
    matched: int = 0
    bypassed: list[Seen] = field(default_factory=list)
    by_aws: list[Seen] = field(default_factory=list)
    unlogged: list[tuple[str, Seen]] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Did nothing go past us?"""
        return not self.bypassed

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "start": iso(self.start),
            "end": iso(self.end),
            "matched": self.matched,
            "bypassed": [seen.to_json() for seen in self.bypassed],
            "byAWS": [seen.to_json() for seen in self.by_aws],
            "unlogged": [{"reason": why} | seen.to_json() for why, seen in self.unlogged],
            "disagreements": [item.to_json() for item in self.disagreements],
            "leftOut": dict(self.left_out),
        }


def reconcile(
    source: Source,
    found: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    since: int | None = None,
    until: int | None = None,
    left_out: Counter[str] | None = None,
) -> Reconciliation:
    """Compare CloudTrail's records, each with where it was found, with the trail.

    The time compared is what both cover: from CloudTrail's first record to its last (or from
    `since` until `until`, Unix milliseconds), and from the trail's first entry to its last.

    Raises:
        UsageError: they have no time in common.
    """
    left = Counter[str]() if left_out is None else left_out
    theirs, by_aws = _aws(found, left)
    start, end = _overlap(source, [*theirs, *by_aws], since, until, left)
    result = Reconciliation(start=start, end=end, left_out=left)
    ours = _Ours(_calls(source, Filter(since=start - SLACK, until=end + SLACK)))
    for seen in theirs:
        _match(seen, ours, result)
    # A service may act because of a recorded call; its event then has that call's request id.
    result.by_aws = [s for s in by_aws if start <= s.time <= end]
    result.unlogged = [
        (why, mine)
        for why, mine in ours.left(seen.request_id for seen in by_aws)
        if start <= mine.time <= end
    ]
    return result


def _match(seen: Seen, ours: _Ours, result: Reconciliation) -> None:
    mine = ours.take(seen)
    if mine is None:
        if result.start <= seen.time <= result.end:
            result.bypassed.append(seen)
        return
    result.matched += 1
    if different := compare(seen.fields, mine.fields):
        result.disagreements.append(Disagreement(seen, mine, different))


def compare(aws: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Field → (AWS's, ours), where they differ."""
    return {
        name: (aws[name], ours[name])
        for name in COMPARED
        if aws[name] != ours[name] and (aws[name] is not None or name in STATED)
    }


class _Ours:
    """The trail's calls, to be taken by CloudTrail's records: by request id, or else by likeness."""

    def __init__(self, calls: Iterable[tuple[str, Seen]]) -> None:
        self._calls = list(calls)
        self._by_id: dict[str, Seen] = {}
        self._alike: dict[tuple[Any, ...], list[Seen]] = defaultdict(list)
        self._taken: set[int] = set()
        for _, seen in self._calls:
            if seen.request_id is not None:
                self._by_id[seen.request_id] = seen
            self._alike[_likeness(seen)].append(seen)

    def take(self, aws: Seen) -> Seen | None:
        """Our side of a record, if there is one; a call may have several records."""
        mine = None if aws.request_id is None else self._by_id.get(aws.request_id)
        if mine is None:
            mine = next(self._candidates(aws), None)
        if mine is not None:
            self._taken.add(id(mine))
        return mine

    def _candidates(self, aws: Seen) -> Iterator[Seen]:
        """Where one side has no request id: the same call by the same key at about that time."""
        for mine in self._alike.get(_likeness(aws), ()):
            lacks = aws.request_id is None or mine.request_id is None
            if lacks and id(mine) not in self._taken and abs(mine.time - aws.time) <= NEAR:
                yield mine

    def left(self, also: Iterable[str | None]) -> Iterator[tuple[str, Seen]]:
        """What nothing took, and why AWS may not have logged it."""
        known = set(also)
        for why, seen in self._calls:
            if id(seen) not in self._taken and (
                seen.request_id is None or seen.request_id not in known
            ):
                yield why, seen


def _likeness(seen: Seen) -> tuple[Any, ...]:
    return tuple(seen.fields[name] for name in ("eventSource", "eventName", "accessKeyId"))


def _calls(source: Source, where: Filter) -> Iterator[tuple[str, Seen]]:
    """Our calls, oldest first, each with why CloudTrail may not have it."""
    for index in source.select(where, ascending=True):
        event = Event.parse(source.facets(index, ("who", "what")))
        if event.what is not None and not event.what.withheld:
            record = event.record()
            yield _reason(record, event.call), Seen.of(record, f"entry {index}")


def _reason(record: Mapping[str, Any], call: CallFacts) -> str:
    if call.status is None:
        return "unanswered"
    if record.get("errorCode") in UNATTRIBUTED:
        return "refused"
    return "data" if record.get("eventCategory") == "Data" else "other"


def _aws(
    found: Iterable[tuple[str, Mapping[str, Any]]], left: Counter[str]
) -> tuple[list[Seen], list[Seen]]:
    """CloudTrail's records: of calls by clients, and of what AWS did itself; each event once.

    What was done in a browser is counted in `left`.
    """
    clients: list[Seen] = []
    services: list[Seen] = []
    known: set[str] = set()
    for where, record in found:
        event_id = record.get("eventID")
        if isinstance(event_id, str) and event_id in known:
            continue
        known.add(str(event_id))
        if (kind := in_browser(record)) is not None:
            left[kind] += 1
            continue
        (services if is_by_aws(record) else clients).append(Seen.of(record, where))
    return clients, services


def in_browser(record: Mapping[str, Any]) -> str | None:
    """The kind of an action in a browser; None for anything else."""
    if (kind := IN_BROWSER.get(str(record.get("eventType")))) is not None:
        return kind
    return "console sign-in" if record.get("eventSource") == SIGN_IN else None


def is_by_aws(record: Mapping[str, Any]) -> bool:
    """Did a service of AWS's make this call, which no proxy of a client's could see?"""
    user = record.get("userIdentity") or {}
    address = str(record.get("sourceIPAddress") or "")
    return (
        record.get("eventType") in NO_CALLS
        or user.get("type") == "AWSService"
        or bool(user.get("invokedBy"))
        or address == "AWS Internal"
        or address.endswith(".amazonaws.com")
    )


def _overlap(
    source: Source,
    theirs: list[Seen],
    since: int | None,
    until: int | None,
    left: Mapping[str, int],
) -> tuple[int, int]:
    first, last = source.entry(0), source.entry(source.size - 1)
    if first is None or last is None:
        raise UsageError("the trail does not say when it begins and ends", hint="is it a bundle?")
    times = [seen.time for seen in theirs]
    if not times and (since is None or until is None):
        beside = f", but {_counted(left)}" if left else ""
        raise UsageError(
            f"CloudTrail's files hold no records of calls{beside}",
            hint="is it the right directory?",
        )
    theirs_from = min(times) if since is None else since
    theirs_to = max(times) if until is None else until - 1
    # CloudTrail's times are whole seconds, so the last second belongs to the range.
    start = max(theirs_from, first.time) // 1000 * 1000
    end = min(theirs_to, last.time) // 1000 * 1000 + 999
    if start > end:
        raise UsageError(
            f"no time in common: CloudTrail's records are from {iso(theirs_from)} to "
            f"{iso(theirs_to)}, the trail is from {iso(first.time)} to {iso(last.time)}",
            hint="fetch the log files of the days that were recorded",
        )
    return start, end


def _time(record: Mapping[str, Any], where: str) -> int:
    try:
        return parse_iso_second(str(record.get("eventTime"))) * 1000
    except FormatError as error:
        raise UsageError(f"{where} has a record without eventTime") from error


# -- for people ------------------------------------------------------------------------------

_HEADER = ("TIME", "EVENT", "CALLER", "REGION", "RESULT", "FROM", "IN")


def lines(result: Reconciliation, *, output: str, width: int | None = None) -> Generator[str]:
    """The result as text or JSON."""
    if output == "json":
        yield render.json_document(result.to_json())
        return
    reasons = Counter(why for why, _ in result.unlogged)
    told = ", ".join(f"{count} {why}" for why, count in sorted(reasons.items()))
    yield f"from {iso(result.start)} to {iso(result.end)}"
    yield f"{result.matched:>8}  in both"
    yield f"{len(result.bypassed):>8}  BYPASSED: AWS saw them, the trail did not"
    yield f"{len(result.disagreements):>8}  told differently"
    yield f"{len(result.unlogged):>8}  in the trail alone{f': {told}' if told else ''}"
    yield f"{len(result.by_aws):>8}  made by AWS's own services, which no recorder sees"
    if result.left_out:
        left = sum(result.left_out.values())
        yield f"{left:>8}  left out, as no client's calls: {_counted(result.left_out)}"
    if result.bypassed:
        yield "\nbypassed:"
        yield from render.table([_row(seen) for seen in result.bypassed], _HEADER, width)
    if result.disagreements:
        yield "\ntold differently:"
        for item in result.disagreements:
            for name, (aws, ours) in item.fields.items():
                shown = f"{item.aws.request_id}  {name}: CloudTrail {aws!r}, trail {ours!r}"
                yield render.clean(shown)


def _counted(left: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(left.items()))


def _row(seen: Seen) -> tuple[str, ...]:
    service = str(seen.fields["eventSource"] or "?").partition(".")[0]
    return (
        str(iso(seen.time)), f"{service}:{seen.fields['eventName']}",
        seen.username or str(seen.fields["accessKeyId"] or "-"), str(seen.fields["awsRegion"] or "-"),
        str(seen.fields["errorCode"] or "ok"), seen.source_ip or "-", seen.where.rpartition("/")[2],
    )  # fmt: skip
