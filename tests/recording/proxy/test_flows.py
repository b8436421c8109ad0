"""Bodies as they pass, and what is told of messages."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from apitrail.recording.proxy import flows
from apitrail.recording.proxy.flows import Collector

CHUNKS = st.lists(st.binary(min_size=1, max_size=50), max_size=20)


def passed(collector: Collector, chunks: list[bytes]) -> bytes:
    out = b""
    for chunk in [*chunks, b""]:
        kept = collector(chunk)
        out += kept if isinstance(kept, bytes) else b"".join(kept)
    return out


@given(CHUNKS, st.integers(0, 100))
def test_a_body_of_unknown_length_passes_as_it_comes(chunks, limit):
    collector = Collector(limit)
    whole = b"".join(chunks)
    assert passed(collector, chunks) == whole
    assert collector.release() == b""
    body = collector.body()
    assert (body.data, body.length) == (whole[:limit], len(whole))
    assert body.sha256 == hashlib.sha256(whole).digest()


@given(CHUNKS, st.integers(0, 100))
def test_of_an_announced_body_the_end_is_held_back(chunks, limit):
    whole = b"".join(chunks)
    collector = Collector(limit, len(whole))
    before = passed(collector, chunks)
    assert before == b"".join(chunks[:-1])
    assert before + collector.release() == whole
    assert collector.release() == b""
    assert collector.body().length == len(whole)


def test_of_a_body_that_breaks_off_nothing_is_held_back():
    collector = Collector(10, 100)
    assert passed(collector, [b"half"]) == b"half"
    assert collector.release() == b""


def test_a_fulfilled_expectation_is_not_sent_on():
    headers = (("Host", "x"), ("Expect", "100-Continue"), ("A", "1"))
    assert flows.sent(headers) == (("Host", "x"), ("A", "1"))
    other = (("Expect", "something else"),)
    assert flows.sent(other) == other
