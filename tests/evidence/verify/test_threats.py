"""Whatever an attacker with write access to the files can try has a verdict of its own."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import zstandard

import trails
from apitrail import entry
from apitrail.entry import TAGS, Entry
from apitrail.errors import UsageError
from apitrail.evidence.verify import Trust, Verdict
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import frames
from apitrail.trail.audit import Audit
from apitrail.trail.statements import Target
from trails import OTHER, SIGNER, T0, TRUST, check, forge, make

CALLS = 600  # two full tiles and a rest
FIRST = 2  # the entry of the first call: `open` and a run stand before it


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    return make(tmp_path_factory.mktemp("pristine") / "trail", CALLS)


@pytest.fixture
def trail(pristine, tmp_path):
    shutil.copytree(pristine, tmp_path / "trail")
    return tmp_path / "trail"


@pytest.fixture(scope="module")
def known(pristine):
    """The head before the first call."""
    with Audit(pristine) as audit:
        return note.sign(str(Checkpoint(SIGNER.name, FIRST, audit.root_at(FIRST))), SIGNER)


@dataclass(frozen=True)
class Attack:
    """SQL or a function on the attacker's connection, and what verification says of it."""

    does: str | Callable[[sqlite3.Connection], object]
    verdict: Verdict
    says: str


def tampered(does: str | Callable[[sqlite3.Connection], object], says: str) -> Attack:
    return Attack(does, Verdict.TAMPERED, says)


def rewrite(index: int, change: Callable[[bytes], bytes]) -> Callable[[sqlite3.Connection], None]:
    """Change the bytes of an entry."""

    def attack(database: sqlite3.Connection) -> None:
        (data,) = database.execute("SELECT data FROM entry WHERE idx = ?", (index,)).fetchone()
        database.execute("UPDATE entry SET data = ? WHERE idx = ?", (change(data), index))

    return attack


def in_facet(tag: str, change: Callable[[bytes], bytes]) -> Callable[[sqlite3.Connection], None]:
    """Change the content of a facet of the first call."""

    def attack(database: sqlite3.Connection) -> None:
        at = (FIRST, tag)
        row = database.execute("SELECT data FROM facet WHERE idx = ? AND tag = ?", at).fetchone()
        content = change(frames.decompress(row[0]))
        frame = zstandard.ZstdCompressor().compress(content)
        database.execute("UPDATE facet SET data = ? WHERE idx = ? AND tag = ?", (frame, *at))

    return attack


def swap(table: str, key: str, first: object, second: object, column: str = "data"):
    """Exchange a column of two rows."""

    def attack(database: sqlite3.Connection) -> None:
        rows = [
            database.execute(f"SELECT {column} FROM {table} WHERE {key}", at).fetchone()[0]
            for at in (first, second)
        ]
        for at, value in zip((second, first), rows, strict=True):
            database.execute(f"UPDATE {table} SET {column} = ? WHERE {key}", (value, *at))

    return attack


def rechained(index: int, **changes: object) -> Callable[[sqlite3.Connection], None]:
    """Change an entry and every hash after it, tiles and all: what is left is the signature."""

    def attack(database: sqlite3.Connection) -> None:
        links = [Entry.parse(d) for (d,) in database.execute("SELECT data FROM entry ORDER BY idx")]
        previous = entry.START
        for link in links:
            fields = {"time": link.time, "kind": link.kind, "commitments": link.commitments}
            new = Entry.following(
                index=link.index, previous=previous, **fields | changes
            ) if link.index == index else Entry.following(
                index=link.index, previous=previous, **fields
            )  # fmt: skip
            previous = new.hash
            database.execute("UPDATE entry SET data = ? WHERE idx = ?", (new.data, link.index))

    return attack


def resign(change: Callable[[Checkpoint], str]) -> Callable[[sqlite3.Connection], None]:
    """Put another note in place of the newest checkpoint."""

    def attack(database: sqlite3.Connection) -> None:
        (text,) = database.execute("SELECT note FROM tail").fetchone()
        head = Checkpoint.parse(note.Note.parse(text).text)
        database.execute("UPDATE tail SET note = ?", (change(head),))

    return attack


