"""An entry has one spelling, and says what it was made of."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail import entry
from apitrail.entry import KINDS, TAGS, Entry
from apitrail.errors import FormatError
from apitrail.tlog import merkle

HASHES = st.binary(min_size=32, max_size=32)
ENTRIES = st.builds(
    Entry.following,
    index=st.integers(0, 2**63 - 1),
    time=st.integers(0, 2**63 - 1),
    previous=HASHES,
    kind=st.sampled_from(KINDS),
    commitments=st.dictionaries(st.sampled_from(TAGS), HASHES).map(
        lambda some: {tag: some[tag] for tag in TAGS if tag in some}
    ),
)
SAMPLE = Entry.following(
    index=7, time=1_795_330_234_123, previous=bytes(32), kind="api",
    commitments={"who": bytes(range(32)), "what": bytes(32)},
).data  # fmt: skip


@given(ENTRIES)
def test_parse_is_the_inverse_of_data(link):
    assert Entry.parse(link.data) == link
    assert link.hash == merkle.leaf_hash(link.data)


def test_the_bytes_are_those_of_the_format():
    assert SAMPLE == (
        b'{"v":1,"i":7,"t":1795330234123,"p":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",'
        b'"k":"api","c":{"who":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",'
        b'"what":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}'
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":1.0'),
        (b'"v":1', b'"v":true'),
        (b'"i":7', b'"i":07'),
        (b'"i":7', b'"i":-7'),
        (b'"i":7', b'"i":7.0'),
        (b'"i":7', b'"i":7e0'),
        (b'"i":7', b'"i":true'),
        (b'"i":7', b'"i":"7"'),
        (b'"i":7', b'"i":7,"i":7'),
        (b'"i":7', b'"i": 7'),
        (b'"k":"api"', b'"k":"an-other"'),
        (b'"k":"api"', b'"k":"of a later version"'),
        (b'"k":"api"', b'"k":"\\u0061pi"'),
        (b'"k":"api"', b'"k":null'),
        (b'AA=","k"', b'AB=","k"'),
        (b'AA=","k"', b'AA","k"'),
        (b'AA=","k"', b'AA=\\n","k"'),
        (b'"who"', b'"what"'),
        (b'"who"', b'"whomsoever"'),
        (b'"who"', b'"learned"'),
        (b'"c":{', b'"c":{"who":1,'),
        (b'"c":{', b'"d":{},"c":{'),
        (b"}}", b"}}\n"),
        (b"}}", b"}"),
        (b"}}", b"}},"),
        (b'{"v"', b' {"v"'),
        (b'{"v"', b'\xef\xbb\xbf{"v"'),
        (b'{"v"', b'\xff{"v"'),
    ],
)
def test_another_spelling_is_refused(old, new):
    assert old in SAMPLE
    with pytest.raises(FormatError, match="malformed entry"):
        Entry.parse(SAMPLE.replace(old, new, 1))


@pytest.mark.parametrize("junk", [b"", b"null", b"[]", b"{}", b"[" * 99_999, None, "x", 7])
def test_junk_is_refused(junk):
    with pytest.raises(FormatError, match="malformed entry"):
        Entry.parse(junk)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_canonical(data):
    with contextlib.suppress(FormatError):
        assert Entry.parse(data).data == data


def test_a_commitment_is_what_the_format_says():
    key, content = bytes(range(32)), b"hello"
    salt = hashlib.sha256(key + b"who\0\0\0\0\0").digest()
    expected = hashlib.sha256(b"\x02" + salt + hashlib.sha256(content).digest()).digest()
    assert entry.salt(key, "who") == salt
    assert entry.commit(key, {"who": content}) == {"who": expected}


def test_equal_contents_do_not_show_as_equal():
    same = entry.commit(bytes(32), {"request": b"x", "response": b"x"})
    assert same["request"] != same["response"]


def test_a_kind_and_a_facet_of_a_later_version_are_read():
    commitments = entry.commit(bytes(32), {"weather": b"fine", "who": b"{}", "air": b"clear"})
    assert list(commitments) == ["who", "air", "weather"]
    link = Entry.following(
        index=3, time=9, previous=bytes(32), kind="forecast", commitments=commitments
    )
    assert Entry.parse(link.data) == link
    assert link.unknown == ("forecast",)
    known = Entry.following(
        index=3, time=9, previous=bytes(32), kind="api", commitments=commitments
    )
    assert known.unknown == ("air", "weather")


@pytest.mark.parametrize(
    "tags", [["weather", "who"], ["air", "air"], ["weather", "air"], ["toolongname"]]
)
def test_facets_of_a_later_version_have_one_order_too(tags):
    commitments = {tag: bytes(32) for tag in tags}
    data = Entry.following(
        index=3, time=9, previous=bytes(32), kind="api", commitments=commitments
    ).data
    if tags == ["air", "air"]:
        [pair] = [part for part in data.split(b"{") if part.startswith(b'"air"')]
        data = data.replace(pair[:-2], pair[:-2] + b"," + pair[:-2])
    with pytest.raises(FormatError, match="malformed entry"):
        Entry.parse(data)


EVENT_KEY = bytes(range(32))
CONTENTS = {"what": b"{}", "who": b"[]"}


def call(kind: str = "api", index: int = 7, time: int = 1_795_330_234_123) -> bytes:
    made = entry.commit(EVENT_KEY, CONTENTS)
    return Entry.following(
        index=index, time=time, previous=bytes(32), kind=kind, commitments=made
    ).data


def is_call(data: bytes, index: int = 7) -> tuple[int, str] | None:
    committed = entry.commit_known(EVENT_KEY, CONTENTS)
    assert committed is not None
    return Entry.is_call(data, index, bytes(32), committed)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("time", [0, 1, 2**63 - 1])
def test_a_call_is_known_by_what_is_expected_of_it(kind, time):
    expected = (time, kind) if kind in entry.CALLS else None
    assert is_call(call(kind, time=time)) == expected


@pytest.mark.parametrize("change", ["replaced", "removed", "inserted"])
def test_no_other_bytes_are_taken_for_it(change):
    data = call()
    for at in range(len(data)):
        for byte in b'0 "9,':
            after = data[at + (change != "inserted") :]
            other = data[:at] + (b"" if change == "removed" else bytes([byte])) + after
            if other != data and (found := is_call(other)) is not None:
                link = Entry.parse(other)  # another time is another entry, spelt right
                assert (link.time, link.kind) == found
                assert link.commitments == Entry.parse(data).commitments


@pytest.mark.parametrize("time", [b"00", b"-1", b"+1", b"1 ", b"1_0", b"", b"9" * 19, b"9" * 5000])
def test_a_time_that_is_spelt_otherwise_is_not_taken(time):
    assert is_call(call(time=1).replace(b'"t":1', b'"t":' + time)) is None


def test_another_place_or_tag_is_not_taken():
    assert is_call(call(), index=8) is None
    assert entry.commit_known(EVENT_KEY, {"what": b"", "weather": b""}) is None
