"""Exchanges as an HTTP archive."""

import json

from apitrail.event import BodyFacts, Http
from apitrail.replay.scripts import har
from studio import recorded

CALL = recorded(
    service="iam", operation="ListUsers", ended=1_795_300_000_250, started=1_795_300_000_000,
    asked=Http(method="POST", scheme="https", host="iam.amazonaws.com", target="/?a=1&b=",
               version="HTTP/1.1", headers=(("Content-Type", "text/plain"),),
               body=BodyFacts(length=3, kept=3)),
    request_body=b"abc",
    answered=Http(status=200, version="HTTP/1.1", body=BodyFacts(length=9, hmac="00", kept=0)),
)  # fmt: skip


def test_an_entry_has_both_messages_and_the_time_between():
    entry = har.entry(CALL)
    assert entry["time"] == 250
    assert entry["request"]["url"] == "https://iam.amazonaws.com/?a=1&b="
    assert entry["request"]["queryString"] == [
        {"name": "a", "value": "1"}, {"name": "b", "value": ""},
    ]  # fmt: skip
    assert entry["request"]["postData"]["text"] == "abc"


def test_what_was_not_kept_is_said():
    assert har.entry(CALL)["response"]["content"]["comment"] == "9 bytes, redacted"


def test_the_file_is_json_whatever_the_number_of_calls():
    for calls in ([], [CALL], [CALL, CALL]):
        document = json.loads("\n".join(har.lines(calls)))
        assert len(document["log"]["entries"]) == len(calls)
