"""Frozen values as JSON objects, and back."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from apitrail import codec
from apitrail.codec import NAME, Object
from apitrail.errors import FormatError


@dataclass(frozen=True, kw_only=True)
class Inner:
    name: str
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Outer:
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    is_on: bool = field(default=False, metadata={NAME: "isOn"})
    rest: Object = field(default_factory=dict)


VALUE = Outer(
    inner=Inner(name="a", size=1), many=(Inner(name="b"),), pairs=(("c", "d"),), is_on=True
)


def test_writing_and_reading_are_inverses():
    written = codec.encode(VALUE)
    assert written["inner"] == {"name": "a", "size": 1}
    assert written["isOn"] is True
    assert codec.decode(Outer, {**written, "pairs": [["c", "d"]]}) == VALUE


def test_defaults_are_not_written():
    assert codec.encode(Outer()) == {}
    assert codec.decode(Outer, {}) == Outer()


def test_members_of_a_later_version_are_kept_where_there_is_a_place_for_them():
    value = codec.decode(Outer, {"tomorrow": [1]})
    assert value.rest == {"tomorrow": [1]}
    assert codec.encode(value) == {"tomorrow": [1]}


@pytest.mark.parametrize(
    ("cls", "data", "message"),
    [
        (Inner, {"name": "a", "other": 1}, "unknown field in inner: 'other'"),
        (Inner, {}, "inner lacks 'name'"),
        (Inner, {"name": 1}, "'name' of inner is not a string"),
        (Inner, {"name": "a", "size": True}, "'size' of inner is not a number"),
        (Inner, [], "inner is not an object"),
        (Outer, {"many": {}}, "'many' of outer is not a list"),
        (Outer, {"pairs": [["a"]]}, "is not a list of 2"),
    ],
)
def test_what_does_not_fit_is_refused(cls, data, message):
    with pytest.raises(FormatError, match=message):
        codec.decode(cls, data)
