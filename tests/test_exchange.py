"""Messages as they were on the wire."""

from apitrail.exchange import EMPTY, Body, Request


def request(target="/", headers=()):
    return Request(
        method="GET", scheme="https", host="h", target=target, http_version="HTTP/1.1",
        headers=headers,
    )  # fmt: skip


def test_headers_are_found_whatever_their_case_and_in_wire_order():
    sent = request(headers=(("X-A", "1"), ("x-a", "2"), ("B", "3")))
    assert sent.header("X-a") == "1"
    assert list(sent.header_values("x-A")) == ["1", "2"]
    assert sent.header("c") is None
    assert list(sent.header_values("c")) == []


def test_a_target_has_a_path_and_a_query_as_they_were_sent():
    sent = request("/a%2Fb?x=%20?y")
    assert (sent.path, sent.query) == ("/a%2Fb", "x=%20?y")


def test_a_body_is_whole_where_all_of_it_is_kept():
    assert Body.of(b"abc").whole
    assert EMPTY.whole
    assert not Body(data=b"ab", length=3, sha256=bytes(32)).whole
