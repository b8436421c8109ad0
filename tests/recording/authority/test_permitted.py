"""What a CA may sign for, as its certificate says it and as OpenSSL reads it."""

from __future__ import annotations

import datetime as dt
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from mitmproxy.certs import dummy_cert

from apitrail.aws.find import host as aws_host
from apitrail.errors import UsageError
from apitrail.recording.authority.authority import Authority
from apitrail.recording.authority.permitted import Permitted
from apitrail.recording.proxy.certificates import general_name

HOSTS = ("minio.example.com", "203.0.113.9", "10.0.0.0/8", "2001:db8::/32")
INSIDE = (
    "sts.eu-west-1.amazonaws.com", "bucket.s3.amazonaws.com", "S3.CN-NORTH-1.amazonaws.com.cn",
    "abc.lambda-url.eu-west-1.on.aws", "ec2.eu-west-1.api.aws", "us-east-1.signin.aws.amazon.com",
    "vpce-1.s3.us-east-1.vpce.amazonaws.com", "localhost", "s3.localhost.localstack.cloud",
    "127.0.0.1", "127.1.2.3", "::1", "minio.example.com", "a.minio.example.com", "203.0.113.9",
    "10.9.9.9", "2001:db8::7",
)  # fmt: skip
OUTSIDE = (
    "example.com", "evil-amazonaws.com", "amazonaws.com.evil.example", "xminio.example.com",
    "203.0.113.8", "192.168.0.1", "2001:db9::7", "com", "aws",
)  # fmt: skip


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def authority(key):
    now = dt.datetime.now(dt.UTC)
    return Authority.make(key, Permitted.of(HOSTS), now=now, serial=7)


@pytest.mark.parametrize("host", INSIDE)
def test_it_covers(authority, host):
    assert authority.covers(host)


@pytest.mark.parametrize("host", OUTSIDE)
def test_it_does_not_cover(authority, host):
    assert not authority.covers(host)


@pytest.mark.parametrize("suffix", [*aws_host.SUFFIXES, *aws_host.CONSOLES])
def test_every_name_of_aws_is_covered(suffix):
    assert Permitted.of(()).covers(f"signin.us-east-1.{suffix}")


def test_the_certificate_says_the_same(authority):
    assert authority.permitted == Permitted.of(HOSTS)
    assert set(authority.permitted.hosts) == {*HOSTS[:1], "203.0.113.9/32", *HOSTS[2:]}


@pytest.mark.parametrize("host", ["", "a b", "-a.example", "a..b", "x" * 64, "https://a", "*.a.b"])
def test_what_is_no_host_is_refused(host):
    with pytest.raises(UsageError, match="not a host"):
        Permitted.of([host])


@pytest.mark.parametrize(
    ("host", "holds"),
    [("sts.amazonaws.com", True), ("10.9.9.9", True), ("example.com", False), ("10.9.9.9.", False), ("192.168.0.1", False)],
)  # fmt: skip
def test_openssl_holds_certificates_to_it(authority, key, tmp_path, host, holds):
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    leaf = dummy_cert(key, authority.certificate, None, [general_name(host.rstrip("."))])
    if host.endswith("."):
        leaf = dummy_cert(key, authority.certificate, host[:-1], [general_name(host[:-1])])
    (tmp_path / "leaf.pem").write_bytes(leaf.to_pem())
    told = subprocess.run(
        ["openssl", "verify", "-CAfile", tmp_path / "ca.pem", tmp_path / "leaf.pem"],
        capture_output=True, check=False,
    )  # fmt: skip
    assert (told.returncode == 0) is holds
    assert holds or b"permitted subtree violation" in told.stderr
