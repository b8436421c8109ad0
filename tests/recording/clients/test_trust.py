"""Trust stores: which variables are set, and with which store in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.errors import UsageError
from apitrail.recording.clients import trust
from apitrail.recording.clients.shared_config import SharedConfig


def changes(environment: dict[str, str], **profiles: dict[str, str]) -> dict[str, str]:
    config = SharedConfig(active="default", profiles=profiles)
    return trust.changes(environment, config, lambda store: f"ours+{store}")


def test_the_sdks_own_variable_is_left_unset_where_it_was() -> None:
    # aws-sdk-go 1 refuses it in programs with a transport of their own.
    found = changes({})
    assert "AWS_CA_BUNDLE" not in found
    assert found["REQUESTS_CA_BUNDLE"] == found["SSL_CERT_FILE"] == "ours+None"


@pytest.mark.parametrize(
    ("environment", "profiles", "expected"),
    [
        ({"AWS_CA_BUNDLE": "/a"}, {"default": {"ca_bundle": "/b"}}, "ours+/a"),
        ({}, {"default": {"ca_bundle": "/b"}}, "ours+/b"),
        ({"SSL_CERT_FILE": "/c"}, {"other": {"ca_bundle": "/b"}}, "ours+/c"),
    ],
)
def test_it_is_extended_where_it_or_a_profiles_was_set(
    environment: dict[str, str], profiles: dict[str, dict[str, str]], expected: str
) -> None:
    assert changes(environment, **profiles)["AWS_CA_BUNDLE"] == expected


@pytest.mark.parametrize("name", trust.WHERE_SET)
def test_other_clients_stores_are_extended_where_they_are_set(name: str) -> None:
    assert changes({name: "/x"})[name] == "ours+/x"
    assert name not in changes({})


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "SSL_CERT_FILE", "GIT_SSL_CAINFO"])
def test_a_store_that_is_not_there_is_told(name: str) -> None:
    with pytest.raises(UsageError, match=r"cannot read the CA bundle '/no/such\.pem'"):
        trust.check({name: "/no/such.pem"})


def test_a_directory_is_the_last_place_that_is_looked_into(tmp_path: Path) -> None:
    config = SharedConfig(active="default")
    environment = {"SSL_CERT_DIR": str(tmp_path)}
    assert trust.trusted_store(environment, config) == str(tmp_path)
    assert trust.trusted_store(environment | {"SSL_CERT_FILE": "/f"}, config) == "/f"
    assert trust.trusted_store({}, config) is None
