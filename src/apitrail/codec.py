"""Frozen dataclasses as JSON objects and back, by their type hints.

A member that is absent has its default, and a field that has its default is not written. A class
with a field `rest` keeps the members that it does not know there and writes them again; any other
class refuses them. Every value that does not fit its type is a FormatError.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import (
    TYPE_CHECKING,
    Literal,
    TypeAliasType,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from apitrail.errors import FormatError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

type Json = bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None
type Object = Mapping[str, Json]
"""A JSON object."""

type _Read = Callable[[object], object]

NAME = "name"
"""Key of a field's metadata: its name in JSON, where that is not the field's own."""

ALWAYS = "always"
"""Key of a field's metadata: it is written even if it has its default."""

REST = "rest"


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    key: str
    default: object
    required: bool
    always: bool
    read: _Read
    nested: bool
    inner: type[DataclassInstance] | None = None
    items: type[DataclassInstance] | None = None
    factory: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    fields: tuple[_Field, ...]
    write: Callable[[object], dict[str, Json]]
    decode: _Read


def encode(value: DataclassInstance) -> dict[str, Json]:
    """A dataclass as a JSON object, without the fields that have their default."""
    return _plan(type(value)).write(value)


def _plain(item: object) -> Json:
    if isinstance(item, tuple):
        return [_plain(each) for each in item]
    return encode(item) if hasattr(item, "__dataclass_fields__") else item  # type: ignore[return-value,arg-type]


def decode[T: DataclassInstance](cls: type[T], data: object) -> T:
    """The inverse of `encode`.

    Raises:
        FormatError: the data is no object, a value does not fit, a member lacks or is unknown.
    """
    return _plan(cls).decode(data)  # type: ignore[return-value]


def _member(field: _Field, item: object, what: str) -> object:
    if item is None and not field.required and field.default is None:
        return None
    try:
        return field.read(item)
    except _MisfitError as misfit:
        raise FormatError(f"{field.key!r} of {what} is {misfit}: {item!r:.200}") from None


class _MisfitError(Exception):
    """A value that does not fit its type; says what it is not."""


@cache
def _plan(cls: type[DataclassInstance]) -> _Plan:
    hints = get_type_hints(cls)
    found = tuple(
        _Field(
            name=field.name,
            key=str(field.metadata.get(NAME, field.name)),
            default=field.default if field.default_factory is MISSING else field.default_factory(),
            required=field.default is MISSING and field.default_factory is MISSING,
            always=bool(field.metadata.get(ALWAYS, False)),
            read=_reader(hints[field.name]),
            nested=_is_nested(hints[field.name]),
            inner=_inner(hints[field.name]),
            items=_items(hints[field.name]),
            factory=None if field.default_factory is MISSING else field.default_factory,
        )
        for field in fields(cls)
        if field.name != REST
    )
    tolerant = REST in hints
    return _Plan(found, _writer(found, tolerant=tolerant), _decoder(cls, found, tolerant=tolerant))


def _decoder(cls: type[DataclassInstance], found: Sequence[_Field], *, tolerant: bool) -> _Read:
    """The function that reads a class: some lines for each field, as `_writer` has.

    Whatever is not plain is left to `_member` and `_unknown`.
    """
    what = cls.__name__.lower()
    names: dict[str, object] = {f"default_{n}": x.factory or x.default for n, x in enumerate(found)}
    names |= {f"field_{n}": each for n, each in enumerate(found)}
    lines = [
        "def read(data):",
        " if type(data) is not dict:",
        f"  data = object_of(data, {what!r})",
        " get = data.get",
        " left = len(data)",
    ]
    for n, each in enumerate(found):
        lines += [f" v{n} = get({each.key!r}, absent)", f" if v{n} is absent:"]
        if each.required:
            lines.append(f"  lacking({what!r}, {each.key!r})")
        else:
            lines.append(f"  v{n} = default_{n}{'()' if each.factory else ''}")
        lines += [" else:", "  left -= 1"]
        if each.inner is not None:
            names[f"read_{n}"] = _plan(each.inner).decode
            lines += [f"  if type(v{n}) is dict:", f"   v{n} = read_{n}(v{n})", "  else:"]
        elif kind := _AS_THEY_ARE.get(each.read):
            lines.append(f"  if type(v{n}) is not {kind}:")
        elif each.read is _anything:
            continue
        else:
            lines.append("  if True:")
        lines.append(f"   v{n} = member(field_{n}, v{n}, {what!r})")
    given = ", ".join(f"{each.name}=v{n}" for n, each in enumerate(found))
    lines += [
        " if left:",
        f"  rest = unknown(data, keys, {what!r}, {tolerant})",
        f"  return cls({given}{', rest=rest' if tolerant else ''})",
        f" return cls({given})",
    ]
    names |= {
        "cls": cls, "absent": _ABSENT, "member": _member, "unknown": _unknown, "lacking": _lacking,
        "object_of": _object_of, "keys": frozenset(each.key for each in found),
    }  # fmt: skip
    exec("\n".join(lines), names)  # noqa: S102 - made of the names of our own fields
    made: _Read = names["read"]  # type: ignore[assignment]
    return made


_ABSENT = object()