def flip(data: bytes) -> bytes:
    return data[:60] + bytes([data[60] ^ 1]) + data[61:]


NEXT = CALLS + 4
ATTACKS = {
    # Entries
    "edit an entry": tampered(rewrite(7, flip), "entry 7"),
    "edit its time": tampered(
        rewrite(7, lambda d: d.replace(b'"t":179', b'"t":178')), "entry 7: it is older"
    ),
    "duplicate a key": tampered(
        rewrite(7, lambda d: d.replace(b'"k":', b'"k":"api","k":')), "entry 7: malformed"
    ),
    "spell it otherwise": tampered(
        rewrite(7, lambda d: d.replace(b'"k":', b'"k": ')), "entry 7: malformed"
    ),
    "odd base64": tampered(
        rewrite(7, lambda d: d.replace(b'=","k"', b'","k"')), "entry 7: malformed"
    ),
    "not JSON": tampered(rewrite(7, lambda _: b"{" * 90_000), "entry 7: malformed"),
    "an unknown kind": tampered(
        rewrite(7, lambda d: d.replace(b'"api"', b'"ok"')), "it can be searched for but says nothing"
    ),
    "delete an entry": tampered("DELETE FROM entry WHERE idx = 7", "entry 7"),
    "delete a call without a trace": tampered(
        "DELETE FROM entry WHERE idx = 7; DELETE FROM facet WHERE idx = 7;"
        "DELETE FROM seal WHERE idx = 7; DELETE FROM event WHERE idx = 7;"
        "DELETE FROM resource WHERE idx = 7",
        "entry 7",
    ),
    "close the ranks": tampered(
        "DELETE FROM entry WHERE idx = 7; UPDATE entry SET idx = idx - 1 WHERE idx > 7", "entry 7"
    ),
    "reorder": tampered(swap("entry", "idx = ?", (7,), (8,)), "entry 7"),
    "insert at the end": tampered(
        f"INSERT INTO entry SELECT {NEXT}, data FROM entry WHERE idx = {NEXT - 1}",
        f"table 'entry' has a row for entry {NEXT}",
    ),
    "insert before the start": tampered(
        "INSERT INTO entry SELECT -1, data FROM entry WHERE idx = 0", "row for entry -1"
    ),
    "back-date and chain anew": tampered(
        rechained(7, time=T0), "entry 7: it is older than the entry before it"
    ),
    "post-date the last and chain anew": tampered(
        rechained(NEXT - 1, time=T0 + 99_000), "not those that the checkpoint"
    ),
    "call it a heartbeat and chain anew": tampered(rechained(7, kind="heartbeat"), "entry 7"),
    "truncate": tampered(f"DELETE FROM entry WHERE idx = {NEXT - 1}", f"entry {NEXT - 1}: it is missing"),
    "truncate the entries alone": tampered("DELETE FROM entry WHERE idx > 500", "entry 501: it is missing"),
    # Contents
    "edit a facet": tampered(in_facet("what", flip), "facet 'what' was altered"),
    "edit a body": tampered(in_facet("resbody", lambda _: b"<ok/>"), "facet 'resbody' was altered"),
    "swap two facets": tampered(
        swap("facet", "idx = ? AND tag = ?", (FIRST, "request"), (FIRST, "response")),
        "facet 'request' was altered",
    ),
    "swap two bodies": tampered(
        swap("facet", "idx = ? AND tag = ?", (FIRST, "reqbody"), (FIRST + 1, "reqbody")),
        "facet 'reqbody' was altered",
    ),
    "null a facet": tampered(
        f"DELETE FROM facet WHERE idx = {FIRST} AND tag = 'resbody'", "facet 'resbody' is missing"
    ),
    "empty a facet": tampered(
        f"UPDATE facet SET data = x'' WHERE idx = {FIRST} AND tag = 'resbody'", f"entry {FIRST}"
    ),
    "a facet that is not zstd": tampered(
        f"UPDATE facet SET data = x'00' WHERE idx = {FIRST} AND tag = 'resbody'", "is not zstd"
    ),
    "bytes after a facet": tampered(
        f"UPDATE facet SET data = CAST(data || x'00' AS BLOB) WHERE idx = {FIRST}", "is not zstd"
    ),
    "pretend an erasure": tampered(
        f"DELETE FROM facet WHERE idx = {FIRST}; DELETE FROM seal WHERE idx = {FIRST};"
        f"DELETE FROM event WHERE idx = {FIRST}; DELETE FROM resource WHERE idx = {FIRST};"
        "DELETE FROM string WHERE value LIKE '%target0'",
        "is missing and no entry says it was erased",
    ),
    "a facet too many": tampered(
        f"INSERT INTO facet SELECT idx, 'learned', NULL, data FROM facet "
        f"WHERE idx = {FIRST} AND tag = 'who'",
        "facet 'learned' is kept but not committed to",
    ),
    "content of no entry": tampered(
        "INSERT INTO facet SELECT 5000, tag, salt, data FROM facet WHERE idx = 2", "entry 5000"
    ),
    "remove a seal": tampered(f"DELETE FROM seal WHERE idx = {FIRST}", "the salt of facet"),
    "a seal too many": tampered(
        "INSERT INTO seal VALUES (5000, zeroblob(32))", "a row for entry 5000"
    ),
    "change a seal": tampered(
        f"UPDATE seal SET event_key = zeroblob(32) WHERE idx = {FIRST}", "was altered"
    ),
    "a short seal": tampered(
        f"UPDATE seal SET event_key = x'00' WHERE idx = {FIRST}", "does not have 32 bytes"
    ),
    "a salt beside the seal": tampered(
        f"UPDATE facet SET salt = zeroblob(32) WHERE idx = {FIRST}", "has a salt of its own"
    ),
    # The tree
    "change a tile": tampered(
        "UPDATE tile SET data = zeroblob(8192) WHERE level = 0 AND idx = 1", "tile 0/1"
    ),
    "cut a tile": tampered("UPDATE tile SET data = x'00' WHERE idx = 0", "tile 0/0"),
    "remove a tile": tampered("DELETE FROM tile WHERE idx = 0", "tile 0/0 is missing"),
    "remove the last tile": tampered("DELETE FROM tile WHERE idx = 1", "tile 0/1 is missing"),
    "a tile too many": tampered(
        "INSERT INTO tile SELECT 0, 2, data FROM tile WHERE idx = 0", "tile 0/2 does not belong"
    ),
    "a tile too high": tampered(
        "INSERT INTO tile SELECT 1, 0, data FROM tile WHERE idx = 0", "tile 1/0 does not belong"
    ),
    # Checkpoints
    "no checkpoint": Attack("DELETE FROM tail", Verdict.TRUNCATED, "no signed checkpoint"),
    "a malformed note": tampered("UPDATE tail SET note = 'hello'", "malformed note"),
    "a note of many lines": tampered(
        "UPDATE tail SET note = note || replace(hex(zeroblob(500)), '00', char(10))", "malformed"
    ),
    "a forged root": tampered(
        resign(lambda h: note.sign(str(Checkpoint(h.origin, h.size, bytes(32))), SIGNER)),
        "not those that the checkpoint",
    ),
    "a forged size": tampered(
        resign(lambda h: note.sign(str(Checkpoint(h.origin, h.size + 1, h.root)), SIGNER)),
        f"entry {NEXT}: it is missing",
    ),
    "a bad signature": tampered(
        resign(
            lambda h: note.sign(str(h), SIGNER).replace(
                str(h.size), str(h.size + 1), 1
            )
        ),
        "is not good",
    ),
    "sign with another key": Attack(
        resign(lambda h: note.sign(str(h), OTHER)), Verdict.UNTRUSTED_KEY, "not a key you trust"
    ),
    "sign for another log": Attack(
        resign(
            lambda h: note.sign(
                str(Checkpoint("evil", h.size, h.root)), note.Signer("evil", bytes(32))
            )
        ),
        Verdict.UNTRUSTED_KEY,
        "not a key you trust",
    ),
    "sign with two keys": Attack(
        resign(lambda h: note.sign(str(h), OTHER, note.Signer("x", bytes(32)))),
        Verdict.UNTRUSTED_KEY,
        "not a key you trust",
    ),
    "remove a kept checkpoint": tampered("DELETE FROM checkpoint", "is not kept"),
    "replace a kept checkpoint": tampered(
        "UPDATE checkpoint SET note = (SELECT replace(note, char(10), '') FROM tail)", "malformed"
    ),
    "move a kept checkpoint": tampered(
        f"INSERT INTO checkpoint SELECT size - 1, note FROM checkpoint WHERE size = {NEXT}",
        f"the kept checkpoint of {NEXT - 1} is of {NEXT}",
    ),
    "keep an unsigned checkpoint": tampered(
        lambda d: d.execute(
            "INSERT INTO checkpoint VALUES (5, ?)",
            (note.sign(str(Checkpoint(SIGNER.name, 5, bytes(32))), OTHER),),
        ),
        "no trusted key",
    ),
    "keep a fork": Attack(
        lambda d: d.execute(
            "INSERT INTO checkpoint VALUES (5, ?)",
            (note.sign(str(Checkpoint(SIGNER.name, 5, bytes(32))), SIGNER),),
        ),
        Verdict.FORK,
        "the kept checkpoint of 5 says so",
    ),
    # Search
    "hide an event": tampered(
        f"DELETE FROM event WHERE idx = {FIRST}", "cannot be searched for: its row is missing"
    ),
    "invent an event": tampered(
        "INSERT INTO event(idx, id, time, stand_in) VALUES (0, randomblob(16), 0, 0)", "says nothing"
    ),
    "invent an event beyond": tampered(
        "INSERT INTO event(idx, id, time, stand_in) VALUES (9999, randomblob(16), 0, 0)", "entry 9999"
    ),
    "move an event in time": tampered(
        f"UPDATE event SET time = time + 1 WHERE idx = {FIRST}", "is not what the event says"
    ),
    "change an id": tampered(
        f"UPDATE event SET id = randomblob(16) WHERE idx = {FIRST}", "is not what the event says"
    ),
    "call a write a read": tampered(
        f"UPDATE event SET read_only = 1 WHERE idx = {FIRST}", "is not what the event says"
    ),
    "null a column": tampered(
        f"UPDATE event SET username = NULL WHERE idx = {FIRST}", "has another 'username'"
    ),
    "lay it on another": tampered(
        f"UPDATE event SET username = (SELECT username FROM event WHERE idx = {FIRST + 1}) "
        f"WHERE idx = {FIRST}",
        "has another 'username'",
    ),
    "hide an error": tampered(
        "UPDATE event SET error = NULL WHERE error IS NOT NULL", "has another 'error'"
    ),
    "use a string that is missing": tampered(
        f"UPDATE event SET region = 99999 WHERE idx = {FIRST}", "which is missing"
    ),
    "change a string": tampered(
        "UPDATE string SET value = 'DeleteNothing' WHERE value = 'DeleteUser'", "has another 'name'"
    ),
    "a string too many": tampered(
        "INSERT INTO string(value) VALUES ('secret note')", "is used by nothing"
    ),
    "remove a string": tampered("DELETE FROM string WHERE value = 'DeleteUser'", "is missing"),
    "hide a resource": tampered(
        f"DELETE FROM resource WHERE idx = {FIRST}", "cannot be found by its resource"
    ),
    "invent a resource": tampered(
        f"INSERT INTO resource SELECT name, {FIRST}, type FROM resource WHERE idx = {FIRST + 1}",
        "which it did not touch",
    ),
    "change a resource's type": tampered(
        f"UPDATE resource SET type = name WHERE idx = {FIRST}", "cannot be found by its resource"
    ),
    "a resource of nothing": tampered(
        "INSERT INTO resource SELECT name, 0, type FROM resource LIMIT 1", "did not touch"
    ),
    "hide a run": tampered("DELETE FROM run", "table 'run' is not what it says"),
    "invent a run": tampered("INSERT INTO run VALUES (5, 'x', '{}')", "table 'run' is not what it says"),
    "label a run": tampered(
        """UPDATE run SET labels = '{"a":"b"}'""", "table 'run' is not what it says"
    ),
    "call it a stand-in's": tampered(
        f"UPDATE event SET stand_in = 1 WHERE idx = {FIRST}", "is not what the event says"
    ),
    "hide calls from a search by time": tampered(
        "UPDATE span SET first = last", "leaves out the time of entry"
    ),
    "hide a block from a search by time": tampered(
        "DELETE FROM span", "leaves out the time of entry"
    ),
    "a span of no entries": tampered(
        "INSERT INTO span VALUES (9, 0, 0)", "has a row for block 9"
    ),
    "call the search tables older": tampered(
        "UPDATE derived SET version = 1", "the schema: "
    ),
    # The schema
    "a view for a table": tampered(
        "ALTER TABLE event RENAME TO shadow; CREATE VIEW event AS SELECT * FROM shadow",
        "was changed",
    ),
    "a table too many": tampered(
        "CREATE TABLE notes(x)", "table 'notes' does not belong in a trail"
    ),
    "a column too many": tampered(
        "ALTER TABLE run ADD COLUMN note TEXT", "table 'run' was changed"
    ),
    "an index too many": tampered(
        "CREATE INDEX mine ON run(id)", "index 'mine' does not belong in a trail"
    ),
    "no index": tampered("DROP INDEX event_name", "index 'event_name' is missing"),
    "statistics": tampered("ANALYZE", "table 'sqlite_stat1' does not belong"),
    "a partial index": tampered(
        "DROP INDEX event_name; CREATE INDEX event_name ON event(name) WHERE idx > 9",
        "index 'event_name' was changed",
    ),
    "a trigger that hides": tampered(
        "CREATE TRIGGER hide AFTER INSERT ON event BEGIN DELETE FROM event WHERE idx = NEW.idx; END",
        "trigger 'hide' does not belong",
    ),
}  # fmt: skip


