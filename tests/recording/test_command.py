"""Finding and running a command as a shell does."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from apitrail.recording.command import CommandError, Signals, find


@pytest.mark.parametrize(
    ("command", "status"), [("nowhere", 127), ("./nowhere", 127), ("./plain", 126)]
)
def test_a_command_that_cannot_be_run_has_the_shells_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, status: int
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain").write_text("text")
    with pytest.raises(CommandError) as told:
        find(command, {"PATH": str(tmp_path)})
    assert told.value.status == status


@pytest.mark.parametrize(("line", "status"), [("exit 7", 7), ("kill -TERM $$", 143)])
def test_a_commands_end_is_its_exit_status(line: str, status: int) -> None:
    async def run() -> int:
        with Signals() as signals:
            return await signals.run(["sh", "-c", line], dict(os.environ), quiet=True)

    assert asyncio.run(run()) == status


def test_a_script_without_an_interpreter_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)

    async def run() -> None:
        with Signals() as signals:
            await signals.run([str(script)], {})

    with pytest.raises(CommandError, match="cannot be run: No such file"):
        asyncio.run(run())
