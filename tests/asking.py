"""Recorders whose guard wants `sts:GetCallerIdentity` and S3 uploads approved, and what their logs say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from apitrail.policy.guard import Guard
from apitrail.policy.guards import Guards
from apitrail.recording.ask_settings import Asking
from apitrail.recording.session import Session
from apitrail.trail.reader import Reader
from apitrail.trail.ruling import Ruling
from apitrail.trail.tickets import Answer, rulings
from proxying import Peer, Upstream, dial, recording, upstream

GUARD = """{"Statement": [
  {"Sid": "First", "Effect": "Ask", "Action": ["sts:GetCallerIdentity", "s3:PutObject"]}
]}"""
YES = Answer(approves=True, road="command", by="root", name="mary", reason="it is planned")
NO = Answer(approves=False, road="console", by="root", name="mary", reason="not today")


@asynccontextmanager
async def asking(
    trail: Path, how: str = "wait", **settings: Any
) -> AsyncIterator[tuple[Session, Upstream]]:
    """A recorder that asks, and the upstream behind it."""
    guards = settings.pop("guards", None) or Guards((Guard.parse("careful", GUARD),))
    async with upstream() as stub:
        modes = (f"reverse:{stub.url}@127.0.0.1:0",)
        async with recording(
            trail, modes=modes, guards=guards, asking=Asking.parse(how), **settings
        ) as session:
            yield session, stub


@asynccontextmanager
async def client(session: Session) -> AsyncIterator[Peer]:
    async with dial(session) as peer:
        yield peer


async def waiting(session: Session, number: int = 1) -> list[str]:
    """The tickets that wait, once there are so many with a call that is held."""
    async with asyncio.timeout(100 if session.settings.workers else 20):
        while len(found := _held(session)) != number:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return [str(each["ticket"]) for each in found]


def _held(session: Session) -> list[dict[str, Any]]:
    return [each for each in session.recorder.holding.waiting() if each["held"]]


def steps(trail: Path) -> list[str]:
    """What the log says of tickets."""
    return [each.step for each in ruled(trail)]


def ruled(trail: Path) -> list[Ruling]:
    with Reader(trail) as source:
        return [said for _, said in rulings(source)]
