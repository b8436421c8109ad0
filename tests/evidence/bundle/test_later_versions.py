"""What a later version adds is compared as bytes and named, and never called malformed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from apitrail.evidence.verify import Trust, trail_check
from apitrail.query import Filter
from apitrail.tlog.note import Signer
from apitrail.trail.rows import Draft
from evidence.bundle import evidence, judges
from evidence.bundle.edits import Case, Judge, document, put
from evidence.bundle.evidence import MINUTE, NOON, SECOND, SG, Story, changed
from evidence.bundle.judges import Standalone


def later(trail: Path) -> Signer:
    """A log with two entries of a kind from the future, whose content is no JSON."""
    story = Story().open().wait(SECOND).call("StopInstances", resources=(SG,))
    for _ in range(2):
        story.drafts.append((story.wait(SECOND).at, Draft(kind="tape", facets={"what": b"\xff"})))
    return story.beat().wait(MINUTE).beat().write(trail)


def test_a_trail_with_an_unknown_kind_holds_and_names_it(tmp_path: Path) -> None:
    signer = later(tmp_path / "trail")
    report = trail_check.check(
        tmp_path / "trail", Trust((signer.verifier,), "--key"), now=NOON + 2 * MINUTE
    )
    assert report.holds, report.message
    assert "2 entries with a kind or facet this apitrail does not know" in report.message


@pytest.mark.parametrize("complete", [False, True], ids=["plain", "complete"])
def test_a_bundle_with_an_unknown_kind_holds_and_names_it(
    complete: bool, tmp_path: Path, standalone: Standalone
) -> None:
    signer = later(tmp_path / "trail")
    where = Filter(resource_name=(SG,), since=NOON, until=NOON + MINUTE) if complete else Filter(
        resource_name=(SG,)
    )  # fmt: skip
    job = evidence.job(tmp_path / "trail", where, complete=complete)
    path = tmp_path / "bundle.zip"
    path.write_bytes(evidence.bundle_of(tmp_path / "trail", job))
    report = judges.by_package(path, signer.verifier)
    assert report.holds, report.message
    assert standalone(path, signer.verifier)[1].splitlines() == str(report).splitlines()
    if complete:
        assert report.unknown == {"kind 'tape'": 2}
        assert "not looked into" in report.message


def test_an_unknown_kind_ends_no_range_and_is_no_sign_of_life(tmp_path: Path) -> None:
    story = Story().open().wait(SECOND).call(resources=(SG,)).wait(10 * MINUTE)
    story.drafts.append((story.at, Draft(kind="tape", facets={})))
    signer = story.write(tmp_path / "trail")
    path = tmp_path / "bundle.zip"
    job = evidence.job(tmp_path / "trail", Filter(resource_name=(SG,)))
    path.write_bytes(evidence.bundle_of(tmp_path / "trail", job))
    assert str(judges.by_package(path, signer.verifier).verdict) == "STALE"
    assert judges.by_itself(path, signer.verifier, cwd=tmp_path)[1].startswith("STALE")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda m: m | {"witnesses": [1, {"a": []}]}, "manifest.json: witnesses"),
        (lambda m: m | {"range": m["range"] | {"step": 1}}, "manifest.json: range.step"),
        (lambda m: m | {"filter": m["filter"] | {"colour": ["x"]}}, "manifest.json: filter.colour"),
    ],
    ids=["a member", "of the range", "of the question"],
)  # fmt: skip
def test_unknown_members_of_the_manifest_are_named(
    change: Any, named: str, case: Case, judge: Judge, standalone: Standalone, tmp_path: Path
) -> None:
    edit = document("manifest.json", change)
    data = changed(case.complete, lambda content: edit(content, case))
    verdict, message = judge(data)
    assert verdict == "OK"
    assert "1 thing of a later version not looked into" in message
    path = tmp_path / "bundle.zip"
    report = judges.by_package(path, case.signer.verifier)
    assert report.unknown == {named: 1}
    assert ("others not ruled out" in report.message) is ("filter" in named)


def test_a_question_that_is_not_understood_rules_nothing_out(
    case: Case, standalone: Standalone, tmp_path: Path
) -> None:
    def narrow(content: dict[str, bytes]) -> None:
        said = json.loads(content["manifest.json"])
        said["filter"]["colour"], said["selected"] = ["alice"], []
        content["manifest.json"] = json.dumps(said).encode()

    path = tmp_path / "bundle.zip"
    path.write_bytes(changed(case.complete, narrow))
    report = judges.by_package(path, case.signer.verifier)
    assert report.message.startswith("0 calls in entries")
    assert "others not ruled out" in report.message
    assert any("undetermined" in line for line in report.statement)
    assert standalone(path, case.signer.verifier)[1].splitlines() == str(report).splitlines()


def test_an_unknown_file_is_held_against_its_hash(case: Case, judge: Judge) -> None:
    def add(content: dict[str, bytes], digest: str | None) -> None:
        content["witness/1"] = b"signed"
        said = json.loads(content["manifest.json"])
        said |= {"files": {"witness/1": digest}} if digest else {}
        content["manifest.json"] = json.dumps(said).encode()

    good = hashlib.sha256(b"signed").hexdigest()
    assert judge(changed(case.plain, lambda c: add(c, good)))[0] == "OK"
    assert judge(changed(case.plain, lambda c: add(c, good[::-1])))[0] == "TAMPERED"
    assert judge(changed(case.plain, lambda c: add(c, None)))[0] == "TAMPERED"


def test_the_page_for_people_is_the_one_that_the_manifest_names(case: Case, judge: Judge) -> None:
    def edit(content: dict[str, bytes], page: bytes | None, *, listed: bool = True) -> None:
        said = json.loads(content["manifest.json"])
        assert hashlib.sha256(content["report.html"]).hexdigest() == said["files"]["report.html"]
        if page is None:
            del content["report.html"]
        else:
            content["report.html"] = page
        if not listed:
            del said["files"]
        content["manifest.json"] = json.dumps(said).encode()

    def judged(page: bytes | None, **options: bool) -> tuple[str, str]:
        return judge(changed(case.plain, lambda content: edit(content, page, **options)))

    assert judged(b"another") == ("TAMPERED", "report.html is not what manifest.json says")
    assert judged(None)[0] == "OK"
    assert judged(None, listed=False)[0] == "OK"
    # Without a hash it is like README.txt: for reading, by whoever made the zip.
    assert judged(b"another", listed=False)[0] == "OK"


def test_the_page_for_people_is_said_to_prove_nothing(
    case: Case, tmp_path: Path, standalone: Standalone
) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(case.plain)
    report = judges.by_package(path, case.signer.verifier)
    assert report.statement[-1].split() == [
        "report",
        "report.html",
        "is",
        "for",
        "reading:",
        "it",
        "was",
        "not",
        "compared",
        "with",
        "the",
        "entries,",
        "and",
        "proves",
        "nothing",
    ]
    assert report.unknown == {}
    assert standalone(path, case.signer.verifier)[1].splitlines() == str(report).splitlines()


@pytest.mark.parametrize("name", ["range/opened/0.jsonl", "range/first.tlog-proof"])
def test_what_belongs_to_a_range_is_not_in_a_bundle_without_one(
    name: str, case: Case, judge: Judge
) -> None:
    edit = put(name, b"")
    verdict, message = judge(changed(case.plain, lambda content: edit(content, case)))
    assert (verdict, message) == ("TAMPERED", f"{name} belongs to no range")
