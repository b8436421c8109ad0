"""The members of a request, read strictly: of the right type, or a SerializationException."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from apitrail.web.api_error import Fault

type Members = Mapping[str, Any]
"""A request's members, of JSON values that are yet to be checked."""

type Document = dict[str, Any]
"""A JSON object: an answer, or a part of one."""


def text(members: Members, name: str) -> str | None:
    """A string; None where it is absent or null."""
    return _typed(members, name, str, "a string")


def required(members: Members, name: str) -> str:
    """A string that must be there."""
    if (value := text(members, name)) is None:
        raise Fault("ValidationException", f"{name} is required")
    return value


def integer(members: Members, name: str) -> int | None:
    """A whole number; None where it is absent or null."""
    value = members.get(name)
    if isinstance(value, bool):
        raise _wrong(name, "a whole number")
    return _typed(members, name, int, "a whole number")


def moment(members: Members, name: str) -> float | None:
    """A timestamp in Unix seconds; None where it is absent or null."""
    value = members.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a timestamp in Unix seconds")
    # Beyond this SQLite's integers of milliseconds end.
    if not math.isfinite(value) or abs(value) > 1e12:
        raise _wrong(name, "a timestamp that there is")
    return float(value)


def objects(members: Members, name: str) -> list[Document]:
    """A list of objects; empty where it is absent or null."""
    found = _typed(members, name, list, "a list") or []
    if not all(isinstance(item, dict) for item in found):
        raise _wrong(name, "a list of structures")
    return found


def texts(members: Members, name: str) -> list[str]:
    """A list of strings; empty where it is absent or null."""
    found = _typed(members, name, list, "a list") or []
    if not all(isinstance(item, str) for item in found):
        raise _wrong(name, "a list of strings")
    return found


def _typed[T](members: Members, name: str, kind: type[T], wanted: str) -> T | None:
    value = members.get(name)
    if value is None or isinstance(value, kind):
        return value
    raise _wrong(name, wanted)


def _wrong(name: str, wanted: str) -> Fault:
    return Fault("SerializationException", f"{name} is not {wanted}")
