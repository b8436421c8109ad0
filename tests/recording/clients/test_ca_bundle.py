"""CA bundles: a store, and our CA beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.errors import UsageError
from apitrail.recording.clients import ca_bundle
from apitrail.recording.clients.ca_bundle import Bundles

ONE = b"-----BEGIN CERTIFICATE-----\nMQ==\n-----END CERTIFICATE-----\n"
TWO = b"-----BEGIN CERTIFICATE-----\nMg==\n-----END CERTIFICATE-----\n"
OURS = b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"


@pytest.fixture
def bundles(tmp_path: Path) -> Bundles:
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca-cert.pem").write_bytes(OURS)
    return Bundles(tmp_path)


def test_a_bundle_holds_the_store_and_our_ca_once(bundles: Bundles, tmp_path: Path) -> None:
    store = tmp_path / "store.pem"
    store.write_bytes(ONE)
    first = bundles.path(str(store))
    assert Path(first).read_bytes() == ONE + OURS
    assert bundles.path(first) == first


def test_every_certificate_of_a_directory_is_taken_once(bundles: Bundles, tmp_path: Path) -> None:
    store = tmp_path / "certs"
    store.mkdir()
    (store / "one.pem").write_bytes(ONE)
    (store / "two.crt").write_bytes(TWO)
    (store / "5ed36f99.0").symlink_to("one.pem")
    (store / "README").write_text("not a certificate")
    content = Path(bundles.path(str(store))).read_bytes()
    assert [content.count(each) for each in (b"MQ==", b"Mg==", b"MA==", b"README")] == [1, 1, 1, 0]


def test_a_store_that_cannot_be_read_is_told() -> None:
    with pytest.raises(UsageError, match="No such file") as told:
        ca_bundle.read("/no/such.pem")
    assert "SSL_CERT_FILE" in str(told.value.hint)
