"""Trails with a real writer, a real key and a clock that is told, and what is made of them."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from apitrail import codec
from apitrail.delivery import export
from apitrail.event import Answered, Asked, Event, What, Who, dump
from apitrail.query import Filter
from apitrail.tlog.note import Signer
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Trail
from apitrail.when import iso

NOON = 1_795_348_800_000
SECOND = 1_000
MINUTE = 60_000
SG = "sg-0123456789abcdef0"


@dataclass
class Story:
    """Entries to be written, each at its time; `at` is the clock in Unix milliseconds."""

    at: int = NOON
    calls: int = 0
    drafts: list[tuple[int, Draft]] = field(default_factory=list)

    def wait(self, milliseconds: int) -> Story:
        self.at += milliseconds
        return self

    def add(self, kind: str, what: Mapping[str, Any]) -> Story:
        self.drafts.append((self.at, Draft(kind=kind, facets={"what": dump(dict(what))})))
        return self

    def open(self, heartbeat: float = 60.0) -> Story:
        return self.add("open", {"apitrail": "0", "configuration": {"heartbeat": heartbeat}})

    def close(self) -> Story:
        return self.add("close", {"reason": "SIGTERM", "calls": self.calls})

    def beat(self, *, in_flight: int = 0, **what: Any) -> Story:
        said = {"calls": self.calls, "tunnelled": {}, "in_flight": in_flight}
        return self.add("heartbeat", said | what)

    def call(
        self,
        name: str = "DescribeInstances",
        *,
        resources: tuple[str, ...] = (),
        of: str = "AWS::EC2::SecurityGroup",
        user: str = "alice",
        read_only: bool | None = None,
        error: str | None = None,
        undetermined: bool = False,
        kind: str = "api",
        answer: Mapping[str, Any] | None = None,
        asked: Mapping[str, Any] | None = None,
        lag: int = 0,
        operator: str | None = None,
        service: str = "ec2",
    ) -> Story:
        self.calls += 1
        event_id = event_id_of(self.calls)
        ended = self.at - lag
        reads = name.startswith(("Describe", "Get", "List")) if read_only is None else read_only
        record = {
            "eventVersion": "1.11", "eventTime": str(iso(ended))[:19] + "Z",
            "eventSource": f"{service}.amazonaws.com", "eventName": name, "awsRegion": "eu-central-1",
            "eventID": event_id, "readOnly": reads,
        }  # fmt: skip
        what: dict[str, Any] = {
            "record": record,
            "call": {"service": service, "operation": name, "started": ended - 20}
            | ({} if kind == "unknown" else {"ended": ended, "status": 400 if error else 200})
            | ({"error": error} if error else {}),
            "resources": [{"name": item, "type": of} for item in resources],
        }
        if undetermined:
            what["undetermined"] = True
        who = {
            "record": {
                "userIdentity": {
                    "type": "IAMUser", "userName": user, "accountId": "123456789012",
                    "arn": f"arn:aws:iam::123456789012:user/{user}", "accessKeyId": f"AKIA{user.upper()}",
                },
                "sourceIPAddress": "192.0.2.7", "userAgent": "boto3",
            },
            "identity": {},
        }  # fmt: skip
        if operator is not None:
            who["operator"] = operator
        request = {"record": {"requestParameters": dict(asked or {"n": self.calls})},
                   "parameters": dict(asked or {"n": self.calls})}  # fmt: skip
        response = {
            "record": {"responseElements": dict(answer or {})},
            "result": dict(answer or {}),
        }
        event = Event(
            who=codec.decode(Who, who), what=codec.decode(What, what),
            request=codec.decode(Asked, request),
            response=None if kind == "unknown" else codec.decode(Answered, response),
            request_body=b"Action=" + name.encode() if self.calls % 2 else None,
        )  # fmt: skip
        draft = Draft(kind=kind, facets=event.facets(), row=event.row())
        self.drafts.append((self.at, draft))
        return self

    def write(self, directory: Path) -> Signer:
        """Append it all to the trail in `directory`, made if need be."""
        # In a thread of its own: Playwright's loop may be running in this one.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, self._write(directory)).result()

    async def _write(self, directory: Path) -> Signer:
        clock = Clock()
        directory.mkdir(exist_ok=True, mode=0o700)
        signer = Keys.of(directory).signer()
        async with await Trail.open(directory, signer=signer, clock=clock) as trail:
            for clock.now, draft in self.drafts:
                await trail.append(draft)
        self.drafts = []
        return signer


@dataclass
class Clock:
    now: int = NOON

    def __call__(self) -> int:
        return self.now


def event_id_of(number: int) -> str:
    return str(UUID(bytes=hashlib.sha256(b"%d" % number).digest()[:16], version=4))


def day() -> Story:
    """A recorder's day: a start, heartbeats each minute, calls between, a stop; 6 touch SG."""
    story = Story().open().wait(SECOND)
    for minute in range(60):
        story.call("DescribeInstances").wait(20 * SECOND)
        if minute % 10 == 3:
            story.call("AuthorizeSecurityGroupIngress", resources=(SG,)).wait(SECOND)
        if minute % 20 == 7:
            story.call("RunInstances", undetermined=True).wait(SECOND)
        story.call("StopInstances", resources=(f"i-{minute:017x}",), user="bob").wait(10 * SECOND)
        story.beat().wait(25 * SECOND)
    return story.close()


def bundle_of(directory: Path, job: export.Job) -> bytes:
    """The bundle an export writes."""
    out = io.BytesIO()
    with Reader(directory) as source:
        export.FORMATS["bundle"][0](source, job, out)
    return out.getvalue()


def job(directory: Path, where: Filter | None = None, **fields: Any) -> export.Job:
    with Reader(directory) as source:
        vkey = export.vkey(source, directory)
    return export.Job(where=where or Filter(), vkey=vkey, **fields)


def files(data: bytes) -> dict[str, bytes]:
    """A zip's files in its order."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(content: Mapping[str, bytes]) -> bytes:
    """Inverse of `files`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return out.getvalue()


type Change = Callable[[dict[str, bytes]], None]


def changed(data: bytes, change: Change) -> bytes:
    """A bundle with something done to its files."""
    content = files(data)
    change(content)
    return zipped(content)


def morning() -> Story:
    """Ten minutes of a recorder, still running: SG touched at minutes 2 and 6, one doubt at 4."""
    story = Story().open().wait(SECOND)
    for minute in range(10):
        story.call("DescribeInstances").wait(20 * SECOND)
        if minute in (2, 6):
            story.call("AuthorizeSecurityGroupIngress", resources=(SG,)).wait(SECOND)
        if minute == 4:
            story.call("RunInstances", undetermined=True).wait(SECOND)
        story.call("StopInstances", resources=(f"i-{minute:017x}",), user="bob").wait(10 * SECOND)
        story.beat().wait(30 * SECOND)
    return story
