"""What recording costs on the way: `python -m benchmarks.proxy [SECONDS]` prints one run's ratios.

The same small DynamoDB calls go to a tiny upstream directly, through stock mitmdump that records
nothing, and through the recorder, over kept-alive connections in turns. A shared machine's figures
drift; the ratios of one run are what counts.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
CLIENTS = (1, 16)
TURNS = 3
BODY = b'{"TableName":"orders","Key":{"id":{"S":"2026-11-23"}}}'
SCOPE = "AKIAIOSFODNN7EXAMPLE/20261123/eu-west-1/dynamodb/aws4_request"
HEAD = (
    "POST / HTTP/1.1\r\nHost: dynamodb.eu-west-1.amazonaws.com\r\n"
    "X-Amz-Target: DynamoDB_20120810.GetItem\r\nContent-Type: application/x-amz-json-1.0\r\n"
    "User-Agent: Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux lang/python#3.13\r\n"
    "X-Amz-Date: 20261123T100000Z\r\nAuthorization: AWS4-HMAC-SHA256 "
    f"Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature={'ab' * 32}\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n"
)
CALL = HEAD.encode() + BODY
ITEM = b'{"Item":{"id":{"S":"2026-11-23"},"total":{"N":"42"}}}'
ANSWER = (
    b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: A1B2C3\r\nContent-Type: application/x-amz-json-1.0\r\n"
    b"Content-Length: %d\r\n\r\n" % len(ITEM)
) + ITEM


class Upstream(asyncio.Protocol):
    """Answers every call alike."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._left = transport, 0

    def data_received(self, data: bytes) -> None:
        # Calls are all of one size, but a proxy may write head and body apart.
        self._left += data.count(b"\r\n\r\n")
        if data.endswith(b"}") and self._left:
            self._transport.write(ANSWER * self._left)
            self._left = 0


@dataclass(frozen=True)
class Figures:
    """Of one turn: calls a second, and latencies in seconds."""

    rate: float
    latencies: list[float]

    def at(self, share: float) -> float:
        """A quantile of the latencies, in milliseconds."""
        return sorted(self.latencies)[int(share * (len(self.latencies) - 1))] * 1000


async def load(port: int, clients: int, seconds: float) -> Figures:
    """Call as fast as answers come, on so many connections."""
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (start := time.perf_counter()) < end:
            writer.write(CALL)
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(len(ITEM))
            latencies.append(time.perf_counter() - start)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return Figures(len(latencies) / seconds, latencies)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(port: int, *command: str) -> Iterator[int]:
    """A server process, from when it listens on `port`."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise SystemExit(f"ended at once: {' '.join(command)}")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def servers(stack: ExitStack, directory: Path) -> dict[str, int]:
    """The ways to the upstream, by name, with their ports."""
    up, stock, ours = free_port(), free_port(), free_port()
    stack.enter_context(running(up, sys.executable, "-m", "benchmarks.proxy", "upstream", str(up)))
    target = f"reverse:http://127.0.0.1:{up}@127.0.0.1"
    stack.enter_context(
        running(
            stock, str(BIN / "mitmdump"), "-q", "--set", f"confdir={directory / 'stock'}",
            "--set", "keep_host_header=true", "--mode", f"{target}:{stock}",
        )
    )  # fmt: skip
    stack.enter_context(
        running(
            ours, str(BIN / "apitrail"), "--trail", str(directory / "trail"), "record",
            "--mode", f"{target}:{ours}",
        )
    )  # fmt: skip
    return {"direct": up, "mitmdump": stock, "apitrail": ours}


def main(seconds: float) -> None:
    """Run and print."""
    os.environ["APITRAIL_CONFIG"] = os.devnull + ".none"
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        ways = servers(stack, Path(directory))
        for port in ways.values():
            asyncio.run(load(port, 4, 1))  # models are loaded, caches are warm
        for clients in CLIENTS:
            turns: dict[str, list[Figures]] = {name: [] for name in ways}
            for _ in range(TURNS):
                for name, port in ways.items():
                    turns[name].append(asyncio.run(load(port, clients, seconds)))
            report(clients, turns)


def report(clients: int, turns: dict[str, list[Figures]]) -> None:
    """Medians of the turns, and each way's rate as a share of mitmdump's."""

    def median(name: str, figure: str) -> float:
        pick = {"rate": lambda f: f.rate, "p50": lambda f: f.at(0.5), "p99": lambda f: f.at(0.99)}
        return statistics.median(pick[figure](each) for each in turns[name])

    print(f"{clients} connection{'s' if clients > 1 else ''}")
    for name in turns:
        rate, p50, p99 = (median(name, figure) for figure in ("rate", "p50", "p99"))
        print(
            f"  {name:9} {rate:8.0f} calls/s  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  "
            f"added p50 {p50 - median('direct', 'p50'):6.2f} ms  "
            f"{rate / median('mitmdump', 'rate'):5.2f} x mitmdump"
        )


async def serve(port: int) -> None:
    """The upstream, for ever."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:2] == ["upstream"]:
        asyncio.run(serve(int(sys.argv[2])))
    else:
        main(float(sys.argv[1]) if sys.argv[1:] else 3.0)
