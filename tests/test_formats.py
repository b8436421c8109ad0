"""What any release has written stays readable, verifiable and writable, whatever comes after.

Each archive of `tests/vectors/` was made by its release and is never made anew: a trail with throw-away
keys, bundles, a tree of CloudTrail files, and what was printed about them then. `v1` is of the first
apitrail of format 1. `v2` has what came later: compressed facets, search tables of version 3, anchors,
a guard's refusal, an insight, and evidence as a page.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

import old_trails
import trails
from apitrail.delivery import export
from apitrail.delivery.logfiles import tree_check
from apitrail.errors import UsageError
from apitrail.evidence import bundle
from apitrail.evidence.verify import Report, Trust, Verdict, trail_check
from apitrail.evidence.witness import policy_file, timestamp
from apitrail.query import Filter
from apitrail.reading import event_list
from apitrail.tlog import note
from apitrail.trail import statements
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Close
from apitrail.trail.writer import Trail


@pytest.fixture(params=["v1", "v2"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder that a release has left."""
    return old_trails.unpack(tmp_path, request.param)


@pytest.fixture
def v2(tmp_path: Path) -> Path:
    return old_trails.unpack(tmp_path, "v2")


def trust(old: Path) -> Trust:
    return Trust((note.Verifier.parse((old / "vkey").read_text().strip()),), "--key")


def newest(old: Path) -> int:
    with Reader(old / "trail") as reader:
        link = reader.entry(reader.size - 1)
        assert link is not None
        return link.time


def verify(old: Path) -> Report:
    return trail_check.check(old / "trail", trust(old), now=newest(old) + 1_000, processes=1)


def go_on(old: Path) -> None:
    """Append a call and a stop, as a recorder of today does."""
    now = newest(old) + 60_000

    async def main() -> None:
        signer = Keys.of(old / "trail").signer()
        async with await Trail.open(old / "trail", signer=signer, clock=trails.Clock(now)) as trail:
            await trail.append(trails.opening())
            await trail.append(trails.draft(9_000, user="tomorrow"))
            await trail.append(statements.draft(Close(reason="SIGTERM", calls=1)))

    asyncio.run(main())


def test_the_trail_verifies_as_it_did(old):
    report = verify(old)
    assert (report.verdict, str(report).split(";")[0]) == (
        Verdict.OK,
        (old / "verify.txt").read_text().strip().split(";")[0],
    )


def test_its_events_are_listed_as_they_were(old):
    with Reader(old / "trail") as reader:
        lines = list(event_list.present(reader, reader.select(Filter()), output="jsonl"))
    assert [json.loads(line) for line in lines] == [
        json.loads(line) for line in (old / "events.jsonl").read_text().splitlines()
    ]


def test_it_goes_on_and_verifies_again(old):
    before = verify(old)
    go_on(old)
    report = verify(old)
    assert report.verdict is Verdict.OK, report
    assert (report.entries, report.calls) == (before.entries + 3, before.calls + 1)
    with Reader(old / "trail") as reader:
        assert list(reader.select(Filter(username=("tomorrow",)))) == [before.entries + 1]


def test_what_it_holds_is_exported_and_proved(old, tmp_path):
    go_on(old)
    path = tmp_path / "today.zip"
    with Reader(old / "trail") as reader:
        vkey = (old / "vkey").read_text().strip()
        job = export.Job(where=Filter(), complete=True, vkey=vkey)
        export.to_file(reader, job, form="bundle", path=path)
    report = bundle.verify_file(path, trust(old), step=lambda _: None)
    assert report.verdict is Verdict.OK, report


def test_its_bundles_verify(old):
    for path in [*old.glob("*.zip"), *old.glob("*.html")]:
        report = bundle.verify_file(path, trust(old), step=lambda _: None)
        assert report.verdict is Verdict.OK, report


def test_its_tree_of_log_files_verifies(old):
    report = tree_check.verify_tree(old / "tree", trust(old))
    assert report.verdict is Verdict.OK, report


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read_is_refused(old, mode):
    (old / "trail" / "keys" / "log.key").chmod(mode)
    with pytest.raises(UsageError, match="can be read by others"):
        go_on(old)


def judged(v2: Path) -> Trust:
    """Trust by the archive's policy and by its authority for timestamps."""
    roots = timestamp.roots((v2 / "tsa.pem").read_bytes())
    return replace(
        trust(v2),
        policy=policy_file.read(v2 / "policy"),
        stamped=lambda token, text: timestamp.time_of(token, text, roots),
    )


def test_what_others_have_seen_still_holds(v2):
    report = trail_check.check(v2 / "trail", judged(v2), now=newest(v2) + 1_000, processes=1)
    assert report.verdict is Verdict.OK, report
    assert "unless the witness w lies" in str(report)
    assert "existed at 2026-11-27T07:41:" in str(report)


def test_its_insights_are_those_of_detectors_that_are_no_more(v2):
    [line] = (v2 / "insights.jsonl").read_text().splitlines()
    assert json.loads(line)["kind"] == "drift"
    assert "1 insight of other detectors" in str(verify(v2))


def test_its_refusal_is_listed(v2):
    with Reader(v2 / "trail") as reader:
        where = Filter(event_name=("CreateUser",))
        lines = list(event_list.present(reader, reader.select(where), output="jsonl"))
    assert any("read-only" in json.loads(line).get("errorMessage", "") for line in lines)
