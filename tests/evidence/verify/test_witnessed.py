"""The verifier's policy: who has seen a log, and what therefore cannot be rewritten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import trails
from apitrail.evidence.verify import Finding, Report, Verdict, witnessed
from apitrail.evidence.verify.witnessed import Sighting
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.cosignature import Cosigner, WitnessSigner
from apitrail.tlog.mldsa_cosignature import MldsaCosigner
from apitrail.tlog.note import Note
from apitrail.tlog.policy import Policy
from apitrail.trail.anchor import COSIGNATURE, Anchor
from apitrail.trail.audit import Audit
from apitrail.trail.writer import Trail
from trails import T0

A = Cosigner("a.example", b"a" * 32)
B = MldsaCosigner("b.example", b"b" * 32)
C = Cosigner("c.example", b"c" * 32)
KEYS: dict[str, WitnessSigner] = {"a": A, "b": B, "c": C}
NOW = T0 // 1000


def policy(quorum: str = "group g 2 a b c\nquorum g") -> Policy:
    lines = [f"witness {name} {key.verifier}" for name, key in KEYS.items()]
    return Policy.parse("\n".join([*lines, quorum, ""]).encode())


def cosigned(text: str, *names: str, time: int = NOW) -> list[note.Signature]:
    return [KEYS[name].cosign(text, time=time) for name in names]


type Rounds = dict[int, str]
"""After how many calls who cosigned: the letters of the witnesses."""


def make(directory: Path, rounds: Rounds, calls: int = 6, time: int = NOW) -> Path:
    """A trail whose heads were cosigned after some of its calls."""

    async def work(trail: Trail) -> None:
        for number in range(calls):
            await trail.append(trails.draft(number))
            assert trail.newest is not None
            text = Note.parse(trail.newest).text
            lines = cosigned(text, *rounds.get(number + 1, ""), time=time)
            found = [
                Anchor(trail.size, COSIGNATURE, f"{x.name}+{x.key_id.hex()}", str(x).encode())
                for x in lines
            ]
            await trail.anchor(trail.size, trail.newest, found)
        await trail.append(trails.book("close", reason="SIGTERM", calls=calls))

    trails.write(directory, work)
    return directory


def check(trail: Path, judging: Policy, now: int = T0 + 61_000, **trust: object) -> Report:
    return trails.check(trail, replace(trails.TRUST, policy=judging, **trust), now=now)


def test_the_window_is_told(tmp_path: Path) -> None:
    report = check(make(tmp_path, {6: "abc"}), policy())
    assert report.verdict is Verdict.OK
    assert "; nothing older than 61 s can be rewritten unless 2 of 3 witnesses lie; " in str(report)
    said = report.to_json()["witnessed"]
    assert (said["size"], said["quorum"], said["of"], said["windowSeconds"]) == (6, 2, 3, 61)
    assert (said["seen"], said["unseen"]) == (["a", "b", "c"], [])


def test_a_witness_that_has_not_seen_it_counts_as_lying(tmp_path: Path) -> None:
    report = check(make(tmp_path, {3: "abc", 6: "ac"}), policy())
    expected = "unless 2 of 3 witnesses lie (b has not seen it, and would count as lying)"
    assert expected in str(report)


def test_who_has_seen_more_has_seen_what_was_before(tmp_path: Path) -> None:
    report = check(make(tmp_path, {3: "a", 6: "c"}), policy())
    assert report.to_json()["witnessed"]["size"] == 3


@pytest.mark.parametrize(
    ("rounds", "who"),
    [
        ({}, "and no witness of it has"),
        ({6: "a"}, "only a has"),
        ({2: "a", 4: "a", 6: "a"}, "only a has"),
    ],
)
def test_without_the_quorum_it_is_unwitnessed(tmp_path: Path, rounds: Rounds, who: str) -> None:
    report = check(make(tmp_path, rounds), policy())
    assert report.verdict is Verdict.UNWITNESSED
    assert not report.holds
    assert str(report) == (
        f"UNWITNESSED: the quorum of the policy has seen no head of this log, {who}"
    )


def test_without_a_policy_nothing_is_said_of_witnesses(tmp_path: Path) -> None:
    report = trails.check(make(tmp_path, {6: "abc"}), trails.TRUST, now=T0)
    assert "witness" not in str(report)
    assert report.witnessed is None


def test_a_policy_without_witnesses_asks_for_none(tmp_path: Path) -> None:
    report = check(make(tmp_path, {}), policy("quorum none"))
    assert report.verdict is Verdict.OK
    assert report.witnessed is None


def test_one_witness_is_named(tmp_path: Path) -> None:
    report = check(make(tmp_path, {6: "b"}), policy("quorum b"))
    assert "can be rewritten unless the witness b lies" in str(report)
    report = check(tmp_path, policy("group g any a b c\nquorum g"))
    assert "unless 1 of 3 witnesses lies (a, c have not seen it" in str(report)


def test_the_window_is_of_the_newest_entry_that_was_seen_not_of_the_signature(
    tmp_path: Path,
) -> None:
    """A witness may be asked again later for an old head: that shows nothing of what came after."""
    report = check(make(tmp_path, {2: "abc"}, time=NOW + 3000), policy(), now=T0 + 3_600_000)
    assert "nothing older than 60 min can be rewritten" in str(report)


def test_a_recorder_whose_clock_is_ahead_says_nothing_by_it(tmp_path: Path) -> None:
    report = check(make(tmp_path, {6: "abc"}, time=NOW - 500), policy())
    assert "nothing older than 561 s can be rewritten" in str(report)


def test_a_head_from_the_future_counts_for_nothing(tmp_path: Path) -> None:
    report = check(make(tmp_path, {6: "abc"}, time=NOW + 1000), policy())
    assert report.verdict is Verdict.UNWITNESSED


def test_a_rewritten_log_is_not_made_good_by_old_cosignatures(tmp_path: Path) -> None:
    """Root on the host has the key: it writes another past, and brings the cosignatures along."""
    make(tmp_path / "honest", {6: "abc"})
    forged = make(tmp_path / "forged", {}, calls=7)
    with trails.forge(tmp_path / "honest") as old, trails.forge(forged) as new:
        rows = old.execute("SELECT size, kind, name, data FROM anchor").fetchall()
        new.executemany("INSERT INTO anchor VALUES (?, ?, ?, ?)", rows)
    assert trails.check(forged, trails.TRUST).verdict is Verdict.OK
    assert check(forged, policy()).verdict is Verdict.UNWITNESSED


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE anchor SET data = x'00'",
        "UPDATE anchor SET data = CAST('— a.example AAAA' AS BLOB)",
        "UPDATE anchor SET size = size + 1",
        "UPDATE anchor SET size = 1",
        "UPDATE anchor SET kind = 'other'",
        "DELETE FROM anchor",
        "UPDATE anchor SET size = 999999",
    ],
)
def test_rows_of_anchors_that_do_not_hold_count_for_nothing(tmp_path: Path, sql: str) -> None:
    trail = make(tmp_path, {6: "abc"})
    with trails.forge(trail) as database:
        database.execute(sql)
    assert check(trail, policy()).verdict is Verdict.UNWITNESSED
    assert trails.check(trail, trails.TRUST).verdict is Verdict.OK


def asking(**heads: str) -> Callable[[str], list[tuple[str, str]]]:
    return lambda _origin: list(heads.items())


def newest(trail: Path, *names: str, size: int | None = None) -> str:
    """A witness's answer: a head of the log with its cosignature."""
    with Audit(trail) as audit:
        size = audit.size if size is None else size
        text = str(Checkpoint(trails.ORIGIN, size, audit.root_at(size)))
    own = note.Note.parse(note.sign(text, trails.SIGNER)).signatures
    return str(Note(text, (*own, *cosigned(text, *names))))


