"""Comparing what was typed with what was decoded, and counting.

It does not know how either came about.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.model import OperationModel

from apitrail.aws.call import Blob, Call, EventStream
from aws.wire import Sent

# Services whose requests cannot be told apart, (service, answered) → operations and why. `None`:
# all operations that both have. "local": only where the host does not tell.
UNDECIDABLE: dict[tuple[str, str], tuple[str, str]] = {
    ("docdb", "rds"): ("any", "same host, version, actions and signing name"),
    ("neptune", "rds"): ("any", "same host, version, actions and signing name"),
    ("docdb", "neptune"): ("any", "same host, version, actions and signing name"),
    ("neptune", "docdb"): ("any", "same host, version, actions and signing name"),
    ("wisdom", "qconnect"): ("any", "qconnect serves wisdom's host, name and paths"),
    ("sms-voice", "pinpoint-sms-voice"): ("any", "one API under two names"),
    ("greengrassv2", "greengrass"): ("any", "shared service role and tag paths"),
    ("lambda-microvms", "lambda"): ("any", "shared tag paths"),
    ("signer-data", "signer"): ("any", "GetRevocationStatus is in both models"),
    ("chime", "chime-sdk-voice"): ("local", "phone numbers are served by both"),
    ("chime-sdk-identity", "chime-sdk-voice"): ("local", "shared tag paths"),
    ("chime-sdk-meetings", "chime-sdk-voice"): ("local", "shared tag paths"),
    ("chime-sdk-messaging", "chime-sdk-voice"): ("local", "shared tag paths"),
    ("chime-sdk-media-pipelines", "chime-sdk-voice"): ("local", "shared tag paths"),
    ("timestream-query", "timestream-write"): ("local", "one target prefix, same operations"),
    ("ivs-realtime", "ivs"): ("local", "shared tag paths"),
    ("lex-models", "lexv2-models"): ("local", "shared tag paths"),
    ("bedrock-agent-runtime", "bedrock-agent"): ("local", "shared tag paths"),
    ("bedrock-data-automation", "bedrock"): ("local", "shared tag paths"),
}

# The deprecated names of operations that have a successor at the same place.
RENAMED = {
    ("s3", "GetBucketLifecycle"): "GetBucketLifecycleConfiguration",
    ("s3", "PutBucketLifecycle"): "PutBucketLifecycleConfiguration",
    ("s3", "GetBucketNotification"): "GetBucketNotificationConfiguration",
    ("s3", "PutBucketNotification"): "PutBucketNotificationConfiguration",
}

# What botocore changes after the last handler that could have been asked.
REWRITTEN = {
    # A presigned URL of the source region is sent instead.
    ("rds", "SourceRegion"), ("docdb", "SourceRegion"), ("neptune", "SourceRegion"),
    ("ec2", "DestinationRegion"),
}  # fmt: skip

# The deprecated structure has Event and Events, which both go by <Event>.
AMBIGUOUS = {
    ("s3", "PutBucketNotification", "Events"),
    ("s3", "PutBucketNotification", "Event"),
}

# Members bound to headers that botocore itself sends.
ADDED = frozenset(
    {
        "ChecksumAlgorithm", "ContentLength", "PreSignedUrl", "PresignedUrl", "contentType", "accept", "accepts",
        "checksum",
    }
)  # fmt: skip


@dataclass
class Score:
    """How many operations came back whole, by protocol; `misses` names the others."""

    tried: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    undecidable: Counter[str] = field(default_factory=Counter)
    leaves: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Take another's counts in."""
        self.tried += other.tried
        self.right += other.right
        self.undecidable += other.undecidable
        self.leaves += other.leaves
        self.misses += other.misses

    def __str__(self) -> str:
        lines = [
            f"  {protocol:20} {self.right[protocol]:6} / {count:6}"
            f"  {100 * self.right[protocol] / count:7.3f} %"
            f"  ({self.undecidable[protocol]} undecidable)"
            for protocol, count in sorted(self.tried.items())
        ]
        total, right = self.tried.total(), self.right.total()
        lines.append(f"  all                  {right:6} / {total:6}  {100 * right / total:7.3f} %")
        lines.append(f"  {self.leaves} parameter leaves, {len(self.misses)} misses")
        return "\n".join(lines)

    def judge(self, operation: OperationModel, sent: Sent, call: Call, *, local: bool) -> None:
        """Compare one call with what was sent."""
        service = operation.service_model.service_name
        protocol = call.protocol or "undecided"
        self.tried[protocol] += 1
        self.leaves += sum(1 for _ in _leaves(sent.parameters))
        if (call.service, call.operation) != (service, operation.name):
            if is_undecidable(service, operation.name, call, local=local):
                self.undecidable[protocol] += 1
                self.right[protocol] += 1
            else:
                self.misses.append(f"{service}.{operation.name}: {call.service}.{call.operation}")
            return
        found = list(differences(operation, sent.parameters, call.parameters or {}))
        # No events are sent here, which is not how a stream may end.
        problems = [text for text in call.problems if not text.startswith("event stream")]
        if found or problems:
            self.misses.append(f"{service}.{operation.name}: {found[:1] or problems}"[:300])
        else:
            self.right[protocol] += 1


