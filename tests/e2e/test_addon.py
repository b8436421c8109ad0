"""The same recording inside a real mitmdump: `mitmdump -s addons/record.py`."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from machine import BIN, clean, free_port
from proxying import AWS, OK, Upstream, call, calls, connect, http, kinds, put, request, upstream

ADDON = Path(__file__).parents[2] / "addons" / "record.py"


@dataclass
class Dump:
    """A running mitmdump."""

    process: asyncio.subprocess.Process
    port: int
    output: list[str]

    async def until(self, words: str) -> None:
        """Read its log up to a line that says so."""
        assert self.process.stdout is not None
        async with asyncio.timeout(10):
            while line := await self.process.stdout.readline():
                self.output.append(line.decode())
                if words in self.output[-1]:
                    return
        raise AssertionError("".join(self.output))


@asynccontextmanager
async def mitmdump(
    directory: Path,
    stub: Upstream,
    *options: str,
    script: Path = ADDON,
    until: str = "listening at",
) -> AsyncIterator[Dump]:
    """mitmdump in reverse mode before an upstream, stopped as a user stops it."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        str(BIN / "mitmdump"), "-s", str(script), "--set", f"confdir={directory / 'confdir'}",
        "--set", f"apitrail={directory / 'trail'}", "--mode", f"reverse:{stub.url}@127.0.0.1:{port}",
        *options, env={**clean(), "HOME": str(directory), "PYTHONUNBUFFERED": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    dump = Dump(process, port, [])
    try:
        await dump.until(until)
        yield dump
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        async with asyncio.timeout(10):
            dump.output.append((await process.stdout.read()).decode())
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ask(dump: Dump, sent: bytes) -> bytes:
    """Send one call until mitmdump has opened the trail: before, nothing passes."""
    while True:
        async with connect(dump.port) as client:
            await client.send(sent)
            answer = await client.message()
        if b"not open yet" not in answer:
            return answer


def test_calls_are_recorded(tmp_path):
    async def scenario() -> None:
        async with upstream() as stub, mitmdump(tmp_path, stub) as dump:
            assert await ask(dump, request()) == OK
            assert await ask(dump, put(b"x" * 500_000)) == OK
            assert stub.seen == [request(), put(b"x" * 500_000)]

    asyncio.run(scenario())
    assert kinds(tmp_path / "trail") == ["open", "api", "api", "close"]
    small, large = calls(tmp_path / "trail")
    assert http(small)["host"] == AWS
    assert http(large)["body"]["length"] == 500_000


def test_what_is_really_sent_is_recorded(tmp_path):
    """Behind map_remote and modify_headers, wherever the script stands on the command line."""

    async def scenario() -> str:
        async with (
            upstream() as stub,
            upstream() as other,
            mitmdump(
                tmp_path, stub, "--map-remote", f"|//[^/]*/|//localhost:{other.port}/mapped/",
                "--modify-headers", "/~q/X-Added/yes",
            ) as dump,
        ):  # fmt: skip
            assert await ask(dump, request()) == OK
            assert (stub.seen, len(other.seen)) == ([], 1)
            assert b"X-Added: yes" in other.seen[0]
            return other.url

    url = asyncio.run(scenario())
    [event] = calls(tmp_path / "trail")
    assert call(event)["upstream"] == url
    assert http(event)["target"] == "/mapped/"
    assert ["X-Added", "yes"] in http(event)["headers"]


def test_nothing_passes_where_the_trail_cannot_be_opened(tmp_path):
    (tmp_path / "trail").write_text("no directory")

    async def scenario() -> None:
        async with upstream() as stub:
            async with mitmdump(tmp_path, stub, until="apitrail: ") as dump:
                assert "cannot make a trail" in dump.output[-1]
            assert stub.seen == []

    asyncio.run(scenario())


def test_a_script_that_breaks_while_it_runs_opens_no_hole(tmp_path):
    script = tmp_path / "record.py"
    shutil.copy(ADDON, script)

    async def scenario() -> None:
        async with upstream() as stub, mitmdump(tmp_path, stub, script=script) as dump:
            assert await ask(dump, request()) == OK
            script.write_text("this is no Python")
            await dump.until("SyntaxError")
            assert await ask(dump, request()) == OK
            shutil.copy(ADDON, script)
            await dump.until("Loading script")
            assert await ask(dump, request()) == OK
            assert len(stub.seen) == 3

    asyncio.run(scenario())
    assert kinds(tmp_path / "trail") == ["open", "api", "api", "api", "close"]


def test_the_script_imports_the_package_and_not_itself():
    found = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ADDON.parent)!r}); import apitrail; print(apitrail.__file__)"],
        capture_output=True, text=True, check=True, env=clean(),
    )  # fmt: skip
    assert found.stdout.strip().endswith("apitrail/__init__.py")