def test_witnesses_that_are_asked_count_too(tmp_path: Path) -> None:
    trail = make(tmp_path, {})
    asked = asking(a=newest(trail, "a"), c=newest(trail, "c", size=4))
    report = check(trail, policy(), asked=asked)
    assert report.to_json()["witnessed"]["size"] == 4


def test_a_witness_that_has_seen_more_shows_that_the_end_is_missing(tmp_path: Path) -> None:
    long = make(tmp_path / "long", {}, calls=9)
    trail = make(tmp_path / "short", {6: "abc"})
    report = check(trail, policy(), asked=asking(a=newest(long, "a")))
    assert report.verdict is Verdict.TRUNCATED
    assert "the log has 7 entries, and had 10: the witness a says so" in report.message


def test_a_witness_that_has_seen_another_past_shows_a_fork(tmp_path: Path) -> None:
    async def other(trail: Trail) -> None:
        await trail.append(trails.draft(77))

    trails.write(tmp_path / "other", other)
    trail = make(tmp_path / "trail", {6: "abc"})
    report = check(trail, policy(), asked=asking(a=newest(tmp_path / "other", "a")))
    assert report.verdict is Verdict.FORK


def test_a_head_that_the_log_has_not_signed_is_not_looked_at(tmp_path: Path) -> None:
    trail = make(tmp_path, {6: "abc"})
    text = str(Checkpoint(trails.ORIGIN, 99, bytes(32)))
    lie = str(
        Note(
            text, (*note.Note.parse(note.sign(text, trails.OTHER)).signatures, *cosigned(text, "a"))
        )
    )
    told: list[str] = []
    report = trails.check(
        trail, replace(trails.TRUST, policy=policy(), asked=asking(a=lie)), step=told.append
    )
    assert report.verdict is Verdict.OK
    assert any("the witness a" in line for line in told)


