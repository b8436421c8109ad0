"""What the checks of a tree and of a bucket have in common."""

from __future__ import annotations

import json

import pytest

import trails
from apitrail.delivery.logfiles.check import Check
from apitrail.delivery.logfiles.place import Place
from apitrail.delivery.logfiles.tree_manifest import Copy, LogFile, Manifest
from apitrail.evidence.verify.key_history import History
from apitrail.evidence.verify.report import Finding, Trust, Verdict
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from trails import SIGNER

HISTORY = History(trails.ORIGIN, (SIGNER.verifier,))
SHORT = "{} {} {}"


def head(size: int, root: int = 0) -> Checkpoint:
    return Checkpoint(trails.ORIGIN, size, bytes([root]) * 32)


def signed(of: Checkpoint) -> str:
    return note.sign(str(of), SIGNER)


def check(*seen: Checkpoint) -> Check:
    trust = Trust((SIGNER.verifier,), "known_logs", tuple(map(signed, seen)))
    return Check(trust, lambda _: None)


def manifest(**fields) -> Manifest:
    place = Place("123456789012", "eu-central-1")
    log = LogFile(
        key="l", sha256="", hash="", place=place, oldest=1, newest=2, indexes=(1, 2), erased=(2,),
        copy=Copy("v", "2030-01-01T00:00:00Z"),
    )  # fmt: skip
    return Manifest(
        origin=trails.ORIGIN, bucket="b", prefix="", every=1, logs=(log,),
        **{"entries": 8, "checkpoint": signed(head(8))} | fields,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"entries": 9}, "is not of the log that has signed it"),
        ({"checkpoint": signed(head(7))}, "is signed at another checkpoint"),
        ({"checkpoint": signed(head(8, root=1))}, "is signed at another checkpoint"),
        ({"checkpoint": "junk"}, "the checkpoint in it"),
    ],
)
def test_a_manifest_is_of_the_head_it_is_signed_at(fields, message):
    said = manifest(**fields)
    with pytest.raises(Finding, match=message):
        check().check_head(said, said.dump(), head(8), HISTORY, "it")


def test_every_member_of_ours_is_known():
    said, checking = manifest(), check()
    checking.check_head(said, said.dump(), head(8), HISTORY, "it")
    assert not checking.unknown
    assert "does not know" not in checking.outcome(lambda: None).message


def test_members_that_are_left_out_where_empty_are_known_when_they_are_not():
    said, checking = manifest(), check()
    data = json.loads(said.dump()) | {"shipped": None}
    checking.check_head(said, json.dumps(data).encode(), head(8), HISTORY, "it")
    assert not checking.unknown


def test_unknown_members_are_named_by_their_path_and_change_no_verdict():
    said, checking = manifest(), check()
    data = json.loads(said.dump())
    data["new"] = {"every": 1}
    data["logs"][0]["copy"]["region"] = "x"
    checking.check_head(said, json.dumps(data).encode(), head(8), HISTORY, "it")
    report = checking.outcome(lambda: None)
    assert report.verdict is Verdict.OK
    assert report.unknown == {"logs.copy.region": 1, "new": 1}
    assert report.message.startswith("2 members of manifests that this apitrail does not know")


def test_what_the_manifest_says_is_in_the_report():
    checking = check()
    checking.learn(manifest(), head(8), HISTORY)
    report = checking.report
    assert (report.entries, report.calls, report.erasures) == (8, 2, 1)
    assert (report.first, report.last) == (1000, 2000)


def test_another_root_at_a_size_is_a_fork():
    checking = check(head(8, root=1))
    checking.compare([head(8)], HISTORY, None, SHORT)
    assert [each.verdict for each in checking.found] == [Verdict.FORK]
    assert checking.outcome(lambda: None).verdict is Verdict.FORK


def test_an_older_copy_holds_where_it_was_seen_and_not_where_more_was_asked_for():
    checking = check(head(9), head(5))
    assert checking.compare([head(8)], HISTORY, None, SHORT) == 9
    assert not checking.found
    checking.compare([head(8)], HISTORY, signed(head(9)), SHORT)
    [found] = checking.found
    assert (found.verdict, str(found)) == (Verdict.TRUNCATED, "8 the checkpoint given 9")


def test_what_other_logs_were_seen_at_is_of_no_concern():
    stranger = note.Signer("example.com/other", bytes(32))
    text = note.sign(str(Checkpoint("example.com/other", 99, bytes(32))), stranger)
    checking = Check(Trust((SIGNER.verifier,), "known_logs", (text,)), lambda _: None)
    assert checking.compare([head(8)], HISTORY, None, SHORT) == 0
    assert not checking.found


def test_what_stops_the_steps_is_the_report():
    checking = check()

    def run() -> None:
        checking.blame(["odd"])
        raise Finding(Verdict.TRUNCATED, "short")

    report = checking.outcome(run)
    assert (str(report.verdict), report.message) == ("TRUNCATED", "short")