def is_undecidable(service: str, operation: str, call: Call, *, local: bool) -> bool:
    """Is the answer as good as the truth, as far as the wire tells?"""
    if call.service == service:
        return RENAMED.get((service, operation)) == call.operation
    where, _ = UNDECIDABLE.get((service, call.service or ""), ("", ""))
    return call.operation == operation and (where == "any" or (where == "local" and local))


def differences(operation: OperationModel, typed: Any, decoded: Any) -> Iterator[str]:
    """What was typed and not found, or found and not typed."""
    service = operation.service_model.service_name
    protocol = operation.service_model.resolved_protocol
    if operation.input_shape is not None:
        typed = _sent(operation.input_shape, typed, protocol, top=True)
        payload = operation.input_shape.serialization.get("payload")
        if payload not in typed and decoded.get(payload) == {}:
            # botocore's REST serializers write `{}` for a payload that was left out, too.
            typed = {**typed, payload: {}}
    for difference in _differences(typed, decoded, ()):
        path = difference[0]
        if (service, path[-1]) in REWRITTEN or (service, operation.name, path[-1]) in AMBIGUOUS:
            continue
        yield f"{'.'.join(path)}: {difference[1]!r:.80} became {difference[2]!r:.80}"


def _differences(typed: Any, decoded: Any, path: tuple[str, ...]) -> Iterator[tuple[Any, Any, Any]]:
    if isinstance(typed, dict) and isinstance(decoded, dict):
        for name, value in typed.items():
            if name in decoded:
                yield from _differences(value, decoded[name], (*path, name))
            elif value is not None:
                yield (*path, name), value, "nothing"
        for name, value in decoded.items():
            if name not in typed and not _is_added(name, value, path):
                yield (*path, name), "nothing", value
    elif isinstance(typed, list) and isinstance(decoded, list) and len(typed) == len(decoded):
        for one, other in zip(typed, decoded, strict=True):
            yield from _differences(one, other, (*path, "*"))
    elif not is_same(typed, decoded):
        yield path or ("",), typed, decoded


def _is_added(name: str, value: Any, path: tuple[str, ...]) -> bool:
    return not path and (
        name in ADDED or name.startswith("Checksum") or isinstance(value, EventStream)
    )


def is_same(typed: Any, decoded: Any) -> bool:
    """One leaf against the other, types included."""
    if hasattr(typed, "read"):
        typed.seek(0)
        typed = typed.read()
    if isinstance(decoded, Blob):
        data = typed.encode() if isinstance(typed, str) else typed
        return decoded == Blob(length=len(data), sha256=hashlib.sha256(data).digest())
    if isinstance(typed, float) and isinstance(decoded, float):
        return typed == decoded or (math.isnan(typed) and math.isnan(decoded))
    if isinstance(typed, str) and isinstance(decoded, bytes):
        return typed.encode() == decoded
    return type(typed) is type(decoded) and bool(typed == decoded)


def _is_empty(value: Any) -> bool:
    return value in ([], {}, "", b"") if not hasattr(value, "read") else not value.read()


def _sent(shape: Any, value: Any, protocol: str, *, top: bool = False) -> Any:
    """What of a value stands on the wire: in some protocols nothing stands there for nothing."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict) and not shape.is_document_type:
        payload = shape.serialization.get("payload")
        made = {
            name: _sent(shape.members[name], item, protocol) if name in shape.members else item
            for name, item in value.items()
            if item is not None
        }
        return {
            name: item
            for name, item in made.items()
            if name not in shape.members
            or not _is_gone(shape.members[name], item, value[name], protocol, name == payload, top)
        }
    if kind == "list" and isinstance(value, list | tuple):
        made_items = [_sent(shape.member, item, protocol) for item in value]
        if protocol in ("query", "ec2"):
            return [
                item
                for item, typed in zip(made_items, value, strict=True)
                if not _is_gone(shape.member, item, typed, protocol, False, False)
            ]
        return made_items
    if kind == "map" and isinstance(value, dict):
        return {key: _sent(shape.value, item, protocol) for key, item in value.items()}
    return value


def _is_gone(shape: Any, left: Any, typed: Any, protocol: str, is_payload: bool, top: bool) -> bool:
    """Does nothing on the wire tell of what is `left` of a value?"""
    kind = shape.type_name
    if top and is_payload and kind in ("blob", "string"):
        return _is_empty(typed)
    if left not in ([], {}) or kind not in ("structure", "list", "map"):
        return False
    if top and shape.serialization.get("location") in ("header", "headers", "querystring"):
        return True
    match protocol:
        case "query":
            return not (kind == "list" and typed in ([], ()))
        case "ec2":
            return True
        case "rest-xml":
            return bool(shape.serialization.get("flattened"))
        case _:
            return False


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
