"""Which destinations are refused, and which connections are looked into."""

from __future__ import annotations

import ipaddress

import pytest

from apitrail.errors import UsageError
from apitrail.recording.proxy.destination import Destinations, Tunnels, Upstream

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.3.4", "192.168.1.1",
    "100.64.0.1", "169.254.169.254", "169.254.170.2", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1",
    "2002:7f00:1::", "fec0::1", "2001:db8::1", "198.18.0.1",
]  # fmt: skip
PUBLIC = ["52.94.133.131", "2600:1f18::1", "64:ff9b::345e:8583", "2002:345e:8583::"]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_connected_to(address):
    reason = Destinations().refusal("example.com", 443, ipaddress.ip_address(address))
    assert reason is not None
    assert reason.endswith("which is not a public address")


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are(address):
    assert Destinations().refusal("example.com", 443, ipaddress.ip_address(address)) is None


@pytest.mark.parametrize("address", ["10.0.3.4", "172.31.0.9", "192.168.9.9", "100.64.7.7"])
def test_an_aws_name_may_stand_for_a_vpc_endpoint(address):
    at = ipaddress.ip_address(address)
    for name in ("sts.eu-west-1.amazonaws.com", "vpce-1-2.s3.eu-west-1.vpce.amazonaws.com"):
        assert Destinations().refusal(name, 443, at) is None


@pytest.mark.parametrize(
    ("name", "port", "admitted"),
    [
        ("sts.eu-west-1.amazonaws.com", 443, True),
        ("sts.eu-west-1.amazonaws.com", 80, False),
        ("sts.eu-west-1.amazonaws.com", 6443, False),
        ("bucket.s3.eu-west-1.amazonaws.com", 80, True),
        ("bucket.vpce-1-2.s3.eu-west-1.vpce.amazonaws.com", 80, True),
        ("s3.eu-west-1.amazonaws.com", 22, False),
    ],
)
def test_a_vpc_endpoint_has_the_ports_of_its_service(name, port, admitted):
    reason = Destinations().refusal(name, port, ipaddress.ip_address("10.0.3.4"))
    assert (reason is None) is admitted


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "fd00:ec2::254", "::ffff:127.0.0.1"]
)  # fmt: skip
def test_an_aws_name_may_not_stand_for_this_machine_or_its_metadata(address):
    at = ipaddress.ip_address(address)
    assert Destinations().refusal("sts.eu-west-1.amazonaws.com", 443, at)


def test_configured_targets_are_connected_to_wherever_they_are():
    destinations = Destinations(targets=frozenset({("localhost", 4566)}))
    at = ipaddress.ip_address("127.0.0.1")
    assert destinations.refusal("LOCALHOST", 4566, at) is None
    assert destinations.refusal("localhost", 4567, at)


@pytest.mark.parametrize(
    ("spec", "host", "address", "admitted"),
    [
        ("10.0.0.0/8", "x", "10.9.9.9", True),
        ("10.0.0.0/8", "x", "11.9.9.9", False),
        ("127.0.0.1", "x", "127.0.0.1", True),
        ("registry.internal", "Registry.Internal", "10.0.0.1", True),
        ("*.internal", "a.internal", "10.0.0.1", True),
        ("*.internal", "internal.example", "10.0.0.1", False),
        ("fd00::/8", "x", "fd12::1", True),
    ],
)
def test_tunnels_admit(spec, host, address, admitted):
    at = ipaddress.ip_address(address)
    assert Tunnels.parse([spec]).admit(host, at) is admitted


@pytest.mark.parametrize("spec", ["", "10.0.0.0/99", "a b", "http://x/"])
def test_tunnels_that_are_none(spec):
    with pytest.raises(UsageError, match="not a host or a network"):
        Tunnels.parse([spec])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:4566", Upstream("http", "localhost", 4566)),
        ("https://minio.example/", Upstream("https", "minio.example", 443)),
        ("http://[::1]:9", Upstream("http", "::1", 9)),
    ],
)
def test_upstreams(url, expected):
    assert Upstream.parse(url) == expected
    assert Upstream.parse(str(expected)) == expected


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "http://x/path", "http://u@x", "http://x:0", "http://x:99999", "http://x?q"])  # fmt: skip
def test_upstreams_that_are_none(url):
    with pytest.raises(UsageError, match="endpoint URL"):
        Upstream.parse(url)


def test_an_upstream_without_a_scheme_is_told_how_to_write_it():
    with pytest.raises(UsageError, match="no scheme in the endpoint URL 'localhost:4566'") as told:
        Upstream.parse("localhost:4566")
    assert told.value.hint == "write http://localhost:4566 or https://localhost:4566"


@pytest.mark.parametrize("name", ["sts.amazonaws.com", "S3.EU-WEST-1.AMAZONAWS.COM.", "dynamodb.us-east-1.api.aws", "s3.cn-north-1.amazonaws.com.cn"])  # fmt: skip
def test_aws_is_looked_into(name):
    assert Destinations().intercepts(name, 443)


@pytest.mark.parametrize("name", ["example.com", "amazonaws.com.example.com", "notamazonaws.com", "localhost", "127.0.0.1", "d111.cloudfront.net"])  # fmt: skip
def test_others_are_not(name):
    assert not Destinations().intercepts(name, 443)


def test_with_an_upstream_local_names_are_only_names():
    destinations = Destinations(upstream=Upstream("http", "localhost", 4566))
    for name in ("localhost", "127.0.0.1", "s3.localhost", "b.s3.localhost.localstack.cloud"):
        assert destinations.intercepts(name, 1234)
    assert not destinations.intercepts("10.0.0.1", 1234)


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/a/b/x", "/a/b"),
        ("/a/x?y=/a/b", "/a"),
        ("/a/bc", "/a"),
        ("/a", "/a"),
        ("/x", ""),
        ("/ab", ""),
    ],
)
def test_the_longest_path_of_an_endpoint_is_the_base(path, base):
    destinations = Destinations().also("Host.example", 80, "/a").also("host.example", 80, "/a/b")
    assert destinations.base("host.example", 80, path) == base
    assert destinations.base("host.example", 81, path) == ""


@pytest.mark.parametrize(
    ("rules", "expected"),
    [((), False), (("*",), True), (("amazonaws.com",), True), (("example.com",), False)],
)
def test_what_was_reached_without_a_proxy_still_is(rules, expected):
    assert Destinations(direct=rules).is_direct("sts.amazonaws.com", 443) is expected