# What was done to the two entries before FIRST, to strings that nothing uses, to all of a table.
UNSEEN = {
    "a string too many", "invent an event", "a resource of nothing", "hide a run", "label a run",
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_has_its_verdict(trail, known, name):
    """Also for who asks only for what came after the second entry, unless it is named as not looked
    at."""
    attack = ATTACKS[name]
    with forge(trail) as database:
        if isinstance(attack.does, str):
            database.executescript(attack.does)
        else:
            attack.does(database)
    report = check(trail)
    assert (report.verdict, attack.says in report.message) == (attack.verdict, True), report.message
    assert not report.holds
    assert report.to_json()["verdict"] == str(attack.verdict)
    since = check(trail, since=known, whole=False)
    assert (since.verdict is attack.verdict) is (name not in UNSEEN), since.message
    assert since.holds is (name in UNSEEN)


def test_untouched_it_holds(trail):
    with forge(trail):
        pass
    report = check(trail)
    assert (str(report.verdict), report.calls, report.step) == ("OK", CALLS, 9)


@pytest.mark.parametrize("name", ["entry_no_update", "entry_in_order", "checkpoint_no_delete"])
def test_a_dropped_trigger_is_noticed(trail, name):
    with forge(trail, guarded=True) as database:
        database.execute(f"DROP TRIGGER {name}")
    report = check(trail)
    assert report.verdict is Verdict.TAMPERED
    assert f"trigger {name!r} is missing" in report.message


def test_an_index_that_lies_is_noticed(trail):
    """The table is right and the schema is right; only the index leaves a row out."""
    with forge(trail) as database:
        (sql,) = database.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'event_name'"
        ).fetchone()
        database.executescript(
            "DROP INDEX event_name; CREATE INDEX event_name ON event(name) WHERE idx <> 2;"
            "PRAGMA writable_schema = ON;"
        )
        database.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'event_name'", (sql,))
    report = check(trail)
    assert report.verdict is Verdict.TAMPERED
    assert "missing from index event_name" in report.message