@pytest.mark.parametrize(
    ("found", "size", "time"),
    [
        ([("a", 5, 100), ("b", 5, 160)], 5, 160),
        ([("a", 5, 100), ("b", 5, 160), ("c", 5, 130)], 5, 130),
        ([("a", 9, 300), ("b", 5, 160), ("a", 5, 100)], 5, 160),
        ([("a", 9, 300), ("b", 5, 160), ("c", 7, 200)], 7, 300),
        ([("a", 9, 300), ("a", 8, 200), ("z", 9, 1)], None, None),
        ([], None, None),
    ],
)
def test_the_newest_size_that_the_quorum_has_seen(
    found: list[tuple[str, int, int]], size: int | None, time: int | None
) -> None:
    judged = witnessed.judge(policy(), [Sighting(*each) for each in found])
    if size is None:
        assert judged is None
        with pytest.raises(Finding, match="has seen no head"):
            witnessed.hold(policy(), [Sighting(*each) for each in found])
    else:
        assert judged is not None
        assert (judged.size, judged.time) == (size, time)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (61, "61 s"),
        (599, "599 s"),
        (601, "11 min"),
        (7199, "120 min"),
        (7200, "2 h"),
        (172_800, "2 days"),
        (172_801, "3 days"),
    ],
)
def test_an_age_is_never_less_than_it_is(seconds: int, said: str) -> None:
    assert witnessed._age(seconds) == said


def test_cosignatures_from_before_a_change_of_key_still_count(tmp_path: Path) -> None:
    trail = make(tmp_path, {6: "abc"})
    trails.rotate(trail, trails.SIGNER, trails.OTHER)
    report = trails.check(
        trail,
        replace(trails.TRUST, verifiers=(trails.OTHER.verifier,), policy=policy()),
        now=T0 + 61_000,
    )
    assert report.verdict is Verdict.OK
    assert report.to_json()["witnessed"]["size"] == 6


def test_who_asks_only_for_what_came_since_is_told_of_older_heads(tmp_path: Path) -> None:
    trail = make(tmp_path, {3: "abc"})
    with Audit(trail) as audit:
        known = note.sign(str(Checkpoint(trails.ORIGIN, 5, audit.root_at(5))), trails.SIGNER)
    trust = replace(trails.TRUST, policy=policy())
    report = trails.check(trail, trust, now=T0 + 61_000, since=known, whole=False)
    assert report.witnessed is not None
    assert (report.since, report.witnessed["size"]) == (5, 3)
