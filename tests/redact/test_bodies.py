"""Whether a body may be kept."""

import gzip
import zlib

import pytest

from apitrail.exchange import Body, Request
from apitrail.redact import bodies


def request(body=b"", *headers):
    return Request(
        method="POST", scheme="https", host="h", target="/", http_version="HTTP/1.1",
        headers=headers, body=Body.of(body),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)]
)
def test_compression_is_undone_to_search(encoding, pack):
    packed = request(pack(b"some text"), ("Content-Encoding", encoding))
    assert bodies.unpacked(packed) == bodies.Unpacked("some text")


def test_what_cannot_be_read_is_not_called_readable():
    assert bodies.unpacked(request(b"x", ("Content-Encoding", "br"))) is None


def test_a_body_that_is_not_what_its_header_says_is_read_as_it_is():
    assert bodies.unpacked(request(b"no gzip", ("Content-Encoding", "gzip"))) == bodies.Unpacked(
        "no gzip"
    )


@pytest.mark.parametrize(
    "text",
    ['{"password": "x"}', "a=1&Password=x", "<Secret>x</Secret>", '{\\"apiKey\\": \\"x\\"}'],
)
def test_a_name_with_a_value_is_seen_in_any_form(text):
    assert bodies.names_secret(text)


@pytest.mark.parametrize("text", ['{"NextToken": "x"}', "the password", '{"password": ""}', ""])
def test_harmless_text_is_let_be(text):
    assert not bodies.names_secret(text)


def test_a_withheld_body_tells_its_length_and_a_keyed_digest():
    kept = bodies.withheld(Body.of(b"secret"), bytes(32))
    assert (kept.data, kept.length, kept.sha256, kept.redacted) == (b"", 6, bytes(32), True)


def test_a_form_s_signature_is_a_credential():
    sent = request(b"Action=X&Signature=abc%2F")
    assert list(bodies.credentials(sent)) == [b"abc/"]
    assert bodies.is_form_upload(request(b"", ("Content-Type", "multipart/form-data; boundary=x")))


def test_a_body_that_told_nothing_before_is_let_be_again():
    assert [bodies.tells_secret('{"TableName": "t"}') for _ in range(2)] == [False, False]
    assert [bodies.tells_secret('{"Password": "t"}') for _ in range(2)] == [True, True]


@pytest.mark.parametrize("length", [64, 65])
def test_a_name_is_taken_whole(length):
    assert bodies.names_secret("x" * (length - 8) + "password=x") is (length == 64)


@pytest.mark.parametrize(("text", "told"), [("<Code>x</Code>", False), ("code=x", True)])
def test_a_code_is_a_secret_in_a_form_only(text, told):
    assert bodies.names_secret(text) is told