def test_a_restored_backup_is_truncated(trail, tmp_path):
    backup = shutil.copytree(trail, tmp_path / "backup")
    make(trail, 5, first=CALLS)
    shutil.copy(backup / "trail.db", trail / "trail.db")
    report = check(trail)
    assert report.verdict is Verdict.TRUNCATED
    assert f"has {NEXT} entries, and had {NEXT + 9}" in report.message


def test_a_whole_directory_restored_is_truncated_for_who_saw_more(trail, tmp_path):
    backup = shutil.copytree(trail, tmp_path / "backup")
    make(trail, 5, first=CALLS)
    seen = (trail / "checkpoint").read_text()
    assert check(backup).verdict is Verdict.OK
    report = check(backup, Trust(TRUST.verifiers, "known_logs", (seen,)))
    assert report.verdict is Verdict.TRUNCATED
    assert check(backup, since=seen).verdict is Verdict.TRUNCATED


def test_a_tail_cut_back_to_a_kept_checkpoint_is_truncated(tmp_path):
    """Everything after the first stop is gone, and every row fits; only the file remembers."""
    trail = make(tmp_path / "trail", 5)
    end = 9
    make(trail, 5, first=5)
    with forge(trail) as database:
        for table in ("entry", "seal", "facet", "event", "resource", "book", "run"):
            database.execute(f"DELETE FROM {table} WHERE idx >= {end}")
        database.execute(f"DELETE FROM checkpoint WHERE size > {end}")
        database.execute("UPDATE tail SET note = (SELECT note FROM checkpoint WHERE size = 9)")
        used = "SELECT name FROM resource UNION SELECT type FROM resource"
        for column in trails_columns():
            used += f" UNION SELECT {column} FROM event WHERE {column} IS NOT NULL"
        database.execute(f"DELETE FROM string WHERE id NOT IN ({used})")
    assert check(trail).verdict is Verdict.TRUNCATED
    (trail / "checkpoint").unlink()
    assert check(trail).verdict is Verdict.OK  # a stop: nothing tells, but those who saw more


