"""The rule that `serve` and `playback` share: what a web page may have sent is refused."""

import pytest

from apitrail import asked_host

NAMES = frozenset({"trail.example"})


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:8484", True),
        ("[::1]:8484", True),
        ("LOCALHOST.", True),
        ("trail.example:80", True),
        ("localhost.evil.example", False),
        ("evil.example", False),
        ("", False),
    ],
)
def test_an_address_or_a_known_name_is_ours(host, ours):
    assert asked_host.is_ours(host, NAMES) is ours


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"host": "here"}, None),
        ({"host": "there"}, "--host NAME"),
        ({}, "--host NAME"),
        ({"host": "here", "origin": "null"}, "Web pages"),
    ],
)
def test_a_foreign_host_and_any_origin_are_refused(headers, words):
    refusal = asked_host.refusal(headers, lambda host: host == "here")
    assert refusal is words is None or words in refusal
