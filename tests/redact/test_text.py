"""Secrets inside longer text."""

import pytest

from apitrail.redact.echoes import Echoes, credential_spellings, spellings
from apitrail.redact.finding import is_secret_query
from apitrail.redact.text import scrub


def digest(secret):
    return f"<{len(secret)}>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://h/?a=1&X-Amz-Signature=abc", "https://h/?a=1&X-Amz-Signature=<3>"),
        ("https://me:word@h/", "https://me:<4>@h/"),
        ("-----BEGIN PRIVATE KEY-----\nabc", "-----BEGIN PRIVATE KEY-----<4>"),
        ("x eyJhbGciOiJub25l.eyJzdWIiOiJ4.sig y", "x <33> y"),
        ("plain = text", "plain = text"),
    ],
)
def test_credentials_give_themselves_away_by_their_form(text, expected):
    assert scrub(text, digest) == expected


def test_what_stands_for_a_secret_is_not_replaced_again():
    text = "https://h/?Signature=redacted:hmac-sha256:00000000:x:3"
    assert scrub(text, digest) == text


def test_a_secret_has_many_spellings():
    forms = spellings(b"a b/c")
    assert {"a b/c", "a%20b%2Fc", "a+b%2Fc", "YSBiL2M=", "612062" + "2f63"} <= forms
    assert credential_spellings(b"a/b") == {"a/b", "a%2Fb"}


def test_echoes_are_found_and_replaced_longest_first():
    echoes = Echoes(digest)
    echoes.add([b"secret-one", b"secret-one-two"], of=spellings)
    assert echoes.found("the secret-one")
    assert echoes.replace("secret-one-two, secret-one") == "<14>, <10>"
    assert not echoes.found("secret-o")


def test_what_is_too_short_is_no_echo():
    echoes = Echoes(digest)
    echoes.add([b"abc"], of=spellings)
    assert not echoes


def test_query_parameters_that_are_secrets():
    assert is_secret_query("X-Amz-Signature")
    assert is_secret_query("code")
    assert not is_secret_query("prefix")