def trails_columns() -> tuple[str, ...]:
    from apitrail.trail.rows import STRING_COLUMNS

    return STRING_COLUMNS


def test_a_fork_is_told_by_whoever_saw_the_other_side(trail, tmp_path):
    backup = shutil.copytree(trail, tmp_path / "backup")
    make(trail, 5, first=CALLS)
    make(backup, 6, first=CALLS)
    seen = (trail / "checkpoint").read_text()
    report = check(backup, Trust(TRUST.verifiers, "known_logs", (seen,)))
    assert report.verdict is Verdict.FORK
    shutil.copy(trail / "checkpoint", backup / "checkpoint")
    assert check(backup).verdict is Verdict.FORK


def test_a_log_signed_anew_with_another_key_is_not_trusted(tmp_path):
    trail = make(tmp_path / "trail", 5, signer=OTHER)
    report = check(trail)
    assert report.verdict is Verdict.UNTRUSTED_KEY
    assert "apitrail key show" in (report.hint or "")


def test_everything_removed_is_truncated(trail):
    with forge(trail) as database:
        tables = "entry seal facet tile checkpoint tail string event resource run"
        for table in tables.split():
            database.execute(f"DELETE FROM {table}")
    (trail / "checkpoint").unlink()
    assert check(trail).verdict is Verdict.TRUNCATED


