"""A CA's certificate as a pure value."""

from __future__ import annotations

import datetime as dt
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from apitrail.errors import FormatError
from apitrail.recording.authority.authority import Authority, ending

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def authority():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Authority.make(key, None, now=NOW, serial=7)


def test_it_is_valid_two_days_back_and_ten_years_on(authority):
    assert authority.begins == dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
    assert authority.ends == dt.datetime(2036, 11, 21, 12, tzinfo=dt.UTC)


def test_openssl_reads_the_same(authority):
    told = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-subject", "-nameopt", "RFC2253"],
        input=authority.pem, capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    assert authority.fingerprint in told
    assert f"subject={authority.subject}\n" in told


def test_its_text_is_its_inverse(authority):
    assert Authority.parse(authority.pem) == authority
    with pytest.raises(FormatError, match="no certificate"):
        Authority.parse(b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")


def test_without_constraints_it_signs_for_all(authority):
    assert authority.permitted is None
    assert authority.covers("example.com")


@pytest.mark.parametrize(
    ("day", "said"),
    [("2036-10-20", None), ("2036-10-23", "the trail's CA ends on 2036-11-21"), ("2036-11-22", None)],
)  # fmt: skip
def test_its_end_is_told_a_month_before(authority, day, said):
    told = ending(authority, dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC))
    assert (told and told.partition("\n")[0]) == said
    assert told is None or "`apitrail ca rotate`" in told
