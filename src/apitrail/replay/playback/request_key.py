"""What a call asks, without what no two askings share: the form in which questions are compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apitrail.aws import models
from apitrail.aws.call import Value
from apitrail.replay.recorded import REDACTED, places

if TYPE_CHECKING:
    from botocore.model import Shape


# Besides idempotency tokens: checksums, and URLs that are signed for a time.
_PASSING = re.compile(
    r"Content-?MD5|ContentLength|(?:SSE|CopySourceSSE)CustomerKeyMD5|Checksum(?!Mode|Type).*|checksum"
    r"|Pre[Ss]ignedUrl",
)
_LISTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An operation and its parameters; `timeless` is the same without points in time.

    Both are canonical JSON, `parameters` what they were made of.
    """

    service: str
    operation: str
    exact: str
    timeless: str
    parameters: Value

    @classmethod
    def of(cls, service: str, operation: str, parameters: Value, *, keyed: bool) -> Question:
        """The question in these parameters (JSON).

        Args:
            keyed: secrets were digested with the same key on both sides; otherwise only their
                lengths can be compared.
        """
        try:
            shape = models.operation(service, operation).input_shape
        except KeyError:
            shape = None
        kept = _kept(parameters or {}, shape, keyed=keyed, top=True)
        return cls(
            service=service,
            operation=operation,
            exact=_canonical(kept),
            timeless=_canonical(_without_times(kept, shape)),
            parameters=kept,
        )

    def differs(self, other: Question) -> Iterator[str]:
        """What differs from another question about the same operation, in words."""
        mine = {_path(path): text for path, text in places(_texts(self.parameters))}
        theirs = {_path(path): text for path, text in places(_texts(other.parameters))}
        for path in sorted(mine.keys() | theirs.keys()):
            if mine.get(path) != theirs.get(path):
                yield f"{path} is {_said(mine.get(path))} and was {_said(theirs.get(path))}"


def _kept(value: Value, shape: Shape, *, keyed: bool, top: bool = False) -> Value:
    if isinstance(value, dict):
        return {
            name: _kept(item, _below(shape, name), keyed=keyed)
            for name, item in value.items()
            if not (top and _PASSING.fullmatch(name)) and not _is_token(_below(shape, name))
        }
    if isinstance(value, list):
        member = shape.member if shape is not None and shape.type_name == "list" else None
        return [_kept(item, member, keyed=keyed) for item in value]
    if isinstance(value, str) and not keyed:
        return REDACTED.sub(lambda match: f"(a secret of {match['length']} bytes)", value)
    return value


def _without_times(value: Value, shape: Shape) -> Value:
    if isinstance(value, dict):
        return {
            name: _without_times(item, _below(shape, name))
            for name, item in value.items()
            if not _is_time(_below(shape, name))
        }
    if isinstance(value, list) and shape is not None and shape.type_name == "list":
        return [_without_times(item, shape.member) for item in value]
    return value


def _below(shape: Shape, name: str) -> Value:
    if shape is None or getattr(shape, "is_document_type", False):
        return None
    match shape.type_name:
        case "structure":
            return shape.members.get(name)
        case "map":
            return shape.value
    return None


def _is_token(shape: Shape) -> bool:
    return shape is not None and bool(shape.metadata.get("idempotencyToken"))


def _is_time(shape: Shape) -> bool:
    return shape is not None and shape.type_name == "timestamp"


def _canonical(value: Value) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _texts(value: Value) -> Value:
    """The same with every leaf a text, so that leaves have places."""
    if isinstance(value, dict):
        return {name: _texts(item) for name, item in value.items()} or "{}"
    if isinstance(value, list):
        return [_texts(item) for item in value] or "[]"
    return json.dumps(value)


def _path(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))


def _said(text: str | None) -> str:
    return "absent" if text is None else text if len(text) <= 80 else f"{text[:80]}…"
