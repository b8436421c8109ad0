"""Timestamps in a trail and in a bundle, from the recorder's anchors to the verdict."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import stamping
import trails
from apitrail.__main__ import run
from apitrail.evidence import bundle
from apitrail.evidence.verify import Report, Trust, Verdict
from apitrail.evidence.witness import timestamp
from apitrail.recording.anchor_settings import Anchors
from apitrail.recording.anchorer import Anchorer
from apitrail.tlog.note import Note
from apitrail.trail.keys import Keys
from apitrail.trail.writer import Trail
from evidence.bundle import evidence, judges
from evidence.bundle.evidence import files
from evidence.bundle.judges import Standalone

pytestmark = pytest.mark.skipif(stamping.OPENSSL is None, reason="needs the openssl command")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> stamping.Authority:
    return stamping.Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def url(authority: stamping.Authority) -> Iterator[str]:
    with stamping.serving(authority) as found:
        yield found


def anchored(trail: Path, url: str) -> list[str]:
    """Have the newest head of a trail stamped, as a recorder does; what was said."""
    said: list[str] = []

    async def work() -> None:
        signer = Keys.of(trail).signer()
        async with await Trail.open(trail, signer=signer, clock=evidence.Clock()) as opened:
            anchors = Anchors(timestamps=(url,))
            beside = Anchorer(opened, anchors, time.monotonic, lambda text, _="": said.append(text))
            await beside.last()
            assert (beside._anchored == opened.size) is (not said)

    asyncio.run(work())
    return said


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory, url: str) -> Path:
    """A morning that was stamped, and an entry after it, as an export leaves it."""
    found = tmp_path_factory.mktemp("stamped") / "trail"
    evidence.morning().write(found)
    assert anchored(found, url) == []

    async def more() -> None:
        clock = evidence.Clock(evidence.NOON + 11 * evidence.MINUTE)
        async with await Trail.open(found, signer=Keys.of(found).signer(), clock=clock) as opened:
            await opened.append(evidence.Story().beat().drafts[0][1])

    asyncio.run(more())
    return found


@pytest.fixture
def trust(trail: Path, authority: stamping.Authority) -> Trust:
    roots = timestamp.roots(authority.roots.read_bytes())
    verifier = Keys.of(trail).signer().verifier
    return Trust(
        (verifier,), "--key", stamped=lambda token, text: timestamp.time_of(token, text, roots)
    )


def check(trail: Path, trust: Trust) -> Report:
    return trails.check(trail, trust, now=evidence.NOON + 11 * evidence.MINUTE)


def test_a_trail_says_when_it_existed(trail: Path, trust: Trust, url: str) -> None:
    report = check(trail, trust)
    assert report.verdict is Verdict.OK
    said = report.to_json()["timestamped"]
    assert said["authority"] == url
    assert f"; the first {said['size']} entries existed at {said['time']}, says {url}" in str(
        report
    )


def test_by_authorities_that_are_not_trusted_it_is_unwitnessed(trail: Path, trust: Trust) -> None:
    report = check(trail, replace(trust, stamped=lambda _token, _text: None))
    assert report.verdict is Verdict.UNWITNESSED
    assert "no timestamp of this log holds" in str(report)


def test_an_authority_that_fails_is_told(tmp_path: Path) -> None:
    evidence.morning().write(tmp_path / "trail")
    said = anchored(tmp_path / "trail", "http://127.0.0.1:1/tsr")
    assert said[0].startswith("anchor http://127.0.0.1:1/tsr: http://127.0.0.1:1/ did not answer")


def test_the_command_takes_certificates(
    trail: Path, authority: stamping.Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = str(Keys.of(trail).signer().verifier)
    path = tmp_path / "b.zip"
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail)))
    assert run(["verify", str(path), "--key", key, "--tsa", str(authority.roots)]) == 0
    assert "existed at" in capsys.readouterr().out
    other = stamping.Authority(tmp_path / "other").roots
    assert run(["verify", str(path), "--key", key, "--tsa", str(other)]) == 1
    assert capsys.readouterr().out.startswith("UNWITNESSED: no timestamp")
    assert run(["verify", str(path), "--key", key, "--tsa", str(tmp_path / "none")]) == 2
    assert run(["verify", str(path), "--key", key, "--tsa", str(path)]) == 2


def test_a_bundle_carries_it_and_the_other_verifiers_let_it_be(
    trail: Path, trust: Trust, standalone: Standalone, tmp_path: Path, authority: stamping.Authority
) -> None:
    data = evidence.bundle_of(trail, evidence.job(trail))
    [name] = [name for name in files(data) if name.startswith("timestamps/")]
    path = tmp_path / "b.zip"
    path.write_bytes(data)
    verifier = Keys.of(trail).signer().verifier
    assert judges.agreed(path, standalone, verifier).verdict is Verdict.OK
    # With openssl alone, as docs/anchors.md says.
    size = name.split("/")[1]
    (tmp_path / "token").write_bytes(files(data)[name])
    (tmp_path / "text").write_text(Note.parse(files(data)[f"checkpoints/{size}"]).text)
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "text", "-in", "token", "-CAfile", str(authority.roots)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "Verification: OK" in done.stdout + done.stderr

    def moved(content: dict[str, bytes]) -> None:
        content["timestamps/3/0.tsr"] = content.pop(name)

    path.write_bytes(evidence.changed(data, moved))
    assert judges.agreed(path, standalone, verifier).verdict is Verdict.TAMPERED
    ranged = evidence.bundle_of(trail, evidence.job(trail, complete=True))
    path.write_bytes(ranged)
    report = bundle.verify_file(path, trust, step=lambda _: None)
    assert report.verdict is Verdict.UNWITNESSED
    assert "the timestamp is of the entries before" in report.message
