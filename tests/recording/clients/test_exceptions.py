"""NO_PROXY: what is kept, what is taken away and followed by the recorder itself."""

from __future__ import annotations

import urllib.request

import pytest

from apitrail.recording.clients import exceptions
from apitrail.recording.clients.shared_config import SharedConfig


def kept(environment: dict[str, str], config: SharedConfig | None = None) -> list[str]:
    return exceptions.no_proxy(environment, config).split(",")


def test_rules_of_both_spellings_are_kept_once() -> None:
    found = kept({"no_proxy": "a.example, b.example", "NO_PROXY": "b.example c.example"})
    assert found[:3] == ["a.example", "b.example", "c.example"]
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    "rule",
    [
        "*", "com", ".amazonaws.com", "amazonaws.com:443", "*.eu-central-1.amazonaws.com", "aws",
        "sts.amazonaws.com", ".vpce.amazonaws.com", "amazonaws.com.cn", "api.aws", ".cn",
    ],
)  # fmt: skip
def test_a_rule_that_lets_aws_past_is_taken_away_and_followed_directly(rule: str) -> None:
    assert rule not in kept({"NO_PROXY": rule})
    assert exceptions.direct({"NO_PROXY": rule}) == (rule,)


@pytest.mark.parametrize("rule", ["intranet.example", "10.0.0.0/8", "myamazonaws.com", "fd00::/8"])
def test_other_rules_are_kept(rule: str) -> None:
    assert rule in kept({"NO_PROXY": rule})
    assert exceptions.direct({"NO_PROXY": rule}) == ()


@pytest.mark.parametrize(
    ("rule", "host", "port", "expected"),
    [
        ("*", "anything", 443, True),
        ("amazonaws.com", "sts.amazonaws.com", 443, True),
        (".amazonaws.com", "amazonaws.com", 443, True),
        ("*.amazonaws.com", "sts.amazonaws.com.", 443, True),
        ("amazonaws.com:443", "sts.amazonaws.com", 443, True),
        ("amazonaws.com:8443", "sts.amazonaws.com", 443, False),
        ("amazonaws.com", "notamazonaws.com", 443, False),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("[fd00:ec2::23]", "fd00:ec2::23", 80, True),
    ],
)
def test_what_a_rule_means(rule: str, host: str, port: int, expected: bool) -> None:
    assert exceptions.matches([rule], host, port) is expected


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "169.254.170.23", "[fd00:ec2::23]", "[fd00:ec2::254]", "[::1]"]
)
def test_python_reaches_credentials_past_the_proxy(address: str) -> None:
    # botocore asks urllib so (botocore.utils.should_bypass_proxies).
    proxies = {"no": exceptions.no_proxy({}, None)}
    assert urllib.request.proxy_bypass_environment(address, proxies)


@pytest.mark.parametrize(
    ("name", "url", "host"),
    [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.2.3.4:911/creds", "10.2.3.4"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://creds.example/x", "creds.example"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://[fd00:ec2::99]:80/", "[fd00:ec2::99]"),
    ],
)
def test_hosts_that_hand_out_credentials_stay_out_of_the_proxy(
    name: str, url: str, host: str
) -> None:
    assert host in kept({name: url})


def test_the_profiles_metadata_endpoint_stays_out_too() -> None:
    section = {"ec2_metadata_service_endpoint": "http://imds.example"}
    config = SharedConfig(active="default", profiles={"default": section})
    assert "imds.example" in kept({}, config)


def test_a_credentials_url_cannot_open_a_way_past_us() -> None:
    url = "https://sts.amazonaws.com/"
    assert "sts.amazonaws.com" not in kept({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url})
