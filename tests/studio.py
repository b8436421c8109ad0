"""Recordings of real boto3 calls: moto answers in this process, the real recorder writes the trail.

It knows no test; calls go through no proxy, so that a story is recorded in a second.
"""

from __future__ import annotations

import asyncio
import io
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from apitrail.exchange import Body, Exchange, Request, Response
from apitrail.identity import Known
from apitrail.query import Filter
from apitrail.recording.recorder import Recorder
from apitrail.redact import Redactor
from apitrail.replay.recorded import Recorded, in_order, read
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail
from aws.wire import Wire

T0 = 1_795_300_000_000
REGION = "eu-central-1"
KEY = "AKIAIOSFODNN7EXAMPLE"


class _Stream(io.BytesIO):
    def stream(self, size: int = 1024, decode_content: bool = False) -> Iterator[bytes]:
        while chunk := self.read(size):
            yield chunk


@dataclass
class Studio:
    """Clients whose calls are kept as exchanges, one second after the other."""

    exchanges: list[Exchange] = field(default_factory=list)
    _sent: Request | None = None

    def client(self, service: str, region: str = REGION, **options: Any) -> Any:
        session = boto3.Session(KEY, "secret", region_name=region)
        client = session.client(service, **options)
        client.meta.events.register_first("before-send", self._send)
        client.meta.events.register_last("before-parse", self._answer)
        return client

    def _send(self, request: Any, **_: Any) -> None:
        self._sent = Wire.request(request)
        if hasattr(request.body, "seek"):
            request.body.seek(0)

    def _answer(self, response_dict: dict[str, Any], **_: Any) -> None:
        body = response_dict["body"]
        if not isinstance(body, bytes):
            body = body.read()
            response_dict["body"] = _Stream(body)
        headers = tuple((str(n), str(v)) for n, v in response_dict["headers"].items())
        assert self._sent is not None
        self.add(
            self._sent,
            Response(
                status=response_dict["status_code"], http_version="HTTP/1.1",
                headers=headers, body=Body.of(body),
            ),
        )  # fmt: skip

    def add(self, request: Request, response: Response | None, **fields: Any) -> None:
        """An exchange a second after the one before."""
        started = T0 + 1000 * len(self.exchanges)
        self.exchanges.append(
            Exchange(
                **{
                    "id": str(uuid.uuid4()), "started": started, "ended": started + 5,
                    "client": "127.0.0.1", "request": request, "response": response,
                    "upstream": f"https://{request.host}:443",
                }
                | fields
            )
        )  # fmt: skip

    def record(self, directory: Path) -> Path:
        """Write a trail of these exchanges."""
        return record(directory, self.exchanges)


def record(directory: Path, exchanges: Sequence[Exchange]) -> Path:
    """A trail of these exchanges, by the real recorder and with real keys."""
    keys = Keys.of(directory)
    now = iter(range(T0 + 10_000_000, T0 + 100_000_000))

    async def work() -> None:
        directory.mkdir(parents=True, exist_ok=True)
        signer, clock = keys.signer(), lambda: next(now)
        async with await Trail.open(directory, signer=signer, clock=clock) as trail:
            recorder = Recorder(trail, Redactor(keys.redaction()), Known(), clock)
            await recorder.start()
            for exchange in exchanges:
                await recorder.finish(await recorder.begin(exchange), exchange)
            await recorder.stop("the end")

    asyncio.run(work())
    return directory


def calls(directory: Path) -> list[Recorded]:
    """The recorded calls, oldest first."""
    with Reader(directory) as reader:
        return list(read(reader, in_order(reader, reader.select(Filter()))))


def recorded(**fields: Any) -> Recorded:
    """A call that went well, with these fields."""
    return Recorded(**{"event_id": str(uuid.uuid4()), "started": T0, "status": 200} | fields)
