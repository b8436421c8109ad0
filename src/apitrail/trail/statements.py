"""What the log says of itself: one value for each kind of book-keeping entry.

Each value is the content of an entry's `what` facet: `parse` reads it strictly, `what` writes it,
and the two are inverses. Members that this version does not know are left out of the value: a
later apitrail may write more of them. Calls (`api`, `unknown`, `denied`) are in `apitrail.event`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from apitrail.errors import FormatError
from apitrail.event import dump
from apitrail.source import Source
from apitrail.trail.clock_entry import Clock
from apitrail.trail.muting import Muting
from apitrail.trail.policy_entry import Policy
from apitrail.trail.rows import Draft
from apitrail.trail.ruling import Ruling

type What = Mapping[str, Any]
"""The JSON object in a `what` facet."""

# Kinds whose content may be erased. The rest is what verification itself rests on.
ERASABLE = ("api", "unknown", "denied", "run", "heartbeat", "insight", "mute", "decision")

_TAG = re.compile("[a-z]{1,8}")
# The longest heartbeat interval that a recorder may promise, in seconds.
_LONGEST = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A recorder started: its version and settings."""

    KIND: ClassVar = "open"

    apitrail: str | None = None
    configuration: What = field(default_factory=dict)

    @classmethod
    def parse(cls, what: What) -> Self:
        """Inverse of `what`; raises FormatError."""
        return cls(
            apitrail=_typed("open", what, "apitrail", str, None),
            configuration=_typed("open", what, "configuration", dict, {}),
        )

    def what(self) -> dict[str, Any]:
        """The content of the entry."""
        return _present(apitrail=self.apitrail) | {"configuration": dict(self.configuration)}

    @property
    def interval(self) -> int | None:
        """Milliseconds between heartbeats, as promised; None where it promises none.

        Settings are not refused: an earlier version let people promise a heartbeat without end.
        """
        seconds = self.configuration.get("heartbeat")
        if isinstance(seconds, int | float) and not isinstance(seconds, bool):
            return int(seconds * 1000) if 0 < seconds < _LONGEST else None
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """A recorder stopped: why, and how many calls it had recorded."""

    KIND: ClassVar = "close"

    reason: str | None = None
    calls: int | None = None

    @classmethod
    def parse(cls, what: What) -> Self:
        """Inverse of `what`; raises FormatError."""
        return cls(
            reason=_typed("close", what, "reason", str, None),
            calls=_typed("close", what, "calls", int, None),
        )

    def what(self) -> dict[str, Any]:
        """The content of the entry."""
        return _present(reason=self.reason, calls=self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Nothing is missing up to now; `tunnelled` counts connections let past unread, by host.

    `rejected` counts calls that were refused for their signature, `ambiguous` those that two
    readers could have seen as two; `unanchored` is for how many seconds anchors have been late.
    `recording` is False where an export dates itself while no recorder runs.
    """

    KIND: ClassVar = "heartbeat"

    calls: int | None = None
    tunnelled: Mapping[str, int] | None = None
    in_flight: int | None = None
    rejected: int = 0
    ambiguous: int = 0
    unanchored: int = 0
    recording: bool = True

    @classmethod
    def parse(cls, what: What) -> Self:
        """Inverse of `what`; raises FormatError."""
        return cls(
            calls=_typed("heartbeat", what, "calls", int, None),
            tunnelled=_typed("heartbeat", what, "tunnelled", dict, None),
            in_flight=_typed("heartbeat", what, "in_flight", int, None),
            rejected=_typed("heartbeat", what, "rejected", int, 0),
            ambiguous=_typed("heartbeat", what, "ambiguous", int, 0),
            unanchored=_typed("heartbeat", what, "unanchored", int, 0),
            recording=_typed("heartbeat", what, "recording", bool, True),
        )

    def what(self) -> dict[str, Any]:
        """The content of the entry."""
        tunnelled = None if self.tunnelled is None else dict(self.tunnelled)
        return _present(
            recording=None if self.recording else False, calls=self.calls, tunnelled=tunnelled,
            in_flight=self.in_flight, rejected=self.rejected or None,
            ambiguous=self.ambiguous or None, unanchored=self.unanchored or None,
        )  # fmt: skip

    @property
    def passed(self) -> dict[str, int]:
        """How many connections were let past unread, by host, where any were."""
        counts = (self.tunnelled or {}).items()
        return {host: count for host, count in counts if type(count) is int and count > 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A command began to use the recorder; its calls name the run's id."""

    KIND: ClassVar = "run"

    id: str
    labels: Mapping[str, str] | None = None
    command: str | None = None
    started: int | None = None

    @classmethod
    def parse(cls, what: What) -> Self:
        """Inverse of `what`; raises FormatError."""
        about = _typed("run", what, "run", dict, {})
        if "id" not in about:
            raise FormatError("malformed run: it has no id")
        return cls(
            id=_typed("run", about, "id", str, ""),
            labels=_typed("run", about, "labels", dict, None),
            command=_typed("run", about, "command", str, None),
            started=_typed("run", what, "started", int, None),
        )

    @property
    def about(self) -> dict[str, Any]:
        """What each of its calls says of the run."""
        labels = None if self.labels is None else dict(self.labels)
        return {"id": self.id} | _present(labels=labels, command=self.command)

    def what(self) -> dict[str, Any]:
        """The content of the entry."""
        return {"run": self.about} | _present(started=self.started)


@dataclass(frozen=True, slots=True)
class Gap:
    """The log lost a past: the signed checkpoints of it, and the size from which it went on."""

    KIND: ClassVar = "gap"

    lost: tuple[str, ...]
    size: int | None = None

    @classmethod
    def parse(cls, what: What) -> Self:
        """Inverse of `what`; raises FormatError."""
        match what.get("lost"):
            case [_, *_] as lost if all(isinstance(note, str) for note in lost):
                return cls(tuple(lost), _typed("gap", what, "size", int, None))
            case _:
                raise FormatError("malformed gap: it names nothing")

    def what(self) -> dict[str, Any]:
        """The content of the entry."""
        return {"lost": list(self.lost)} | _present(size=self.size)


@dataclass(frozen=True, slots=True)
class Target:
    """Facets of one entry, in the order of `TAGS`."""

    index: int
    facets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erase:
    """Facets were destroyed: which ones, of entries before this one, and why."""

    KIND: ClassVar = "erase"

    targets: tuple[Target, ...]
    reason: str | None = None

    @classmethod
    def parse(cls, what: What) -> Self:
        """Inverse of `what`; raises FormatError."""
        match what.get("erased"):
            case [_, *_] as items:
                return cls(
                    tuple(_target(item) for item in items),
                    _typed("erasure", what, "reason", str, None),
                )
            case _:
                raise FormatError("malformed erasure: it names nothing")

    def what(self) -> dict[str, Any]:
        """The content of the entry."""
        erased = [{"index": each.index, "facets": list(each.facets)} for each in self.targets]
        return {"erased": erased} | _present(reason=self.reason or None)


def _target(item: object) -> Target:
    match item:
        case {"index": int(index), "facets": [_, *_] as tags} if type(index) is int and index >= 0:
            # A tag of a later version is not malformed.
            if not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags):
                raise FormatError("malformed erasure: unknown facet")
            return Target(index, tuple(tags))
        case _:
            raise FormatError("malformed erasure")