def test_a_database_that_is_gone_is_truncated(trail):
    (trail / "trail.db").unlink()
    assert check(trail).verdict is Verdict.TRUNCATED


def test_what_never_was_a_trail_is_misuse(tmp_path):
    with pytest.raises(UsageError, match="no trail at"):
        check(tmp_path)
    (tmp_path / "trail.db").write_bytes(b"hello" * 999)
    with pytest.raises(UsageError, match="cannot be read as a trail"):
        check(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"hello\n\n", b"a\n1\nAA==\n\n\xe2\x80\x94 a AAAAAAA=\n"])  # fmt: skip
def test_a_damaged_compared_file_is_noticed(trail, content):
    (trail / "checkpoint").write_bytes(content)
    report = check(trail)
    assert report.verdict in {Verdict.TAMPERED, Verdict.UNTRUSTED_KEY}
    assert "the file 'checkpoint'" in report.message


# -- erasures ------------------------------------------------------------------------------------


def erased(trail: Path) -> Path:
    async def work(opened):
        await opened.erase([Target(FIRST, TAGS), Target(FIRST + 1, ("resbody",))])

    trails.write(trail, work)
    return trail


ERASURES = {
    "put the content of another there": tampered(
        f"INSERT INTO facet SELECT {FIRST}, tag, zeroblob(32), data FROM facet WHERE idx = 4",
        "was altered",
    ),
    "give a key back": tampered(
        f"INSERT INTO seal VALUES ({FIRST + 1}, zeroblob(32))", "has a salt of its own"
    ),
    "swap salts": tampered(
        swap("facet", "idx = ? AND tag = ?", (FIRST + 1, "who"), (FIRST + 1, "what"), "salt"),
        "was altered",
    ),
    "a short salt": tampered(
        f"UPDATE facet SET salt = x'00' WHERE idx = {FIRST + 1}", "the salt of facet"
    ),
    "erase more than was said": tampered(
        f"DELETE FROM facet WHERE idx = {FIRST + 1} AND tag = 'reqbody'",
        "facet 'reqbody' is missing and no entry says it was erased",
    ),
    "erase the erasure": tampered(
        f"DELETE FROM facet WHERE idx = {NEXT}; DELETE FROM seal WHERE idx = {NEXT}",
        "no entry says it was erased",
    ),
}


