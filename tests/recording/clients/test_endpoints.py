"""Endpoints that are preset, and which of them a client reaches through the proxy."""

from __future__ import annotations

import pytest

from apitrail.recording.clients import endpoints
from apitrail.recording.clients.endpoints import Preset
from apitrail.recording.clients.shared_config import SharedConfig


def config(**profiles: dict[str, str]) -> SharedConfig:
    return SharedConfig(active="default", profiles=profiles)


def test_a_global_endpoint_of_the_environment_beats_the_profile() -> None:
    profile = config(default={"endpoint_url": "http://profile"})
    environment = {"AWS_ENDPOINT_URL": "http://env", "AWS_ENDPOINT_URL_S3": "http://s3"}
    assert endpoints.presets(environment, profile) == [
        Preset("AWS_ENDPOINT_URL", "http://env"),
        Preset("AWS_ENDPOINT_URL_S3", "http://s3"),
    ]
    assert endpoints.presets({}, profile) == [Preset("AWS_ENDPOINT_URL", "http://profile")]


@pytest.mark.parametrize("where", ["environment", "profile"])
def test_endpoints_that_clients_ignore_are_ignored(where: str) -> None:
    environment = {"AWS_ENDPOINT_URL": "http://env"}
    profile = {"ignore_configured_endpoint_urls": "True"} if where == "profile" else {}
    if where == "environment":
        environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
    assert endpoints.presets(environment, config(default=profile)) == []


@pytest.mark.parametrize(
    ("url", "no_proxy", "expected"),
    [
        ("https://sts.eu-west-1.amazonaws.com", "", True),
        ("https://vpce-1.sts.eu-west-1.vpce.amazonaws.com", "amazonaws.com", True),
        ("https://s3.store.example", "", True),
        ("https://s3.store.example/base", "", True),
        ("http://s3.store.example:9000", "", True),
        ("https://s3.store.example", "store.example", False),
        ("https://s3.store.example", "*", True),
        ("http://localhost:4566", "", False),
        ("http://s3.localhost.localstack.cloud:4566", "", False),
        ("http://127.0.0.1:4566", "", False),
        ("http://[::1]:4566", "", False),
        ("http://192.168.1.9:9000", "", False),
        ("http://localstack:4566", "", False),
        ("http://minio.store.svc.cluster.local:9000", "", False),
        ("gopher://s3.store.example", "", False),
    ],
)
def test_only_public_endpoints_are_left_to_the_proxy(
    url: str, no_proxy: str, expected: bool
) -> None:
    assert Preset("AWS_ENDPOINT_URL", url).goes_by_proxy({"NO_PROXY": no_proxy}) is expected


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("http://localhost:4566", "http://localhost:4566", ""),
        ("http://localhost:4566/", "http://localhost:4566", ""),
        ("http://localhost:4566/a/b/", "http://localhost:4566", "/a/b"),
        ("localhost:4566", "localhost:4566", ""),
    ],
)
def test_a_url_is_an_origin_and_a_path(url: str, origin: str, path: str) -> None:
    preset = Preset("AWS_ENDPOINT_URL", url)
    assert (preset.origin, preset.path) == (origin, path)


def test_profiles_that_lead_elsewhere_are_named_once() -> None:
    found = config(
        default={"endpoint_url": "http://a"}, b={"endpoint_url": "x", "services": "s"}, c={}
    )
    assert endpoints.other_profiles(found) == ["b"]
