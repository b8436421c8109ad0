"""Verifying only what came after a checkpoint: never weaker than what it says it has looked at."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

import old_trails
import trails
from apitrail.evidence.verify import Report, Trust, Verdict
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail.audit import Audit
from apitrail.trail.statements import Target
from trails import OTHER, SIGNER, T0, TRUST, check, make

CALLS = 600
SIZE = CALLS + 4


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    return make(tmp_path_factory.mktemp("pristine") / "trail", CALLS)


@pytest.fixture
def trail(pristine, tmp_path):
    return shutil.copytree(pristine, tmp_path / "trail")


def head(trail, size: int, signer: note.Signer = SIGNER) -> str:
    """What the log signed when it had so many entries."""
    with Audit(trail) as audit:
        return note.sign(str(Checkpoint(SIGNER.name, size, audit.root_at(size))), signer)


def since(trail, known: str, trust=TRUST, **options: object) -> Report:
    return check(trail, trust, since=known, whole=False, **options)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 512, 513, SIZE - 1, SIZE])
def test_what_came_after_any_head_holds(pristine, size):
    report = since(pristine, head(pristine, size))
    assert report.verdict is Verdict.OK, report.message
    assert (report.since, report.entries) == (size, SIZE)
    assert report.calls == max(0, min(CALLS, SIZE - 2 - size))


def test_the_verdict_says_what_was_not_looked_at(pristine):
    report = since(pristine, head(pristine, 300))
    assert str(report).startswith(
        "OK since 300: 304 entries since, 302 calls, unaltered, and continue the checkpoint given; "
    )
    left = "the first 300 entries, their contents and search rows, SQLite's own indexes"
    assert str(report).endswith(f"; not looked at: {left}, strings that nothing uses")
    said = report.to_json()
    assert (said["since"], len(said["notLookedAt"])) == (300, 3)
    assert check(pristine, since=head(pristine, 300)).since is None


EARLIER = {
    "a facet": "UPDATE facet SET data = x'00' WHERE idx = 7",
    "an entry": "UPDATE entry SET data = CAST(replace(data, 'api', 'run') AS BLOB) WHERE idx = 7",
    "a row": "DELETE FROM event WHERE idx = 7",
    "a resource": "DELETE FROM resource WHERE idx = 7",
}


@pytest.mark.parametrize("what", EARLIER)
def test_what_came_before_is_not_looked_at(trail, what):
    known = head(trail, 300)
    with trails.forge(trail) as database:
        database.execute(EARLIER[what])
    assert since(trail, known).holds
    assert check(trail, since=known).verdict is Verdict.TAMPERED


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE tile SET data = zeroblob(8192) WHERE idx = 0", "tile 0/0"),
        ("DELETE FROM tile WHERE idx = 0", "tile 0/0 is missing"),
        (
            "UPDATE entry SET data = (SELECT data FROM entry WHERE idx = 1) WHERE idx = 299",
            "tile 0/1",
        ),
        (
            "UPDATE entry SET data = (SELECT data FROM entry WHERE idx = 1) WHERE idx = 257",
            "tile 0/1",
        ),
    ],
)
def test_a_tree_that_does_not_lead_to_the_head_has_everything_checked(trail, sql, says):
    known = head(trail, 300)
    with trails.forge(trail) as database:
        database.execute(sql)
    report = since(trail, known)
    assert (report.verdict, says in report.message) == (Verdict.TAMPERED, True), report.message


def test_another_past_is_a_fork_and_a_shorter_log_is_truncated(pristine, tmp_path):
    other = make(tmp_path / "other", 300)
    assert since(pristine, head(other, 100)).verdict is Verdict.FORK
    assert since(other, head(pristine, 400)).verdict is Verdict.TRUNCATED


def test_a_past_that_the_log_says_it_lost_holds_as_a_whole(tmp_path):
    trail, backup = make(tmp_path / "trail", 3), tmp_path / "backup"
    shutil.copytree(trail, backup)
    make(trail, 3, first=3)
    known = (trail / "checkpoint").read_text()

    async def work(opened) -> None:
        await opened.append(trails.book("gap", lost=[known], size=7))

    trails.write(backup, work)
    report = since(backup, known)
    assert (report.verdict, report.since, len(report.gaps)) == (Verdict.OK, None, 1)


# -- erasures ------------------------------------------------------------------------------------


@pytest.fixture
def erased(trail):
    """Of a call before the head something was erased after it; gives that head."""
    known = head(trail, SIZE)
    with trails.sqlite3.connect(trail / "trail.db") as database:
        kept = database.execute("SELECT tag, data FROM facet WHERE idx = 7").fetchall()
    trails.write(trail, lambda opened: opened.erase([Target(7, ("what", "resbody"))]))
    return known, dict(kept)


def test_an_erasure_of_an_older_entry_is_held(trail, erased):
    report = since(trail, erased[0])
    assert str(report).startswith(f"OK with 1 erasure since {SIZE}: 1 entry since, 0 calls")


def test_another_erasure_of_the_same_entry_is_held(trail, erased):
    known = head(trail, SIZE + 1)
    trails.write(trail, lambda opened: opened.erase([Target(7, ("who",))]))
    assert since(trail, known).erasures == 1


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("INSERT INTO facet VALUES (7, 'resbody', zeroblob(32), :resbody)", "entry 7"),
        ("INSERT INTO facet VALUES (7, 'resbody', NULL, :resbody)", "entry 7"),
        ("UPDATE facet SET data = :resbody WHERE idx = 7 AND tag = 'reqbody'", "was altered"),
        ("INSERT INTO seal VALUES (7, zeroblob(32))", "entry 7"),
        ("INSERT INTO event SELECT 7, x'00', time, 1,1,1,1,1,1,1,1,1,0,0,0 FROM event WHERE idx = 8",
         "entry 7: it can be searched for"),
        ("INSERT INTO resource SELECT name, 7, type FROM resource WHERE idx = 8", "entry 7: it is found"),
    ],
)  # fmt: skip
def test_what_was_erased_since_must_be_gone(trail, erased, sql, says):
    known, kept = erased
    with trails.forge(trail) as database:
        database.execute(sql, kept)
    report = since(trail, known)
    assert (report.verdict, says in report.message) == (Verdict.TAMPERED, True), report.message


def test_an_entry_whose_erasure_is_held_must_be_of_the_tree(trail, erased):
    with trails.forge(trail) as database:
        database.execute(
            "UPDATE entry SET data = CAST(replace(data, '\"t\":1', '\"t\":2') AS BLOB) WHERE idx = 7"
        )
    report = since(trail, erased[0])
    assert "entry 7: it is not of this tree" in report.message


# -- silence, keys, other heads ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("close", "later", "verdict"),
    [(False, 119_000, Verdict.OK), (False, 121_000, Verdict.STALE), (True, 10**12, Verdict.OK)],
)
def test_the_newest_start_and_heartbeat_from_before_count(tmp_path, close, later, verdict):
    trail = make(tmp_path / "trail", 3, close=close)
    known = head(trail, 7 if close else 6)
    report = since(trail, known, now=T0 + later)
    assert (report.verdict, report.starts) == (verdict, 0)
    assert report.verdict is check(trail, now=T0 + later).verdict


def test_a_start_that_is_read_must_be_of_the_tree(tmp_path):
    trail = make(tmp_path / "trail", 300, close=False)
    known = head(trail, 303)
    with trails.forge(trail) as database:
        database.execute(
            "UPDATE entry SET data = CAST(replace(data, '\"t\":1', '\"t\":2') AS BLOB) WHERE idx = 0"
        )
    assert "entry 0: it is not of this tree" in since(trail, known).message


def test_a_change_of_key_may_be_before_or_after(tmp_path):
    trail = make(tmp_path / "trail", 3)
    old = head(trail, 7)
    trails.rotate(trail, SIGNER, OTHER)
    assert since(trail, old).rotations == 1
    make(trail, 3, first=3, signer=OTHER)
    assert since(trail, old).holds
    assert since(trail, head(trail, 10, OTHER)).holds


def test_heads_seen_before_are_held_whatever_their_size(trail, pristine, tmp_path):
    known = head(pristine, 300)
    for size in (1, 256, 299, 300, 301, SIZE):
        seen = replace(TRUST, by="known_logs", seen=(head(pristine, size),))
        assert since(trail, known, seen).holds
    other = make(tmp_path / "other", 300)
    forked = replace(TRUST, by="known_logs", seen=(head(other, 100),))
    assert since(trail, known, forked).verdict is Verdict.FORK


def test_tiles_before_that_fit_a_forged_head_alone_are_found_out(trail, pristine, tmp_path):
    """Tiles that only an older head needs could be put in its place: a proof must lead to both."""
    known = head(trail, 512)
    other = make(tmp_path / "other", 300)
    seen = replace(TRUST, by="known_logs", seen=(head(other, 256),))
    with trails.sqlite3.connect(other / "trail.db") as database:
        (data,) = database.execute("SELECT data FROM tile WHERE level = 0 AND idx = 0").fetchone()
    with trails.forge(trail) as database:
        database.execute("UPDATE tile SET data = ? WHERE level = 0 AND idx = 0", (data,))
    assert not since(trail, known, seen).holds


@pytest.mark.parametrize("name", ["v1", "v2"])
def test_what_an_older_release_wrote_is_held_too(tmp_path, name):
    made = old_trails.unpack(tmp_path, name)
    trail, trust = (
        made / "trail",
        Trust((note.Verifier.parse((made / "vkey").read_text().strip()),), "--key"),
    )
    with Audit(trail) as audit:
        size, known = next(audit.checkpoints())
        last = audit.entry(audit.size - 1)
        assert last is not None
    now = last.time + 1_000
    report = since(trail, known, trust, now=now)
    assert (report.since, report.verdict) == (size, Verdict.OK), report.message
    with trails.forge(trail) as database:
        database.execute(
            "UPDATE resource SET idx = idx - 1 WHERE idx = (SELECT max(idx) FROM resource)"
        )
    assert since(trail, known, trust, now=now).verdict is Verdict.TAMPERED
