"""`--log-format json`: every line on stderr is an object, the error that ends a command too."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest

from apitrail.__main__ import run
from apitrail.cli import recording
from apitrail.log_lines import Log
from apitrail.recording.settings import Settings
from apitrail.trail import control
from proxying import recording as recorder


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_recorder_says_where_it_listens_and_what_it_did(tmp_path, capsys):
    async def scenario() -> None:
        async with recorder(tmp_path):
            pass  # a trail with a CA
        said: list[str] = []
        listening = asyncio.Event()
        loop = asyncio.get_running_loop()

        def write(line: str) -> None:
            said.append(line)
            print(line)
            if "eval" in line:
                loop.call_soon(listening.set)

        log = Log(write, lambda: 0, as_json=True)
        settings = Settings(modes=("regular@127.0.0.1:0",))
        work = asyncio.create_task(recording._record(tmp_path, settings, log))
        async with asyncio.timeout(30):
            await listening.wait()
            await asyncio.to_thread(control.ask, tmp_path, "stop")
            await work

    asyncio.run(scenario())
    out, err = capsys.readouterr()
    told = {each["event"]: each for each in lines(out) if "event" in each}
    assert told["listening"]["mode"] == "regular@127.0.0.1:0"
    assert told["listening"]["host"] == "127.0.0.1"
    assert (told["stopped"]["reason"], told["stopped"]["calls"]) == ("apitrail stop", 0)
    assert err == ""


@pytest.fixture
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


@pytest.mark.parametrize("by", ["option", "file"])
def test_the_error_that_ends_it_is_a_line_too(tmp_path, capsys, taken, by):
    file = tmp_path / "config.toml"
    file.write_text('log_format = "json"' if by == "file" else "")
    options = ["--log-format", "json"] if by == "option" else []
    command = ["record", "--config", str(file), "--mode", f"regular@{taken}", *options]
    assert run(["--trail", str(tmp_path / "trail"), *command]) == 2
    out, err = capsys.readouterr()
    [line] = lines(err)
    assert out == ""
    assert line["level"] == "error"
    assert str(line["message"]).startswith(f"cannot listen as 'regular@{taken}'")
    assert str(line["hint"]).startswith("another port")


def test_the_option_goes_before_the_file(tmp_path, capsys, taken):
    file = tmp_path / "config.toml"
    file.write_text('log_format = "json"')
    command = ["record", "--config", str(file), "--mode", f"regular@{taken}"]
    assert run(["--trail", str(tmp_path / "trail"), *command, "--log-format", "text"]) == 2
    assert capsys.readouterr().err.startswith("apitrail: cannot listen")


def test_a_format_that_is_none_is_refused(tmp_path, capsys):
    (tmp_path / "config.toml").write_text('log_format = "xml"')
    command = ["record", "--config", str(tmp_path / "config.toml")]
    assert run(["--trail", str(tmp_path / "trail"), *command]) == 2
    assert "log_format cannot be 'xml'" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["serve", "playback"])
def test_servers_of_a_trail_have_it_too(tmp_path, capsys, command):
    assert run(["--trail", str(tmp_path / "none"), command, "--log-format", "json"]) == 2
    [line] = lines(capsys.readouterr().err)
    assert line["level"] == "error"


def test_no_token_is_made_into_a_log(tmp_path, capsys):
    command = ["serve", "--log-format", "json", "--listen", "0.0.0.0:0"]
    assert run(["--trail", str(tmp_path), *command]) == 2
    [line] = lines(capsys.readouterr().err)
    assert line["message"] == "a token that is made here would be written into the log"
    assert line["hint"] == "--token-file FILE"
