"""Timestamps in a trail and in a bundle, from the recorder's anchors to the verdict."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import stamping
import trails
from apitrail.__main__ import run
from apitrail.evidence import bundle
from apitrail.evidence.bundle import BundleReport, layout
from apitrail.evidence.verify import Report, Trust, Verdict
from apitrail.evidence.verify.timestamp_token import Token
from apitrail.evidence.witness import timestamp
from apitrail.recording.anchor_settings import Anchors
from apitrail.recording.anchorer import Anchorer
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


@pytest.fixture(scope="module")
def handed(trail: Path) -> bytes:
    """A bundle of the morning, with its timestamp."""
    return evidence.bundle_of(trail, evidence.job(trail))


@pytest.fixture
def agreed(trail: Path, standalone: Standalone, tmp_path: Path) -> Callable[[bytes], BundleReport]:
    """What three verifiers say of a bundle, without anybody's certificates."""
    verifier = Keys.of(trail).signer().verifier

    def judged(data: bytes) -> BundleReport:
        path = tmp_path / "b.zip"
        path.write_bytes(data)
        return judges.agreed(path, standalone, verifier)

    return judged


def stamp_of(data: bytes) -> str:
    [name] = [name for name in files(data) if name.startswith("timestamps/")]
    return name


def test_without_certificates_each_verifier_tells_its_time_and_that_it_did_not_check_whose(
    handed: bytes, agreed: Callable[[bytes], BundleReport]
) -> None:
    name, lines = stamp_of(handed), agreed(handed).statement
    [at] = [at for at, line in enumerate(lines) if line.startswith("  stamped")]
    time = Token.parse(files(handed)[name]).time
    size = name.split("/")[1]
    assert lines[at].endswith(f"{name} says that the first {size} entries existed at {time}")
    assert "was not checked: README.txt says how, with openssl" in lines[at + 1]


def test_with_certificates_it_says_no_such_thing(
    handed: bytes, trust: Trust, tmp_path: Path
) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(handed)
    report = bundle.verify_file(path, trust, step=lambda _: None)
    assert report.verdict is Verdict.OK
    assert not [line for line in report.statement if "not checked" in line]


def test_with_openssl_alone_as_the_readme_says(
    handed: bytes, authority: stamping.Authority, tmp_path: Path
) -> None:
    for name, content in files(handed).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    size = stamp_of(handed).split("/")[1]
    step = (tmp_path / "README.txt").read_text().split("\n4. ", 1)[1].split("\n   verify.py", 1)[0]
    script = "\n".join(line[4:] for line in step.split("\n") if line.startswith("    "))
    script = script.replace("SIZE", size).replace("CA.pem", str(authority.roots))

    def said() -> str:
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout + done.stderr

    assert "Verification: OK" in said()
    assert "Time stamp: " in said()
    kept = tmp_path / "checkpoints" / size
    kept.write_text(kept.read_text().replace(f"\n{size}\n", f"\n{size}1\n"))
    assert "Verification: FAILED" in said()


def moved(content: dict[str, bytes], name: str) -> None:
    content["timestamps/3/0.tsr"] = content.pop(name)


def renamed(content: dict[str, bytes], name: str) -> None:
    """Of another checkpoint that is there, too."""
    size = max(at for at in layout.kept_sizes(frozenset(content)) if str(at) != name.split("/")[1])
    content[f"timestamps/{size}/0.tsr"] = content.pop(name)


def edited(change: Callable[[bytes], bytes]) -> Callable[[dict[str, bytes], str], None]:
    def edit(content: dict[str, bytes], name: str) -> None:
        content[name] = change(content[name])

    return edit


@pytest.mark.parametrize("change", [
    moved,
    renamed,
    edited(lambda data: b""),
    edited(lambda data: data[:-1]),
    edited(lambda data: data + b"\0"),
    edited(lambda data: b"\x30\x80" + data[4:]),
    edited(lambda data: data.replace(bytes.fromhex("608648016503040201"), bytes.fromhex("608648016503040202"))),
    edited(lambda data: data.replace(b"\x30\x03\x02\x01\x00", b"\x30\x03\x02\x01\x02", 1)),
    edited(lambda data: re.sub(rb"20[0-9]{12}Z", b"20xx0101000000Z", data, count=1)),
])  # fmt: skip
def test_a_token_that_is_not_of_its_checkpoint_is_refused_by_each(
    handed: bytes,
    agreed: Callable[[bytes], BundleReport],
    change: Callable[[dict[str, bytes], str], None],
) -> None:
    name = stamp_of(handed)
    report = agreed(evidence.changed(handed, lambda content: change(content, name)))
    assert report.verdict is Verdict.TAMPERED
    assert report.message.startswith("timestamps/")


def test_each_judges_flipped_bits_of_a_token_alike(
    handed: bytes, agreed: Callable[[bytes], BundleReport]
) -> None:
    """Beyond what it says, a token is its signature, which none of them looks at."""
    name = stamp_of(handed)
    found = {
        agreed(evidence.changed(handed, lambda content, at=at: content.__setitem__(
            name, flipped(content[name], at)
        ))).verdict
        for at in range(0, len(files(handed)[name]), 181)
    }  # fmt: skip
    assert found == {Verdict.OK, Verdict.TAMPERED}


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]


def test_what_is_no_token_in_a_trail_is_not_handed_over(tmp_path: Path, url: str) -> None:
    evidence.morning().write(tmp_path / "trail")
    assert anchored(tmp_path / "trail", url) == []
    assert stamp_of(evidence.bundle_of(tmp_path / "trail", evidence.job(tmp_path / "trail")))
    with trails.forge(tmp_path / "trail") as database:
        database.execute("UPDATE anchor SET data = x'3000'")
    data = evidence.bundle_of(tmp_path / "trail", evidence.job(tmp_path / "trail"))
    assert not [name for name in files(data) if name.startswith("timestamps/")]


def test_a_range_after_the_timestamp_is_unwitnessed(
    trail: Path, trust: Trust, tmp_path: Path
) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail, complete=True)))
    report = bundle.verify_file(path, trust, step=lambda _: None)
    assert report.verdict is Verdict.UNWITNESSED
    assert "the timestamp is of the entries before" in report.message
