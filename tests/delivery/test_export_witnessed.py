"""An export is shown to the witnesses before it is handed over: what it shows is witnessed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

import witnessing
from apitrail.delivery import export
from apitrail.evidence import bundle
from apitrail.evidence.verify import Trust, Verdict
from apitrail.tlog.policy import Policy
from apitrail.trail.keys import Keys
from evidence.bundle import evidence
from proxying import recording


@pytest.fixture
def trail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    (tmp_path / "config").mkdir()
    record(tmp_path / "trail", lambda _: None)
    return tmp_path / "trail"


def record[T](trail: Path, work: Callable[[Path], T]) -> T:
    """Do something while a recorder runs on the trail."""

    async def main() -> T:
        async with recording(trail):
            return await asyncio.to_thread(work, trail)

    return asyncio.run(main())


def judged(trail: Path, policy: bytes) -> Verdict:
    """The verdict on a complete bundle, under a policy."""
    path = trail.parent / "bundle.zip"
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail, complete=True)))
    trust = Trust((Keys.of(trail).signer().verifier,), "--key", policy=Policy.parse(policy))
    return bundle.verify_file(path, trust, step=lambda _: None).verdict


def test_with_a_recorder_and_without(trail: Path, tmp_path: Path) -> None:
    vkey = str(Keys.of(trail).signer().verifier)
    with witnessing.witness(tmp_path / "witness", vkey) as (ours, url):
        policy = f"witness w {ours.vkeys[0]} {url}\nquorum w\n".encode()
        (tmp_path / "config" / "witnesses").write_bytes(policy)
        (tmp_path / "config" / "config.toml").write_text('[anchors]\npolicy = "witnesses"\n')
        assert export.date(trail).endswith("as no recorder is running")
        assert judged(trail, policy) is Verdict.OK
        assert "by the recorder's heartbeat" in record(trail, export.date)
        assert judged(trail, policy) is Verdict.OK
    said = export.date(trail)  # the witness is gone
    assert "; anchor w: " in said
    assert judged(trail, policy) is Verdict.UNWITNESSED


def test_without_anchors_it_is_dated_as_ever(trail: Path) -> None:
    assert export.date(trail).endswith(", as no recorder is running")
