"""The door of a recorder: who asks, what is answered, and what is seen of who goes away."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import socket
from pathlib import Path
from typing import Any

import pytest

from apitrail.errors import UsageError
from apitrail.trail import control
from apitrail.trail.control import Door


async def echo(request: dict[str, Any]) -> dict[str, Any]:
    if request.get("refuse"):
        raise UsageError("it will not", hint="ask again")
    return {"heard": request}


async def through(door: Door, question: Any, *arguments: Any, **fields: Any) -> Any:
    await door.open()
    try:
        return await asyncio.to_thread(question, *arguments, **fields)
    finally:
        await door.close()


def test_a_question_is_answered_and_nothing_is_left(tmp_path: Path) -> None:
    answer = asyncio.run(
        through(Door(tmp_path, {"echo": echo}), control.ask, tmp_path, "echo", a=1)
    )
    assert answer == {"heard": {"a": 1}}
    assert list(tmp_path.iterdir()) == []


def test_a_trail_may_be_deep_and_so_may_the_directory_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of a socket may not be long."""
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    answer = asyncio.run(through(Door(deep, {"echo": echo}), control.ask, deep, "echo"))
    assert answer == {"heard": {}}
    assert list(deep.iterdir()) == []


def test_nobody_answers_where_no_recorder_runs(tmp_path: Path) -> None:
    assert control.ask(tmp_path, "echo") is None
    assert control.end(tmp_path) is None
    (tmp_path / control.FILE).write_text('{"pid": 1, "control": "/no/such/socket"}')
    assert control.ask(tmp_path, "echo") is None


def test_a_recorder_that_stands_still_is_none_that_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ANSWER_TIMEOUT", 0.1)
    with socket.socket(socket.AF_UNIX) as stopped:
        stopped.bind(str(tmp_path / "s"))
        stopped.listen()
        (tmp_path / control.FILE).write_text(json.dumps({"pid": 7, "control": str(tmp_path / "s")}))
        for question in (lambda: control.ask(tmp_path, "echo"), lambda: control.end(tmp_path)):
            with pytest.raises(UsageError, match=r"process 7\) has not answered within 0.1 s"):
                question()


@pytest.mark.parametrize(
    ("op", "told"), [("echo", "it will not"), ("other", "does not know this request")]
)
def test_a_refusal_is_an_error_with_its_hint(tmp_path: Path, op: str, told: str) -> None:
    door = Door(tmp_path, {"echo": echo})
    with pytest.raises(UsageError, match=told):
        asyncio.run(through(door, control.ask, tmp_path, op, refuse=True))


def test_the_door_is_for_its_owner_alone(tmp_path: Path) -> None:
    async def modes() -> set[int]:
        door = Door(tmp_path, {})
        await door.open()
        found = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        await door.close()
        return found

    assert asyncio.run(modes()) == {0o600}


def test_an_asker_that_goes_away_is_noticed(tmp_path: Path) -> None:
    gone: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def run() -> dict[str, Any]:
        door = Door(tmp_path, {"echo": echo}, left={"echo": left})
        await door.open()
        await asyncio.to_thread(_hold_and_leave, tmp_path)
        found = await gone.get()
        await door.close()
        return found

    async def left(answer: dict[str, Any]) -> dict[str, Any]:
        gone.put_nowait(answer)
        return {}

    assert asyncio.run(run()) == {"heard": {"hold": True}}


def _hold_and_leave(directory: Path) -> None:
    with control.hold(directory, "echo", hold=True):
        pass


def test_a_line_that_is_no_question_does_no_harm(tmp_path: Path) -> None:
    async def run() -> Any:
        door = Door(tmp_path, {"echo": echo})
        await door.open()
        await asyncio.to_thread(_babble, tmp_path / "control.sock")
        answer = await asyncio.to_thread(control.ask, tmp_path, "echo")
        await door.close()
        return answer

    assert asyncio.run(run()) == {"heard": {}}


def _babble(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(b"\xff not a question\n")
        assert b"does not know this request" in connection.recv(1000)


def test_who_decides_is_whom_the_kernel_says(tmp_path):
    async def echo(request):
        return request

    async def main():
        door = control.Door(tmp_path, {"decide": echo, "status": echo})
        await door.open()
        said = [
            await asyncio.to_thread(control.ask, tmp_path, op, uid=4711)
            for op in ("decide", "status")
        ]
        await door.close()
        return said

    decided, told = asyncio.run(main())
    assert decided["uid"] == os.getuid()
    assert told["uid"] == 4711
    assert control.account(os.getuid()) == pwd.getpwuid(os.getuid()).pw_name
    assert control.account(4_000_000_000) == "4000000000"
    assert control.account("root") is None
