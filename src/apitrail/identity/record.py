"""Frozen dataclasses as JSON objects and back: absent is default, everything else is refused.

It does not know what the fields mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from apitrail.errors import FormatError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

type Reader = Callable[[Any], Any]
"""Turns a JSON value into a field's value; FormatError where it is not one."""


def encode(value: DataclassInstance) -> dict[str, Any]:
    """A dataclass as a JSON object, without the fields that have their default."""
    items = ((field, getattr(value, field.name)) for field in fields(value))
    return {field.name: _plain(item) for field, item in items if item != field.default}


def _plain(item: Any) -> Any:
    if isinstance(item, tuple):
        return [_plain(each) for each in item]
    return encode(item) if hasattr(item, "__dataclass_fields__") else item


def decode[T: DataclassInstance](cls: type[T], data: Any, readers: Mapping[str, Reader]) -> T:
    """The inverse of `encode`; FormatError for anything that `encode` would not have written."""
    what = cls.__name__.lower()
    if not isinstance(data, dict):
        raise FormatError(f"{what} is not an object: {data!r}")
    if unknown := data.keys() - readers.keys():
        raise FormatError(f"unknown field in {what}: {min(map(str, unknown))!r}")
    for field in fields(cls):
        if field.default is MISSING and field.name not in data:
            raise FormatError(f"{what} lacks {field.name!r}")
    value = cls(**{name: readers[name](item) for name, item in data.items()})
    if encode(value) != data:
        raise FormatError(f"{what} is not in its shortest form: {data!r}")
    return value


def text(item: Any) -> str:
    """A JSON string."""
    if not isinstance(item, str):
        raise FormatError(f"not a string: {item!r}")
    return item


def flag(item: Any) -> bool:
    """A JSON boolean."""
    if not isinstance(item, bool):
        raise FormatError(f"not a boolean: {item!r}")
    return item


def milliseconds(item: Any) -> int:
    """A Unix time in milliseconds."""
    if not isinstance(item, int) or isinstance(item, bool) or item < 0:
        raise FormatError(f"not a time in milliseconds: {item!r}")
    return item


def one_of(*words: str) -> Reader:
    """One of a few words."""

    def read(item: Any) -> str:
        if item not in words:
            raise FormatError(f"none of {', '.join(words)}: {item!r}")
        return text(item)

    return read


def several(reader: Reader) -> Reader:
    """A JSON array as a tuple."""

    def read(item: Any) -> tuple[Any, ...]:
        if not isinstance(item, list):
            raise FormatError(f"not a list: {item!r}")
        return tuple(map(reader, item))

    return read


def pair(item: Any) -> tuple[str, str]:
    """A JSON array of two strings."""
    if not isinstance(item, list) or len(item) != 2:
        raise FormatError(f"not a pair: {item!r}")
    return text(item[0]), text(item[1])