@pytest.mark.parametrize("name", ERASURES)
def test_attacks_on_erasures(trail, name):
    attack = ERASURES[name]
    assert str(check(erased(trail))).startswith("OK with 2 erasures:")
    with forge(trail) as database:
        if isinstance(attack.does, str):
            database.executescript(attack.does)
        else:
            attack.does(database)
    report = check(trail)
    assert (report.verdict, attack.says in report.message) == (attack.verdict, True), report.message


def test_content_that_comes_back_after_its_erasure_is_noticed(trail, pristine):
    erased(trail)
    with forge(trail) as database:
        database.execute("ATTACH ? AS old", (str(pristine / "trail.db"),))
        (key,) = database.execute(
            "SELECT event_key FROM old.seal WHERE idx = ?", (FIRST + 1,)
        ).fetchone()
        database.execute(
            "INSERT INTO facet SELECT idx, tag, ?, data FROM old.facet "
            "WHERE idx = ? AND tag = 'resbody'",
            (entry.salt(key, "resbody"), FIRST + 1),
        )
        database.execute("DETACH old")
    report = check(trail)
    assert report.verdict is Verdict.TAMPERED
    assert f"entry {FIRST + 1}" in report.message


# -- any byte ------------------------------------------------------------------------------------


def logical(path: Path) -> list[object]:
    """All that the database says."""
    with sqlite3.connect(path) as database:
        tables = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        return [
            database.execute("SELECT * FROM sqlite_schema").fetchall(),
            *(database.execute(f"SELECT * FROM {table}").fetchall() for (table,) in tables),
        ]


@pytest.mark.parametrize("seed", range(4))
def test_any_flipped_byte_is_noticed_unless_it_says_nothing(tmp_path, seed):
    trail = make(tmp_path / "trail", 40)
    path = trail / "trail.db"
    content, before = path.read_bytes(), logical(path)
    dice = random.Random(seed)
    for _ in range(60):
        at, bit = dice.randrange(len(content)), 1 << dice.randrange(8)
        path.write_bytes(content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :])
        for name in ("trail.db-wal", "trail.db-shm"):
            (trail / name).unlink(missing_ok=True)
        try:
            report = check(trail)
        except UsageError:
            continue  # not recognised as a trail any more
        if report.holds:
            assert logical(path) == before or same_content(path, before), f"byte {at}, bit {bit}"


def same_content(path: Path, before: list[object]) -> bool:
    """A compressed frame may change without its content: the content is what is committed to."""
    after = logical(path)
    return _decompressed(after) == _decompressed(before)


def _decompressed(value: object) -> object:
    match value:
        case list() | tuple():
            return [_decompressed(item) for item in value]
        case bytes() if value.startswith(b"\x28\xb5\x2f\xfd"):
            return frames.decompress(value)
        case _:
            return value
