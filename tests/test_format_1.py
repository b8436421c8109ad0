"""What format 1 has written stays readable, verifiable and writable, whatever comes after.

`tests/vectors/v1.tar.gz` was made by the first apitrail of format 1 and is never made anew: a trail
with throw-away keys, two bundles, a tree of CloudTrail files, and what was printed about them then.
"""

from __future__ import annotations

import asyncio
import json
import tarfile
from pathlib import Path

import pytest

import trails
from apitrail.delivery import export
from apitrail.delivery.logfiles import tree_check
from apitrail.errors import UsageError
from apitrail.evidence import bundle
from apitrail.evidence.verify import Report, Trust, Verdict, trail_check
from apitrail.query import Filter
from apitrail.reading import event_list
from apitrail.tlog import note
from apitrail.trail import statements
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Close
from apitrail.trail.writer import Trail

ARCHIVE = Path(__file__).with_name("vectors") / "v1.tar.gz"


@pytest.fixture
def v1(tmp_path: Path) -> Path:
    """The archive unpacked, modes and all: git would have dropped the keys' mode 0600."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="tar")
    return tmp_path / "v1"


def trust(v1: Path) -> Trust:
    return Trust((note.Verifier.parse((v1 / "vkey").read_text().strip()),), "--key")


def newest(v1: Path) -> int:
    with Reader(v1 / "trail") as reader:
        link = reader.entry(reader.size - 1)
        assert link is not None
        return link.time


def verify(v1: Path) -> Report:
    return trail_check.check(v1 / "trail", trust(v1), now=newest(v1) + 1_000, processes=1)


def go_on(v1: Path) -> None:
    """Append a call and a stop, as a recorder of today does."""
    now = newest(v1) + 60_000

    async def main() -> None:
        signer = Keys.of(v1 / "trail").signer()
        async with await Trail.open(v1 / "trail", signer=signer, clock=trails.Clock(now)) as trail:
            await trail.append(trails.opening())
            await trail.append(trails.draft(9_000, user="tomorrow"))
            await trail.append(statements.draft(Close(reason="SIGTERM", calls=1)))

    asyncio.run(main())


def test_the_trail_verifies_as_it_did(v1):
    report = verify(v1)
    assert (report.verdict, str(report).split(";")[0]) == (
        Verdict.OK,
        (v1 / "verify.txt").read_text().strip().split(";")[0],
    )


def test_its_events_are_listed_as_they_were(v1):
    with Reader(v1 / "trail") as reader:
        lines = list(event_list.present(reader, reader.select(Filter()), output="jsonl"))
    assert [json.loads(line) for line in lines] == [
        json.loads(line) for line in (v1 / "events.jsonl").read_text().splitlines()
    ]


def test_it_goes_on_and_verifies_again(v1):
    before = verify(v1)
    go_on(v1)
    report = verify(v1)
    assert report.verdict is Verdict.OK, report
    assert (report.entries, report.calls) == (before.entries + 3, before.calls + 1)
    with Reader(v1 / "trail") as reader:
        assert list(reader.select(Filter(username=("tomorrow",)))) == [before.entries + 1]


def test_what_it_holds_is_exported_and_proved(v1, tmp_path):
    go_on(v1)
    path = tmp_path / "today.zip"
    with Reader(v1 / "trail") as reader:
        vkey = (v1 / "vkey").read_text().strip()
        job = export.Job(where=Filter(), complete=True, vkey=vkey)
        export.to_file(reader, job, form="bundle", path=path)
    report = bundle.verify_file(path, trust(v1), step=lambda _: None)
    assert report.verdict is Verdict.OK, report


@pytest.mark.parametrize("name", ["mary.zip", "complete.zip"])
def test_its_bundles_verify(v1, name):
    report = bundle.verify_file(v1 / name, trust(v1), step=lambda _: None)
    assert report.verdict is Verdict.OK, report


def test_its_tree_of_log_files_verifies(v1):
    report = tree_check.verify_tree(v1 / "tree", trust(v1))
    assert report.verdict is Verdict.OK, report


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read_is_refused(v1, mode):
    (v1 / "trail" / "keys" / "log.key").chmod(mode)
    with pytest.raises(UsageError, match="can be read by others"):
        go_on(v1)
