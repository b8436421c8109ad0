"""Form fields in front of an uploaded file."""

from __future__ import annotations

import pytest

from apitrail.aws.read import multipart
from apitrail.aws.read.scalars import Doubts

KIND = "multipart/form-data; boundary=B"


def body(*fields: tuple[str, str]) -> bytes:
    parts = [
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
    ]
    return "".join([*parts, "--B--\r\n"]).encode()


def test_names_are_lower_case_and_values_as_they_are():
    assert multipart.fields(KIND, body(("Key", "a b"), ("acl", "é"))) == {"key": "a b", "acl": "é"}


def test_what_stands_behind_the_file_is_not_read():
    found = multipart.fields(KIND, body(("key", "a"), ("file", "x"), ("acl", "private")))

    assert found == {"key": "a"}


@pytest.mark.parametrize(("turned", "value"), [(False, "a"), (True, "b")])
def test_of_a_name_given_twice_either_value_can_be_had(turned, value):
    doubts = Doubts(turned=turned)

    assert multipart.fields(KIND, body(("key", "a"), ("Key", "b")), doubts) == {"key": value}
    assert doubts.ambiguous == ["'key' is given twice"]


@pytest.mark.parametrize(
    ("kind", "data"), [("multipart/form-data", body(("a", "b"))), (KIND, b""), (KIND, b"junk")]
)
def test_junk_gives_nothing(kind, data):
    assert multipart.fields(kind, data) == {}
