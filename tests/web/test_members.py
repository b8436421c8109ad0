"""Members of a request, read strictly."""

import math

import pytest

from apitrail.web import members
from apitrail.web.api_error import Fault

GIVEN = {"t": "x", "n": 3, "b": True, "l": ["a"], "o": [{}], "f": 1.5, "z": None}


def test_members_of_the_right_type_are_taken():
    assert members.text(GIVEN, "t") == "x"
    assert members.required(GIVEN, "t") == "x"
    assert members.integer(GIVEN, "n") == 3
    assert members.moment(GIVEN, "f") == 1.5
    assert members.texts(GIVEN, "l") == ["a"]
    assert members.objects(GIVEN, "o") == [{}]


def test_what_is_absent_or_null_is_nothing():
    assert members.text(GIVEN, "none") is members.integer(GIVEN, "z") is None
    assert members.moment(GIVEN, "z") is None
    assert members.texts(GIVEN, "none") == members.objects(GIVEN, "z") == []


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (members.text, "n"), (members.integer, "t"), (members.integer, "b"), (members.moment, "b"),
        (members.moment, "t"), (members.texts, "o"), (members.objects, "l"), (members.texts, "t"),
    ],
)  # fmt: skip
def test_another_type_does_not_serialize(read, name):
    with pytest.raises(Fault) as caught:
        read(GIVEN, name)
    assert caught.value.code == "SerializationException"


@pytest.mark.parametrize("value", [math.inf, math.nan, 1e13])
def test_a_time_that_there_is_not_is_refused(value):
    with pytest.raises(Fault, match="a timestamp that there is"):
        members.moment({"t": value}, "t")


def test_a_member_that_must_be_there():
    with pytest.raises(Fault, match="x is required") as caught:
        members.required({}, "x")
    assert caught.value.to_json() == {"__type": "ValidationException", "message": "x is required"}
