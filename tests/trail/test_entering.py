"""Opening a trail for writing: one at a time, also the very first time, and nothing beside what is
not ours."""

import asyncio
import sqlite3

import pytest

from apitrail.errors import UsageError
from apitrail.evidence import maintenance
from apitrail.evidence.known_logs import KnownLogs
from apitrail.trail import lock


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))


def enter(directory):
    async def work():
        entered = await maintenance.enter(directory)
        await entered.trail.close()
        return entered

    return asyncio.run(work())


def test_who_comes_second_makes_no_key(tmp_path):
    (tmp_path / "trail").mkdir()
    with lock.take(tmp_path / "trail"), pytest.raises(lock.Busy):
        enter(tmp_path / "trail")
    assert not (tmp_path / "trail" / "keys").exists()


def test_a_creation_that_a_crash_cut_short_is_done_again(tmp_path):
    directory = tmp_path / "trail"
    directory.mkdir()
    (directory / "lock").touch()
    sqlite3.connect(directory / "trail.db").close()
    (directory / "trail.db").touch()
    entered = enter(directory)
    assert str(entered.trail.signer.verifier) in (tmp_path / "config" / "known_logs").read_text()


@pytest.mark.parametrize("locked", [False, True])
def test_a_database_that_is_no_trail_is_left_alone(tmp_path, locked):
    directory = tmp_path / "trail"
    directory.mkdir()
    with sqlite3.connect(directory / "trail.db") as database:
        database.execute("CREATE TABLE x(y)")
    if locked:
        (directory / "lock").touch()
    before = (directory / "trail.db").read_bytes()
    with pytest.raises(UsageError, match="is not a trail"):
        enter(directory)
    assert (directory / "trail.db").read_bytes() == before
    assert {path.name for path in directory.iterdir()} <= {"trail.db", "lock"}


def test_a_new_log_is_known_from_then_on(tmp_path):
    entered = enter(tmp_path / "trail")
    assert entered.trail.origin in {log.origin for log in KnownLogs(tmp_path / "config").all()}
    assert enter(tmp_path / "trail").trail.origin == entered.trail.origin