@dataclass(frozen=True, slots=True)
class Key:
    """Another key signs from now on; `note` is signed by both (`trail.rotation`)."""

    KIND: ClassVar = "key"

    old: str
    new: str
    note: str

    @classmethod
    def parse(cls, what: What) -> Self:
        """Inverse of `what`; raises FormatError."""
        match what:
            case {"old": str(old), "new": str(new), "note": str(note)}:
                return cls(old, new, note)
            case _:
                raise FormatError("malformed key rotation: no note")

    def what(self) -> dict[str, Any]:
        """The content of the entry."""
        return {"old": self.old, "new": self.new, "note": self.note}


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A copy of the log was locked away in S3: its manifest and each of its files, by version."""

    KIND: ClassVar = "anchor"

    bucket: str
    prefix: str
    number: int
    key: str
    version: str
    note: str
    sha256: str
    until: str
    entries: int
    objects: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, what: What) -> Self | None:
        """Inverse of `what`; None where the anchor is of another sort.

        Raises:
            FormatError: it is one of ours and malformed.
        """
        match what:
            case {
                "anchor": "s3", "bucket": str(bucket), "prefix": str(prefix),
                "shipment": int(number), "key": str(key), "version": str(version),
                "note": str(note), "sha256": str(sha256), "retainUntil": str(until),
                "entries": int(entries), "objects": [*objects],
            }:  # fmt: skip
                return cls(
                    bucket=bucket, prefix=prefix, number=number, key=key, version=version,
                    note=note, sha256=sha256, until=until, entries=entries,
                    objects=tuple(_object(item) for item in objects),
                )  # fmt: skip
            case {"anchor": "s3"}:
                raise FormatError("malformed anchor")
            case _:
                return None

    def what(self) -> dict[str, Any]:
        """The content of the entry."""
        return {
            "anchor": "s3", "bucket": self.bucket, "prefix": self.prefix,
            "shipment": self.number, "key": self.key, "version": self.version, "note": self.note,
            "sha256": self.sha256, "retainUntil": self.until, "entries": self.entries,
            "objects": [{"key": key, "version": version} for key, version in self.objects],
        }  # fmt: skip


def _object(item: object) -> tuple[str, str]:
    match item:
        case {"key": str(key), "version": str(version)}:
            return key, version
        case _:
            raise FormatError("malformed anchor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Calls were refused because they could not be recorded: from when to when, and why."""

    KIND: ClassVar = "refused"

    start: int
    end: int
    calls: int
    reason: str

    @classmethod
    def parse(cls, what: What) -> Self:
        """Inverse of `what`; raises FormatError."""
        match what:
            case {
                "from": int(start), "to": int(end), "calls": int(calls), "reason": str(reason)
            } if bool not in {type(start), type(end), type(calls)}:  # fmt: skip
                return cls(start=start, end=end, calls=calls, reason=reason)
            case _:
                raise FormatError("malformed refused: it lacks a time, a number or a reason")

    def what(self) -> dict[str, Any]:
        """The content of the entry."""
        return {"from": self.start, "to": self.end, "calls": self.calls, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """Unusual activity: AWS's record of it, and what it takes to find it again.

    It was told of the calls among entries [start, stop) by this version of the detectors with these
    `thresholds` (those that are not the usual ones). `evidence` are the entries it rests on.
    """

    KIND: ClassVar = "insight"

    record: What
    kind: str
    name: str
    time: int
    caller: str
    why: tuple[str, ...]
    evidence: tuple[int, ...]
    start: int
    stop: int
    detector: int
    thresholds: What = field(default_factory=dict)

    @classmethod
    def parse(cls, what: What) -> Self:
        """Inverse of `what`; raises FormatError."""
        match what:
            case {
                "record": dict(record), "kind": str(kind), "name": str(name), "time": int(time),
                "caller": str(caller), "why": [*why], "evidence": [*evidence],
                "from": int(start), "to": int(stop), "detector": int(detector),
                "thresholds": dict(thresholds),
            } if (
                bool not in {type(time), type(start), type(stop), type(detector)}
                and all(isinstance(text, str) for text in why)
                and all(type(index) is int for index in evidence)
            ):  # fmt: skip
                return cls(
                    record=record, kind=kind, name=name, time=time, caller=caller,
                    why=tuple(why), evidence=tuple(evidence), start=start, stop=stop,
                    detector=detector, thresholds=thresholds,
                )  # fmt: skip
            case _:
                raise FormatError("malformed insight: a member is missing or of another type")

    def what(self) -> dict[str, Any]:
        """The content of the entry."""
        return {
            "record": dict(self.record), "kind": self.kind, "name": self.name, "time": self.time,
            "caller": self.caller, "why": list(self.why), "evidence": list(self.evidence),
            "from": self.start, "to": self.stop, "detector": self.detector,
            "thresholds": dict(self.thresholds),
        }  # fmt: skip


type Statement = (
    Open
    | Close
    | Heartbeat
    | Run
    | Gap
    | Erase
    | Key
    | Anchor
    | Clock
    | Refused
    | Insight
    | Muting
    | Policy
    | Ruling
)

_CLASSES: dict[str, type[Statement]] = {
    "open": Open, "close": Close, "heartbeat": Heartbeat, "run": Run, "gap": Gap, "erase": Erase,
    "key": Key, "anchor": Anchor, "clock": Clock, "refused": Refused, "insight": Insight,
    "mute": Muting, "policy": Policy, "decision": Ruling,
}  # fmt: skip


def read(kind: str, what: What) -> Statement | None:
    """What an entry of this kind says; None where the kind is a call's or not known here.

    Raises:
        FormatError: the kind is known and this is not what such an entry says.
    """
    known = _CLASSES.get(kind)
    return None if known is None else known.parse(what)


def parse(kind: str, content: bytes) -> Statement | None:
    """The statement in the stored bytes of a `what` facet, as `read`; raises FormatError."""
    # The content of an unknown kind need not be JSON.
    return read(kind, parse_what(content)) if kind in _CLASSES else None


def parse_what(content: bytes) -> What:
    """The JSON object in a `what` facet; raises FormatError."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FormatError("facet 'what' is not JSON") from error
    if not isinstance(value, dict):
        raise FormatError("facet 'what' is not an object")
    return value


def of(source: Source, kind: str, index: int) -> Statement | None:
    """What entry `index` of a log says; None where its content is not there."""
    content = source.facets(index, ("what",)).get("what")
    return None if content is None else parse(kind, content)


def erased(source: Source, index: int) -> Iterable[Target]:
    """What the `erase` entry at `index` names; nothing where its content is not there."""
    said = of(source, Erase.KIND, index)
    return said.targets if isinstance(said, Erase) else ()


def draft(statement: Statement) -> Draft:
    """The entry that says it, to be appended."""
    facets = {"what": dump(statement.what())}
    if isinstance(statement, Run):
        return Draft(kind="run", facets=facets, run=statement.id, labels=statement.labels)
    return Draft(kind=statement.KIND, facets=facets)


def _typed[T](noun: str, what: What, name: str, kind: type[T], absent: Any) -> Any:
    """A member of just this type (a bool is no number), or `absent`."""
    if name not in what:
        return absent
    value = what[name]
    if type(value) is not kind:
        raise FormatError(f"malformed {noun}: {name!r} is {value!r:.60}")
    return value


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
