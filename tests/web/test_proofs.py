"""`/proof/INDEX` of a trail and of a bundle."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette

import trails
import witnessing
from apitrail.tlog import merkle
from apitrail.tlog.proof import Proof
from apitrail.trail.keys import Keys
from apitrail.web import proofs
from apitrail.web.app import application
from apitrail.web.content import Served
from evidence.bundle import evidence


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    trail = trails.make(tmp_path_factory.mktemp("proofs") / "trail", 12)
    with witnessing.serving(application(Served(trail, trails.Clock()))) as found:
        yield found


def get(url: str, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


@pytest.mark.parametrize("index", [0, 3, 14])
def test_a_call_s_proof_is_there(url: str, index: int) -> None:
    status, text = get(url, f"/proof/{index}")
    assert status == 200
    found = Proof.parse(text)
    assert found.extra is not None
    found.check(merkle.leaf_hash(found.extra), [trails.SIGNER.verifier])
    assert found.index == index


@pytest.mark.parametrize(
    "path", ["999", "-1", "01", "x", "1e3", "9" * 5000, "%d9%a3", "9223372036854775808"]
)
def test_what_is_no_entry_is_not_there(url: str, path: str) -> None:
    status, text = get(url, f"/proof/{path}")
    assert (status, text.startswith("there is no entry")) == (404, True)


def test_a_bundle_has_those_of_the_entries_it_discloses(tmp_path: Path) -> None:
    evidence.morning().write(tmp_path / "trail")
    (tmp_path / "b.zip").write_bytes(
        evidence.bundle_of(tmp_path / "trail", evidence.job(tmp_path / "trail", complete=True))
    )
    verifier = Keys.of(tmp_path / "trail").signer().verifier
    app = Starlette(routes=proofs.routes(Served(tmp_path / "b.zip", trails.Clock())))
    with witnessing.serving(app) as url:
        status, text = get(url, "/proof/3")
        assert status == 200
        found = Proof.parse(text)
        assert found.extra is not None
        found.check(merkle.leaf_hash(found.extra), [verifier])
        assert get(url, "/proof/9999")[0] == 404
