"""Event stream frames: counted, checked, and tolerated when cut off."""

import struct
import zlib

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from apitrail.aws.read import eventstream
from apitrail.errors import FormatError
from aws.answers import frame

EVENT = frame({":event-type": "Records", ":message-type": "event"}, b"payload")
END = frame({":event-type": "End", ":message-type": "event"}, b"")


def with_headers(raw):
    """A frame around header bytes of one's own."""
    prelude = struct.pack(">II", 16 + len(raw), len(raw))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    return prelude + raw + struct.pack(">I", zlib.crc32(prelude + raw))


def test_events_are_counted_by_type():
    stream, initial, problems = eventstream.count(EVENT + EVENT + END)
    assert stream.counts == {"Records": 2, "End": 1}
    assert (initial, problems) == (None, ())


def test_exceptions_and_errors_are_counted_too():
    exception = frame({":message-type": "exception", ":exception-type": "Throttled"}, b"{}")
    error = frame({":message-type": "error", ":error-code": "InternalError"}, b"")
    stream, _, _ = eventstream.count(exception + error + frame({}, b""))
    assert stream.counts == {"Throttled": 1, "InternalError": 1, "unknown": 1}


def test_initial_response_is_not_an_event():
    first = frame({":event-type": "initial-response"}, b'{"a":1}')
    stream, initial, _ = eventstream.count(first + EVENT)
    assert stream.counts == {"Records": 1}
    assert initial.payload == b'{"a":1}'


def test_all_header_types_are_passed_over():
    raw = b"".join(
        bytes([1]) + name + bytes([kind]) + value
        for name, kind, value in [
            (b"a", 0, b""),
            (b"b", 1, b""),
            (b"c", 2, b"\x01"),
            (b"d", 3, b"\x00\x01"),
            (b"e", 4, bytes(4)),
            (b"f", 5, bytes(8)),
            (b"g", 6, b"\x00\x02hi"),
            (b"h", 7, b"\x00\x02hi"),
            (b"i", 8, bytes(8)),
            (b"j", 9, bytes(16)),
        ]
    )
    [message] = eventstream.messages(with_headers(raw))
    assert message.headers == {"h": "hi"}


@pytest.mark.parametrize("cut", [1, 11, 12, 30, len(EVENT) - 1])
def test_cut_off_stream_is_counted_as_far_as_it_goes(cut):
    stream, _, problems = eventstream.count(EVENT + EVENT[:cut])
    assert stream.counts == {"Records": 1}
    assert problems == ("event stream ends inside a frame",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00" + bytes(4), "prelude checksum"),
        (EVENT[:-6] + b"X" + EVENT[-5:], "message checksum"),
        (with_headers(b"\x05abc"), "malformed event stream header"),
        (with_headers(b"\x01a\x0c"), "malformed event stream header"),
        (with_headers(b"\x01a\x07\x00\x09x"), "header is cut off"),
        (with_headers(b"\x01\xff\x00"), "malformed event stream header"),
    ],
)
def test_broken_frame(data, message):
    with pytest.raises(FormatError, match=message):
        list(eventstream.messages(data))


@pytest.mark.parametrize(("length", "headers"), [(15, 0), (16, 1), (2**31, 0), (200_000, 150_000)])
def test_impossible_lengths(length, headers):
    prelude = struct.pack(">II", length, headers)
    prelude += struct.pack(">I", zlib.crc32(prelude))
    with pytest.raises(FormatError, match="impossible lengths"):
        list(eventstream.messages(prelude + bytes(300_000)))


def test_a_hostile_stream_of_many_types_stays_small():
    data = b"".join(frame({":event-type": f"t{n}"}, b"") for n in range(500))
    stream, _, _ = eventstream.count(data)
    assert len(stream.counts) == 100


def test_botocore_reads_the_same():
    buffer = EventStreamBuffer()
    buffer.add_data(EVENT + END)
    theirs = [(event.headers, event.payload) for event in buffer]
    assert theirs == [(m.headers, m.payload) for m in eventstream.messages(EVENT + END)]


@given(st.binary(max_size=200) | st.tuples(st.integers(0, len(EVENT) - 1), st.binary(max_size=9)))
def test_junk_never_raises(junk):
    if isinstance(junk, tuple):
        at, new = junk
        junk = EVENT + EVENT[:at] + new + EVENT[at + len(new) :]
    eventstream.count(junk)
