"""What a recorder's memory comes to: `make memory`.

- `services`: a few operations of each service that botocore knows, as botocore sends them. SERVICES=… and CALLS=… (of
  each service) for fewer.
- `bodies`: an object of GIGABYTES=5 is uploaded, and one is downloaded.
- `load`: small calls at RATE=100 a second for SECONDS=3600.

PARTS="bodies load" chooses. Each part has a recorder of its own, before a server that answers `200`; WORKERS=1 gives it a
worker. Each process is told by itself: what is resident, and its share of what it shares.
"""

from __future__ import annotations

import os
import random
import re
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
# A recorder that is forked from a process with modules of tests in it has theirs too.
os.environ["FRESH"] = "1"

from apitrail.exchange import Request
from aws.generator import Generator
from aws.wire import Wire
from benchmarks.loading import ITEM, at_pace
from benchmarks.server import family
from machine import Machine, Recorder

CALLS = int(os.environ.get("CALLS", "4"))
SERVICES = int(os.environ.get("SERVICES", "1000"))
ROUNDS = int(os.environ.get("ROUNDS", "2"))
WORKERS = os.environ.get("WORKERS", "0")
PARTS = os.environ.get("PARTS", "services bodies load").split()
GIGABYTES = float(os.environ.get("GIGABYTES", "5"))
RATE = float(os.environ.get("RATE", "100"))
SECONDS = float(os.environ.get("SECONDS", "3600"))
MB = 1_000_000
BLOCK = os.urandom(MB)
# The object that is uploaded and downloaded.
OBJECT = "http://films.s3.eu-west-1.amazonaws.com/film"


class Always(BaseHTTPRequestHandler):
    """Answers whatever comes: an object with its bytes, all else with an empty object of JSON."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer it."""
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            left -= len(self.rfile.read(min(left, MB)))
        blocks = round(GIGABYTES * 1000) if self.command == "GET" and self.path == "/film" else 0
        self.send_response(200)
        self.send_header("Content-Length", str(blocks * MB or len(ITEM)))
        self.end_headers()
        if not blocks:
            self.wfile.write(ITEM)
        for _ in range(blocks):
            self.wfile.write(BLOCK)

    do_GET = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_POST  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def requests() -> Iterator[tuple[str, Request]]:
    """A few calls to each service."""
    wire = Wire()
    for service in wire.session.get_available_services()[:SERVICES]:
        client = wire.client(service)
        names = client.meta.service_model.operation_names
        for name in random.Random(service).sample(list(names), min(CALLS, len(names))):
            operation = client.meta.service_model.operation_model(name)
            parameters = Generator(f"{service} {name}").parameters(operation)
            try:
                yield service, wire.send(client, name, parameters).request
            except Exception as error:  # noqa: BLE001 - botocore itself refuses some of what was made
                _tell(f"{service}:{name} was not made: {type(error).__name__}")


def send(port: int, request: Request) -> None:
    """Send a request to the recorder as to a proxy, and read its answer to the end."""
    host = request.host.partition(":")[0]
    lines = [f"{request.method} http://{host}{request.target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{n}: {v}" for n, v in request.headers if n.lower() not in _OWN]
    lines += [f"Content-Length: {request.body.length}", "Connection: close", "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall("\r\n".join(lines).encode("utf-8", "replace") + request.body.data)
        while connection.recv(65536):
            pass


_OWN = frozenset({"host", "content-length", "transfer-encoding", "expect", "connection"})


def services(recorder: Recorder) -> None:
    """Calls to every service, some rounds of them."""
    for _ in range(ROUNDS):
        calls = 0
        met: set[str] = set()
        for service, request in requests():
            send(_port(recorder), request)
            calls, met = calls + 1, met | {service}
        _tell(f"{calls} calls to {len(met)} services: {memory(recorder.process.pid)}")


def bodies(recorder: Recorder) -> None:
    """An object up, and one down."""
    for method, length in (("PUT", round(GIGABYTES * 1000)), ("GET", 0)):
        head = f"{method} {OBJECT} HTTP/1.1\r\nHost: {OBJECT.split('/')[2]}\r\nContent-Length: {length * MB}\r\n"
        with socket.create_connection(("127.0.0.1", _port(recorder)), timeout=600) as connection:
            connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
            for _ in range(length):
                connection.sendall(BLOCK)
            answered = 0
            while got := connection.recv(MB):
                answered += len(got)
        _tell(f"{method}, {length} MB up, {answered // MB} MB down: {memory(recorder.process.pid)}")


def load(recorder: Recorder) -> None:
    """Small calls at a pace; told twelve times."""
    for turn in range(1, 13):
        at_pace(_port(recorder), RATE, SECONDS / 12)
        _tell(f"{RATE * SECONDS * turn / 12:,.0f} calls: {memory(recorder.process.pid)}")


def _port(recorder: Recorder) -> int:
    return int(recorder.urls[0].rpartition(":")[2])


def main() -> int:
    """Print the memory before, and after each step of each part."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Always)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    forward = ("--mode", "regular@0", "--upstream", url)
    ways: dict[str, tuple[tuple[str, ...], Callable[[Recorder], None]]] = {
        "services": (forward, services),
        "bodies": (forward, bodies),
        "load": (("--mode", f"reverse:{url}@0"), load),
    }
    for part in PARTS:
        options, run = ways[part]
        with tempfile.TemporaryDirectory(dir=os.environ.get("SCALE_DIR")) as made:
            machine = Machine(Path(made) / "home", url)
            with machine.recording(*options, "--workers", WORKERS) as recorder:
                _tell(f"{part}: {memory(recorder.process.pid)} before")
                run(recorder)
    return 0


def memory(pid: int) -> str:
    """What each process of a recorder has."""
    return ", ".join(_of_one(each) for each in family(pid))


def _of_one(pid: int) -> str:
    told = Path(f"/proc/{pid}/status").read_text() + Path(f"/proc/{pid}/smaps_rollup").read_text()
    resident, most, share = (
        int(found[1]) // 1024 if (found := re.search(rf"\b{name}:\s+(\d+)", told)) else 0
        for name in ("VmRSS", "VmHWM", "Pss")
    )
    return f"{resident} MB (share {share}, at its most {most})"


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
