"""A certificate is found in each kind of store that somebody may have put it into."""

from __future__ import annotations

import datetime as dt
import sqlite3
import textwrap

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from apitrail.recording.authority.authority import Authority
from apitrail.recording.authority.trust_stores import having

NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)


def make(serial):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Authority.make(key, None, now=NOW, serial=serial)


@pytest.fixture(scope="module")
def ours():
    return make(1)


@pytest.fixture(scope="module")
def other():
    return make(2)


@pytest.fixture
def look(tmp_path, ours):
    """Put bytes where they may be, and look for our certificate."""
    home, system, trail = (tmp_path / name for name in ("home", "system", "trail"))

    def looked(place=None, data=b"", **environment):
        for name, value in environment.items():
            environment[name] = value.format(trail=trail, home=home)
        if place is not None:
            path = tmp_path / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        found = having([ours], environment, home=home, system=system, besides=trail)
        return [(str(each.path.relative_to(tmp_path)), each.undo) for each in found]

    return looked


def der(authority):
    return authority.certificate.public_bytes(Encoding.DER)


def java(*authorities):
    held = [pkcs12.PKCS12Certificate(each.certificate, b"mine") for each in authorities]
    return pkcs12.serialize_java_truststore(held, BestAvailableEncryption(b"changeit"))


@pytest.mark.parametrize(
    ("place", "undo"),
    [
        ("system/usr/local/share/ca-certificates/a/x.crt", "rm {} && update-ca-certificates"),
        ("system/etc/pki/ca-trust/source/anchors/x.pem", "rm {} && update-ca-trust"),
        ("system/etc/ssl/certs/ca-certificates.crt", "update-ca-certificates, once"),
    ],
)
def test_in_the_system_s_store(look, ours, other, tmp_path, place, undo):
    [(path, told)] = look(place, other.pem + ours.pem)
    assert path == place
    assert told.startswith(undo.format(tmp_path / place))


def test_in_java_s_store_with_its_name_there(look, ours, other, tmp_path):
    place = "system/usr/lib/jvm/java-17/lib/security/cacerts"
    [(path, told)] = look(place, java(other, ours))
    assert (path, told) == (place, f"keytool -delete -alias mine -keystore {tmp_path / place}")
    assert look(place, java(other)) == []


def test_in_java_s_store_of_the_older_kind(look, ours):
    """JKS has the bytes of a certificate as they are."""
    [(_, told)] = look("home/trust.jks", b"\xfe\xed\xfe\xed" + der(ours), JAVA_TOOL_OPTIONS="-Dx=y -Djavax.net.ssl.trustStore={home}/trust.jks")  # fmt: skip
    assert told.startswith("keytool -delete -alias NAME -keystore ")
    assert told.endswith("lists the names")


def test_in_a_browser_s_store(look, ours, tmp_path):
    place = tmp_path / "home/.mozilla/firefox/abc.default/cert9.db"
    place.parent.mkdir(parents=True)
    with sqlite3.connect(place) as database:
        database.execute("CREATE TABLE nssPublic (a11)")
        database.execute("INSERT INTO nssPublic VALUES (?)", (der(ours),))
    [(_, told)] = look()
    assert f"certutil -D -d sql:{place.parent}" in told


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"])
def test_in_a_file_that_a_variable_names(look, ours, name):
    [(_, told)] = look("home/mine.pem", ours.pem, **{name: "{home}/mine.pem"})
    assert told.endswith(f"which ${name} names")


def test_in_a_file_that_the_aws_configuration_names(look, ours, tmp_path):
    look("home/.aws/config", f"[default]\nca_bundle = {tmp_path}/home/mine.pem\n".encode())
    [(_, told)] = look("home/mine.pem", ours.pem)
    assert told.endswith(f"which ca_bundle in {tmp_path}/home/.aws/config names")


def test_with_lines_of_another_length(look, ours):
    lines = "".join(ours.pem.decode().splitlines()[1:-1])
    wrapped = "\r\n".join(textwrap.wrap(lines, 76))
    assert look("system/etc/ssl/cert.pem", f"-----BEGIN CERTIFICATE-----\r\n{wrapped}\r\n".encode())


def test_what_is_not_ours_not_there_or_in_the_trail_is_not_told(look, ours, other):
    assert look("system/etc/ssl/cert.pem", other.pem) == []
    assert look(SSL_CERT_FILE="/nowhere.pem", JAVA_HOME="/nowhere") == []
    assert look("trail/ca/bundle-1.pem", ours.pem, SSL_CERT_FILE="{trail}/ca/bundle-1.pem") == []
