"""What a recorder's memory comes to when it has met every service: `make memory`.

A few operations of each service that botocore knows, as botocore sends them, through a recorder that
runs by itself to a server that answers `200`. SERVICES=… and CALLS=… (of each service) for fewer; WORKERS=…
for a recorder with workers. Each process is told by itself: what is resident, and its share of what it shares.
"""

from __future__ import annotations

import os
import random
import re
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from apitrail.exchange import Request
from aws.generator import Generator
from aws.wire import Wire
from benchmarks.server import family
from machine import Machine

CALLS = int(os.environ.get("CALLS", "4"))
SERVICES = int(os.environ.get("SERVICES", "1000"))
ROUNDS = int(os.environ.get("ROUNDS", "2"))
WORKERS = os.environ.get("WORKERS", "0")


class Always(BaseHTTPRequestHandler):
    """Answers whatever comes with an empty object."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer it."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

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


def main() -> int:
    """Print the memory before, after each round, and at its most."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Always)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory(dir=os.environ.get("SCALE_DIR")) as made:
        machine = Machine(Path(made) / "home", url)
        options = ("--mode", "regular@0", "--upstream", url, "--workers", WORKERS)
        with machine.recording(*options) as recorder:
            pid, port = recorder.process.pid, int(recorder.urls[0].rpartition(":")[2])
            _tell(f"{memory(pid)} before")
            for _ in range(ROUNDS):
                calls = 0
                services: set[str] = set()
                for service, request in requests():
                    send(port, request)
                    calls, services = calls + 1, services | {service}
                _tell(f"{calls} calls to {len(services)} services: {memory(pid)}")
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
