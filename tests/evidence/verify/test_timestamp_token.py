"""Tokens of OpenSSL's authority, read without looking at their signature."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

import stamping
from apitrail.errors import FormatError
from apitrail.evidence.verify.timestamp_token import Token

TEXT = "example.com/log\n3\nAAAA\n"

pytestmark = pytest.mark.skipif(stamping.OPENSSL is None, reason="needs the openssl command")


@pytest.fixture(scope="module")
def reply(tmp_path_factory: pytest.TempPathFactory) -> Callable[[HashAlgorithm], bytes]:
    authority = stamping.Authority(tmp_path_factory.mktemp("tsa"))

    def ask(algorithm: HashAlgorithm) -> bytes:
        builder = TimestampRequestBuilder().data(TEXT.encode()).hash_algorithm(algorithm)
        return authority.reply(builder.build().as_bytes())

    return ask


@pytest.fixture(scope="module")
def data(reply: Callable[[HashAlgorithm], bytes]) -> bytes:
    return reply(HashAlgorithm.SHA256)


def test_it_says_what_a_library_for_it_reads(data: bytes) -> None:
    token, other = Token.parse(data), decode_timestamp_response(data).tst_info
    assert token.imprint == other.message_imprint.message
    assert datetime.fromisoformat(token.time) == other.gen_time.astimezone(UTC)


def test_it_is_of_one_text(data: bytes) -> None:
    token = Token.parse(data)
    assert token.is_of(TEXT)
    assert not token.is_of(TEXT.replace("3", "4"))


def test_what_was_refused_or_is_of_another_hash_is_none(
    reply: Callable[[HashAlgorithm], bytes],
) -> None:
    refused = reply(HashAlgorithm.SHA512)  # this authority takes SHA-256 alone
    with pytest.raises(FormatError):
        Token.parse(refused)


@given(st.binary(max_size=60))
def test_junk_is_only_malformed(junk: bytes) -> None:
    with pytest.raises(FormatError):
        Token.parse(junk)


def test_no_flipped_bit_does_more_than_that(data: bytes) -> None:
    for at in range(0, len(data), 3):
        with suppress(FormatError):
            Token.parse(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        with pytest.raises(FormatError):
            Token.parse(data[:at])
