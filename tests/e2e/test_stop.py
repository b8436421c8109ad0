"""`apitrail record` from its first line to its last."""

from __future__ import annotations

import http.server
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from machine import Machine, boto3, free_port, until

ANSWER = (
    b"<GetCallerIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>"
    b"<GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult>"
    b"</GetCallerIdentityResponse>"
)


@dataclass
class Slow:
    """An upstream that has been asked, and answers when it is told to."""

    url: str
    asked: threading.Event = field(default_factory=threading.Event)
    answer: threading.Event = field(default_factory=threading.Event)


@contextmanager
def slow() -> Iterator[Slow]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            upstream.asked.set()
            upstream.answer.wait(60)
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(ANSWER)))
            self.end_headers()
            self.wfile.write(ANSWER)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        upstream = Slow(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield upstream
        finally:
            upstream.answer.set()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("workers", ["0", "1"])
def test_sigterm_waits_for_a_call_in_flight_and_closes_the_log(
    machine: Machine, workers: str
) -> None:
    options = ("--mode", "regular@0", "--workers", workers)
    with (
        slow() as upstream,
        machine.recording("--upstream", upstream.url, *options) as recorder,
    ):
        client = machine.start(
            "apitrail", "exec", "--",
            *boto3("print(boto3.client('sts').get_caller_identity()['Account'])"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert upstream.asked.wait(60)
        recorder.process.send_signal(signal.SIGTERM)
        # Its door closes first: that is how we know that it is stopping.
        until(lambda: not (machine.trail / "recorder.json").exists())
        assert machine.names() == []
        upstream.answer.set()
        out, _ = client.communicate(timeout=60)
        status, said = recorder.wait()
    assert (client.returncode, out) == (0, "123456789012\n")
    assert status == 0
    assert said.splitlines()[-1] == "apitrail: stopped after 1 call"
    assert machine.names() == ["GetCallerIdentity"]
    assert machine.entries()[-2:] == ["api", "close"]
    assert machine.apitrail("verify").stdout.startswith("OK")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_idle_recorder_stops_at_once_with_close(
    machine: Machine, number: signal.Signals
) -> None:
    with machine.recording("--mode", "regular@0") as recorder:
        status, _ = recorder.stop(number)
    assert status == 0
    assert machine.entries() == ["open", "close"]
    assert not (machine.trail / "recorder.json").exists()
    assert not (machine.trail / "control.sock").exists()


def test_it_says_where_it_listens_and_that_is_on_this_machine_only(machine: Machine) -> None:
    one, other = free_port(), free_port()
    reverse = f"reverse:{machine.endpoint}@{other}"
    with machine.recording("--mode", f"regular@{one}", "--mode", reverse) as recorder:
        assert recorder.lines[:2] == [
            f"apitrail: recording regular@{one} on 127.0.0.1:{one} into {machine.trail}\n",
            f"apitrail: recording {reverse} on 127.0.0.1:{other} into {machine.trail}\n",
        ]


def test_the_directory_holds_the_certificate_alone_and_the_key_for_nobody_else(
    machine: Machine,
) -> None:
    with machine.recording("--mode", "regular@0"):
        certificate = (machine.trail / "ca-cert.pem").read_text()
        assert "BEGIN CERTIFICATE" in certificate
        assert "PRIVATE KEY" not in certificate
        keys = [
            path for path in machine.trail.rglob("*")
            if path.is_file() and b"PRIVATE KEY" in path.read_bytes()
        ]  # fmt: skip
        assert keys
        assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
        assert machine.trail.stat().st_mode & 0o777 == 0o700
