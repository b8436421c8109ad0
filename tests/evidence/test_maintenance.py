"""The commands of whoever keeps a trail, beside a recorder and without one."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path

import pytest

import trails
from apitrail import places
from apitrail.__main__ import run
from apitrail.evidence import maintenance
from apitrail.trail.control import Door
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader

ID = str(uuid.UUID(int=2))


@pytest.fixture
def trail(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    directory = tmp_path / "trail"
    assert run(["--trail", str(directory), "key", "generate", "--origin", "example.com/log"]) == 0
    trails.make(directory, 4, signer=Keys.of(directory).signer(), clock=places.clock)
    return directory


@pytest.fixture
def command(trail, capsys):
    capsys.readouterr()

    def call(*words: str) -> tuple[int, str, str]:
        status = run(["--trail", str(trail), *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_the_first_word_is_the_verdict(command):
    status, out, err = command("verify")
    assert (status, out.split()[0]) == (0, "OK:")
    assert "known_logs" in out
    assert err.startswith("1. ")


def test_json_says_it_all(command, trail):
    status, out, _ = command("verify", "--output", "json")
    said = json.loads(out)
    assert status == 0
    assert said["verdict"] == "OK"
    assert (said["entries"], said["calls"], said["trustedBy"]) == (8, 4, "known_logs")
    with trails.forge(trail) as database:
        database.execute("DELETE FROM run")
    status, out, _ = command("verify", "--output", "json")
    said = json.loads(out)
    assert status == 1
    assert (said["verdict"], said["index"], said["step"]) == ("TAMPERED", 1, 3)


def test_a_key_from_the_command_line_is_trusted_alone(command):
    _, vkey, _ = command("key", "show")
    assert command("verify", "--key", vkey.strip())[0] == 0
    status, out, err = command("verify", "--key", str(trails.OTHER.verifier))
    assert (status, out.split(":")[0]) == (1, "UNTRUSTED-KEY")
    assert "apitrail key show" in err
    assert command("verify", "--key", "junk")[0] == 2


def test_since_must_be_continued(command, trail, tmp_path):
    (tmp_path / "old").write_bytes((trail / "checkpoint").read_bytes())
    trails.make(trail, 2, first=9, signer=Keys.of(trail).signer(), clock=places.clock)
    assert command("verify", "--since", str(tmp_path / "old"))[0] == 0
    (tmp_path / "old").write_bytes(b"\xff\x00")
    assert command("verify", "--since", str(tmp_path / "old"))[0] == 2


def test_no_trail_is_misuse(command, tmp_path):
    status, _, err = command("verify", "--trail", str(tmp_path / "nothing"))
    assert status == 2
    assert "no trail at" in err


def test_generate_never_overwrites(command):
    status, _, err = command("key", "generate")
    assert status == 2
    assert "is there already" in err


def test_an_unknown_log_becomes_known_by_its_key(command, tmp_path, monkeypatch):
    _, vkey, _ = command("key", "show")
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "auditor"))
    assert command("verify")[1].startswith("UNTRUSTED-KEY")
    assert command("key", "trust", vkey.strip())[0] == 0
    assert command("verify")[1].startswith("OK")


def test_rotation_is_followed(command):
    before = command("key", "show")[1]
    status, after, _ = command("key", "rotate")
    assert status == 0
    assert after != before
    assert command("key", "show")[1] == after
    assert command("verify", "--key", before.strip())[0] == 0
    assert command("verify")[0] == 0


def test_erase_asks_first(command):
    status, _, err = command("erase", ID)
    assert status == 2
    assert "--yes" in err
    assert command("erase", ID, "--facet", "resbody", "--yes")[0] == 0
    assert command("verify")[1].startswith("OK with 1 erasure:")


def test_prune_says_what_it_would_do(command):
    assert "5 entries would be erased" in command("prune", "--before", "now", "--dry-run")[2]
    assert command("prune", "--before", "now", "--yes")[0] == 0
    assert command("verify")[1].startswith("OK with 5 erasures:")
    assert "0 entries would be erased" in command("prune", "--before", "now", "--yes")[2]


def test_recover_does_nothing_to_a_sound_trail(command):
    assert "nothing is lost" in command("recover", "--yes")[2]


def test_beside_a_recorder_everything_goes_through_its_door(trail, command):
    """The recorder's key changes under it, and what it appends goes on being signed rightly."""

    async def main() -> list[int]:
        held = await maintenance.enter(trail)
        door = Door(trail, held.operations())
        async with held.trail as opened:
            await door.open()
            statuses = []
            for words in (
                ("erase", ID, "--yes"),
                ("key", "rotate"),
                ("prune", "--before", "now", "--yes"),
                ("erase", "ffffffff", "--yes"),
                ("recover", "--yes"),
                ("verify",),
            ):
                await opened.append(trails.draft(100 + len(statuses)))
                said = await asyncio.to_thread(command, *words)
                statuses.append(said[0])
            await door.close()
        return statuses

    assert asyncio.run(main()) == [0, 0, 0, 2, 2, 0]
    status, out, _ = command("verify")
    assert (status, out.startswith("OK with ")) == (0, True), out
    with Reader(trail) as reader:
        assert reader.size == 8 + 6 + 3


def test_a_new_log_becomes_known_as_it_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))

    async def main(directory: Path) -> None:
        directory.mkdir()
        async with (await maintenance.enter(directory)).trail as opened:
            await opened.append(trails.book("open", configuration={"heartbeat": 60}))
            await opened.append(trails.book("close"))

    asyncio.run(main(tmp_path / "trail"))
    assert run(["--trail", str(tmp_path / "trail"), "verify"]) == 0
