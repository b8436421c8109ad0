"""Small DynamoDB calls, sent to a port in three ways: by wrk, through CONNECT and TLS, and at a pace."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

HOST = "dynamodb.eu-west-1.amazonaws.com"
BODY = b'{"TableName":"orders","Key":{"id":{"S":"2026-11-23"}}}'
SCOPE = "AKIAIOSFODNN7EXAMPLE/20261123/eu-west-1/dynamodb/aws4_request"
FIELDS = {
    "Host": HOST,
    "X-Amz-Target": "DynamoDB_20120810.GetItem",
    "Content-Type": "application/x-amz-json-1.0",
    "User-Agent": "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux lang/python#3.13",
    "X-Amz-Date": "20261123T100000Z",
    "Authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE}, "
    f"SignedHeaders=host;x-amz-date, Signature={'ab' * 32}",
    "Content-Length": str(len(BODY)),
}
CALL = (
    "POST / HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in FIELDS.items()) + "\r\n"
).encode() + BODY
ITEM = b'{"Item":{"id":{"S":"2026-11-23"},"total":{"N":"42"}}}'

type Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


@dataclass(frozen=True, slots=True)
class Load:
    """Of one turn: how many calls were answered, in how many seconds, and how late, in ms."""

    calls: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds

    @classmethod
    def of(cls, latencies: list[float], seconds: float) -> Load:
        """Of the latencies of each call, in seconds."""
        found = sorted(latencies)
        at = [found[int(share * (len(found) - 1))] * 1000 for share in (0.5, 0.99)]
        return cls(len(found), seconds, *at)


def by_wrk(port: int, connections: int, seconds: float, scratch: Path) -> Load:
    """As fast as answers come, on so many connections; without wrk, by our own client."""
    if shutil.which("wrk") is None:
        return by_clients(_plain(port), connections, seconds)
    script = scratch / "calls.lua"
    script.write_text(_lua())
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script)]
    told = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/"], check=True, capture_output=True, text=True
    ).stdout
    found = json.loads(told.splitlines()[-1])
    if found["failed"]:
        raise SystemExit(f"{found['failed']} calls failed on port {port}")
    return Load(found["calls"], found["us"] / 1e6, found["p50"] / 1000, found["p99"] / 1000)


def _lua() -> str:
    headers = "".join(
        f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}\n"
        for name, value in FIELDS.items() if name != "Content-Length"
    )  # fmt: skip
    return f"""wrk.method = "POST"
wrk.body = {json.dumps(BODY.decode())}
{headers}
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('{{"calls":%d,"us":%d,"p50":%d,"p99":%d,"failed":%d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def through_tls(port: int, target: int, connections: int, seconds: float) -> Load:
    """Through the proxy on `port` by CONNECT, with TLS to whoever answers for the target."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"CONNECT 127.0.0.1:{target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        await writer.start_tls(context, server_hostname="127.0.0.1")
        return reader, writer

    return by_clients(connect, connections, seconds)


def _plain(port: int) -> Connect:
    return lambda: asyncio.open_connection("127.0.0.1", port)


def by_clients(connect: Connect, connections: int, seconds: float) -> Load:
    """As fast as answers come, by clients of this process."""
    latencies: list[float] = []

    async def client(end: float) -> None:
        reader, writer = await connect()
        while (start := time.perf_counter()) < end:
            await _call(reader, writer)
            latencies.append(time.perf_counter() - start)
        writer.close()

    async def all_of_them() -> None:
        end = time.perf_counter() + seconds
        await asyncio.gather(*(client(end) for _ in range(connections)))

    asyncio.run(all_of_them())
    return Load.of(latencies, seconds)


async def _call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(CALL)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"a call failed: {head[:100]!r}")
    await reader.readexactly(len(ITEM))


def at_pace(port: int, rate: float, seconds: float) -> Load:
    """So many calls a second, each on a connection that is free: an answer that is late delays none."""
    latencies: list[float] = []

    async def one(idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> None:
        start = time.perf_counter()
        pair = await idle.get()
        await _call(*pair)
        latencies.append(time.perf_counter() - start)
        idle.put_nowait(pair)

    async def all_of_them() -> None:
        idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        for _ in range(16):
            idle.put_nowait(await asyncio.open_connection("127.0.0.1", port))
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(int(rate * seconds)):
                await asyncio.sleep(began + number / rate - time.perf_counter())
                group.create_task(one(idle))

    asyncio.run(all_of_them())
    return Load.of(latencies, seconds)
