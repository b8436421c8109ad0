"""Recorded answers as HTTP replies."""

import pytest

from apitrail.event import BodyFacts, Http
from apitrail.replay.playback.reply import MISS, UnplayableError, refusal, reply
from studio import recorded

HEADERS = (("Content-Type", "application/x-amz-json-1.0"), ("Transfer-Encoding", "chunked"))


def call(**fields):
    about = Http(status=200, headers=HEADERS, body=BodyFacts(length=2, kept=2))
    return recorded(**{
        "service": "dynamodb", "operation": "ListTables", "protocol": "json",
        "answered": about, "response_body": b"{}", "result": {"TableNames": ["a"]},
    } | fields)  # fmt: skip


def test_a_kept_body_is_played_byte_for_byte_without_the_old_framing():
    played = reply(call(), protocol="json", method="POST")
    assert played.body == b"{}"
    assert dict(played.headers) == {"Content-Type": "application/x-amz-json-1.0"}


def test_a_redacted_body_is_written_anew():
    gone = Http(status=200, headers=HEADERS, body=BodyFacts(length=20, hmac="00", kept=0))
    played = reply(call(answered=gone, response_body=b""), protocol="json", method="POST")
    assert played.body == b'{"TableNames": ["a"]}'


def test_a_body_that_was_kept_in_part_cannot_be_played():
    part = Http(status=200, body=BodyFacts(length=20, sha256="00", kept=2))
    with pytest.raises(UnplayableError, match="of its answer's 20 bytes 2 were kept"):
        reply(call(answered=part), protocol="json", method="POST")


def test_a_miss_is_an_error_that_no_client_repeats():
    said = refusal("json", "no such call", "r1")
    assert said.status == 400
    assert MISS.encode() in said.body