def _object_of(data: object, what: str) -> object:
    if not isinstance(data, dict):
        raise FormatError(f"{what} is not an object: {data!r}")
    return data


def _lacking(what: str, key: str) -> None:
    raise FormatError(f"{what} lacks {key!r}")


def _unknown(data: dict[str, object], keys: frozenset[str], what: str, tolerant: bool) -> object:
    """The members that a class does not have; raises FormatError where it keeps none."""
    unknown = data.keys() - keys
    if not tolerant:
        raise FormatError(f"unknown field in {what}: {min(map(str, unknown))!r}")
    return {name: item for name, item in data.items() if name in unknown}


def _writer(found: tuple[_Field, ...], *, tolerant: bool) -> Callable[[object], dict[str, Json]]:
    """The function that writes a class: a line for each field, as `dataclass` makes `__init__`.

    A loop over the fields takes three times as long, and a recorded call writes some fifteen values.
    """
    lines = ["def write(value):", " found = {}"]
    names: dict[str, object] = {"plain": _plain}
    for number, each in enumerate(found):
        names[f"default_{number}"] = each.default
        lines.append(f" item = value.{each.name}")
        # Most values are the default itself, so identity is checked before equality.
        if not each.always:
            lines.append(f" if item is not default_{number} and item != default_{number}:")
        written = "plain(item)" if each.nested else "item"
        if (below := each.inner or each.items) is not None:
            names[f"class_{number}"], names[f"write_{number}"] = below, _plan(below).write
            one = f"write_{number}(%s) if type(%s) is class_{number} else plain(%s)"
            written = one.replace("%s", "item")
            if each.items is not None:
                written = f"[{one.replace('%s', 'each')} for each in item]"
        lines.append(f" {'' if each.always else ' '}found[{each.key!r}] = {written}")
    rest = f"found | value.{REST} if value.{REST} else found" if tolerant else "found"
    lines.append(f" return {rest}")
    exec("\n".join(lines), names)  # noqa: S102 - made of the names of our own fields
    made: Callable[[object], dict[str, Json]] = names["write"]  # type: ignore[assignment]
    return made


def _inner(hint: object) -> type[DataclassInstance] | None:
    """The class of a value that stands by itself, maybe None; nothing for tuples of them."""
    if get_origin(hint) in (Union, types.UnionType):
        [hint] = [each for each in get_args(hint) if each is not types.NoneType]
    return hint if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__") else None


def _items(hint: object) -> type[DataclassInstance] | None:
    """The class of the values of a tuple, however many there are."""
    args = get_args(hint)
    if get_origin(hint) is not tuple or len(args) != 2 or args[1] is not Ellipsis:
        return None
    only = args[0]
    return only if isinstance(only, type) and hasattr(only, "__dataclass_fields__") else None


def _is_nested(hint: object) -> bool:
    inner = hint.__value__ if isinstance(hint, TypeAliasType) else hint
    if hint is Json or hint is Object:
        return False
    return (
        hasattr(inner, "__dataclass_fields__")
        # A tuple of plain values is an array in JSON as it is.
        or any(_is_nested(each) for each in get_args(inner) if not isinstance(each, str))
    )


def _reader(hint: object) -> _Read:
    if hint is Json:
        return _anything
    if isinstance(hint, TypeAliasType):
        return _reader(hint.__value__)
    if isinstance(hint, type) and hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__"):
        return _plan(hint).decode
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _one_of(args)
    if origin in (Union, types.UnionType):
        [inner] = [each for each in args if each is not types.NoneType]
        return _reader(inner)
    if origin is tuple:
        return _tuple(args)
    if origin in (dict, Mapping):
        return _object
    raise TypeError(f"no way to read {hint!r} from JSON")


def _anything(item: object) -> object:
    return item


def _exactly(kind: type, said: str) -> _Read:
    def read(item: object) -> object:
        # `type` instead of isinstance: in JSON a boolean is not a number.
        if type(item) is not kind:
            raise _MisfitError(f"not {said}")
        return item

    return read


_SCALARS: dict[type, _Read] = {
    str: _exactly(str, "a string"),
    int: _exactly(int, "a number"),
    bool: _exactly(bool, "a boolean"),
}


def _object(item: object) -> object:
    if not isinstance(item, dict):
        raise _MisfitError("not an object")
    return item


# The type that a value must have to be taken as it is; `_member` judges the others.
_AS_THEY_ARE: dict[_Read, str] = {
    _SCALARS[str]: "str", _SCALARS[int]: "int", _SCALARS[bool]: "bool", _object: "dict",
}  # fmt: skip


def _one_of(words: tuple[object, ...]) -> _Read:
    def read(item: object) -> object:
        if item not in words:
            raise _MisfitError(f"none of {', '.join(map(str, words))}")
        return item

    return read


def _tuple(args: tuple[object, ...]) -> _Read:
    several = args[-1] is Ellipsis
    readers = [_reader(each) for each in args if each is not Ellipsis]

    def read(item: object) -> object:
        if not isinstance(item, list | tuple):
            raise _MisfitError("not a list")
        if several:
            return tuple(map(readers[0], item))
        if len(item) != len(readers):
            raise _MisfitError(f"not a list of {len(readers)}")
        return tuple(read(each) for read, each in zip(readers, item, strict=True))

    return read
