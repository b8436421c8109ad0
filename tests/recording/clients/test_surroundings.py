"""What is preset, sorted into what a recorder does about it."""

from __future__ import annotations

from pathlib import Path

from apitrail.recording.clients.endpoints import Preset
from apitrail.recording.clients.surroundings import Surroundings

STORE = "https://s3.store.example/base"


def around(home: Path, **preset: str) -> Surroundings:
    return Surroundings.of({"HOME": str(home), **preset})


def test_each_endpoint_has_one_way_to_the_recorder(tmp_path: Path) -> None:
    found = around(
        tmp_path, AWS_ENDPOINT_URL="http://localhost:4566", AWS_ENDPOINT_URL_S3=STORE,
        AWS_ENDPOINT_URL_STS="https://sts.eu-west-1.amazonaws.com",
    )  # fmt: skip
    assert found.fronted() == [Preset("AWS_ENDPOINT_URL", "http://localhost:4566")]
    assert found.intercepted() == [STORE]
    assert len(found.fronted(proxy=False)) == 3


def test_what_may_take_calls_past_is_told(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile p]\nendpoint_url = http://x\n")
    (tmp_path / ".aws" / "credentials").write_text("[a]\n[a]\n")
    profile, unreadable = around(tmp_path).warnings()
    assert "with --profile p calls go past us" in profile
    assert str(tmp_path / ".aws" / "credentials") in unreadable
