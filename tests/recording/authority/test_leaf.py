"""A certificate of mitmproxy's, made anew for a key of another kind."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from mitmproxy.certs import dummy_cert

from apitrail.recording.authority import leaf
from apitrail.recording.authority.authority import Authority

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
NAMES = [x509.DNSName("sts.amazonaws.com"), x509.DNSName("localhost")]


@pytest.fixture(scope="module")
def both():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    authority = Authority.make(key, None, now=NOW, serial=7).certificate
    shown = dummy_cert(key, authority, "sts.amazonaws.com", NAMES).to_cryptography()
    own = ec.generate_private_key(ec.SECP256R1()).public_key()
    return authority, shown, own, leaf.of_key(shown, own, key)


def test_it_says_the_same_but_for_its_key_and_its_number(both):
    _, shown, own, made = both
    assert made.public_key() == own
    assert made.serial_number != shown.serial_number
    assert [(e.value, e.critical) for e in made.extensions] == [
        (e.value, e.critical) for e in shown.extensions
    ]
    assert (made.subject, made.not_valid_before_utc, made.not_valid_after_utc) == (
        shown.subject, shown.not_valid_before_utc, shown.not_valid_after_utc,
    )  # fmt: skip


def test_the_authority_has_signed_it(both):
    authority, _, _, made = both
    made.verify_directly_issued_by(authority)
