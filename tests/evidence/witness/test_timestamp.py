"""Timestamps by OpenSSL's authority: asked for, held, and refused."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import stamping
from apitrail.errors import FormatError
from apitrail.evidence.witness import timestamp
from apitrail.evidence.witness.asking import AskingError
from apitrail.evidence.witness.submission import RefusedError

pytestmark = pytest.mark.skipif(stamping.OPENSSL is None, reason="needs the openssl command")

TEXT = "example.com/log\n7\n" + "A" * 43 + "=\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> stamping.Authority:
    return stamping.Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def url(authority: stamping.Authority) -> Iterator[str]:
    with stamping.serving(authority) as found:
        yield found
    authority.broken = None


@pytest.fixture
def roots(authority: stamping.Authority) -> timestamp.Roots:
    return timestamp.roots(authority.roots.read_bytes())


def test_a_checkpoint_is_stamped_and_openssl_agrees(
    authority: stamping.Authority, url: str, roots: timestamp.Roots, tmp_path: Path
) -> None:
    token = timestamp.ask(url, TEXT, seconds=30)
    assert timestamp.time_of(token, TEXT, roots) is not None
    (tmp_path / "text").write_text(TEXT)
    (tmp_path / "token").write_bytes(token)
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "text", "-in", "token", "-CAfile", str(authority.roots)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "Verification: OK" in done.stdout + done.stderr


def test_a_token_is_of_its_text_and_of_an_authority_that_is_trusted(
    url: str, roots: timestamp.Roots, tmp_path: Path
) -> None:
    token = timestamp.ask(url, TEXT, seconds=30)
    assert timestamp.time_of(token, TEXT.replace("7", "8"), roots) is None
    others = timestamp.roots(stamping.Authority(tmp_path / "other").roots.read_bytes())
    assert timestamp.time_of(token, TEXT, others) is None
    for at in range(30, len(token), 97):
        broken = token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :]
        assert timestamp.time_of(broken, TEXT, roots) in (
            None,
            timestamp.time_of(token, TEXT, roots),
        )


@pytest.mark.parametrize(
    "data", [b"", b"junk", b"\x30\x03\x02\x01\x02", b"\x30\x05\x30\x03\x02\x01\x02"]
)
def test_an_answer_that_is_none_is_refused(
    authority: stamping.Authority, url: str, roots: timestamp.Roots, data: bytes
) -> None:
    authority.broken = data
    with pytest.raises(RefusedError, match="no timestamp"):
        timestamp.ask(url, TEXT, seconds=30)
    assert timestamp.time_of(data, TEXT, roots) is None


def test_another_s_stamp_is_refused(authority: stamping.Authority, url: str) -> None:
    authority.broken = timestamp.ask(url, TEXT.replace("7", "8"), seconds=30)
    with pytest.raises(RefusedError, match="has stamped something else"):
        timestamp.ask(url, TEXT, seconds=30)


def test_a_status_that_is_no_success_is_refused(url: str) -> None:
    with pytest.raises(RefusedError, match="answers 404"):
        timestamp.ask(f"{url}x", TEXT, seconds=30)
    with pytest.raises(AskingError):
        timestamp.ask("http://127.0.0.1:1/", TEXT, seconds=5)


def test_roots_are_pem() -> None:
    with pytest.raises(FormatError, match="no certificates"):
        timestamp.roots(b"junk")
