"""Whoever changes the file of a guard is told that it does not count yet."""

from __future__ import annotations

import asyncio

from apitrail.policy.loading import load
from apitrail.recording.changed_guards import ChangedGuards
from proxying import recording

TEXT = '{"Statement": [{"Effect": "Deny", "Action": "iam:*"}]}'


def test_each_change_of_a_file_is_told_once(tmp_path):
    path, told = tmp_path / "mine.json", []
    path.write_text(TEXT)
    guards = load([str(path), "read-only"], {})
    watched = ChangedGuards(guards, lambda text, _level="info": told.append(text))

    watched.look()
    path.write_text(TEXT.replace("iam", "s3"))
    watched.look()
    watched.look()
    path.unlink()
    watched.look()
    path.write_text(TEXT)
    watched.look()

    assert [text.partition(":")[0] for text in told] == [
        "the file of guard 'mine' has changed", "the file of guard 'mine' is gone",
    ]  # fmt: skip


def test_a_recorder_says_so(tmp_path, capfd):
    path = tmp_path / "mine.json"
    path.write_text(TEXT)
    guards = load([str(path)], {})
    path.write_text(f"{TEXT} ")

    async def scenario():
        async with recording(tmp_path / "trail", guards=guards):
            pass

    asyncio.run(scenario())
    said = capfd.readouterr().err
    assert "apitrail: the file of guard 'mine' has changed: the guard holds as it was read" in said
