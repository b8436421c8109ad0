"""What an honest bundle says; keys, time, and each byte of the evidence."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from apitrail.delivery import export
from apitrail.evidence.bundle import layout
from evidence.bundle import evidence, judges
from evidence.bundle.edits import (
    TOUCHED,
    Case,
    Judge,
)
from evidence.bundle.evidence import MINUTE, SG, Story, changed, files, zipped
from evidence.bundle.judges import Standalone


def test_an_honest_bundle_holds(case: Case, judge: Judge) -> None:
    verdict, message = judge(case.plain)
    assert (verdict, message) == ("OK", "2 calls shown, each in a log of 34 entries")


def test_an_honest_range_holds_and_says_there_are_no_others(case: Case, judge: Judge) -> None:
    verdict, message = judge(case.complete)
    assert verdict == "OK"
    assert message.startswith("1 call in entries ")
    assert message.endswith(", and none but these")


def test_without_a_key_nothing_is_trusted_and_it_says_where_keys_come_from(
    case: Case, tmp_path: Path
) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(case.plain)
    assert str(judges.by_package(path).verdict) == "UNTRUSTED-KEY"
    (tmp_path / "verify.py").write_bytes(export.bundle_writer.program())

    done = subprocess.run(
        [judges.PYTHON, "-I", "verify.py", path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.split(":")[0]) == (1, "UNTRUSTED-KEY")
    assert "must come from elsewhere" in done.stderr


def test_a_bundle_of_another_log_is_not_trusted(case: Case, judge: Judge, tmp_path: Path) -> None:
    evidence.morning().write(tmp_path / "other")
    other = evidence.bundle_of(tmp_path / "other", evidence.job(tmp_path / "other", TOUCHED))
    assert judge(other)[0] == "UNTRUSTED-KEY"


def test_entries_of_another_log_under_this_checkpoint(
    case: Case, judge: Judge, tmp_path: Path
) -> None:
    evidence.morning().write(tmp_path / "other")
    other = files(evidence.bundle_of(tmp_path / "other", evidence.job(tmp_path / "other", TOUCHED)))

    def graft(content: dict[str, bytes]) -> None:
        for name in other:
            if name.startswith(f"events/{case.first}/") and not name.endswith(".tlog-proof"):
                content[name] = other[name]

    assert judge(changed(case.plain, graft)) == (
        "TAMPERED",
        f"entry {case.first}: its proof fails: leaf {case.first} is not what the tree of 34 holds there",
    )


@pytest.mark.parametrize("name", ["plain", "complete"])
def test_no_byte_of_evidence_can_be_changed(
    name: str, case: Case, standalone: Standalone, tmp_path: Path
) -> None:
    """One bit of any file that is evidence, at seeded places; information and claims aside."""
    content = files(getattr(case, name))
    told = {layout.README, layout.VERIFY, layout.VKEY, layout.MANIFEST, layout.KEYS}
    dice = random.Random(4)
    path = tmp_path / "bundle.zip"
    for file in sorted(set(content) - told):
        at = dice.randrange(len(content[file]))
        data = bytearray(content[file])
        data[at] ^= 1 << dice.randrange(8)
        path.write_bytes(zipped(content | {file: bytes(data)}))
        report = judges.by_package(path, case.signer.verifier)
        status, said = standalone(path, case.signer.verifier)
        assert (report.holds, status) == (False, 1), (file, at)
        assert judges.verdict(said) == str(report.verdict), (file, at, said, report.message)


def test_an_unpacked_bundle_is_checked_like_the_zip(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    for file, data in files(case.complete).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
    report = judges.by_package(folder, case.signer.verifier)
    status, said = judges.by_itself(folder, case.signer.verifier, cwd=folder)
    assert (status, said.splitlines()) == (0, str(report).splitlines())


def stopped(story: Story) -> Story:
    return story.wait(5 * MINUTE).beat(recording=False)


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (stopped, "STALE"),
        (lambda story: stopped(stopped(story)), "STALE"),
        (lambda story: stopped(story.close()), "OK"),
        (lambda story: story.beat(recording=False), "OK"),
        (lambda story: story.wait(5 * MINUTE).beat(), "OK"),
    ],
    ids=["fell silent", "fell silent, exported twice", "closed", "just now", "alive"],
)
def test_staleness_is_measured_against_the_signed_time_of_export(
    ending: Callable[[Story], Story], expected: str, tmp_path: Path
) -> None:
    trail, path = tmp_path / "trail", tmp_path / "bundle.zip"
    signer = ending(Story().open().wait(1000).call(resources=(SG,)).wait(1000)).write(trail)
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail, TOUCHED)))
    assert str(judges.by_package(path, signer.verifier).verdict) == expected
    assert judges.verdict(judges.by_itself(path, signer.verifier, cwd=tmp_path)[1]) == expected
