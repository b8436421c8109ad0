"""Trails whose calls are of accounts and regions, and a port that serves their log files."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import trails
from apitrail.delivery.logfiles import store
from apitrail.delivery.logfiles import tree as trees
from apitrail.delivery.logfiles.store import Store
from apitrail.delivery.logfiles.tree import Tree
from apitrail.delivery.logfiles.tree_manifest import Manifest
from apitrail.event import Event, dump
from apitrail.evidence import verify
from apitrail.tlog import note
from apitrail.trail.keys import Keys
from apitrail.trail.rows import Draft
from apitrail.trail.statements import Target
from apitrail.trail.writer import Trail
from apitrail.web.early_answer import EarlyAnswers
from apitrail.web.log_bucket import Bucket, routes
from apitrail.when import iso_second
from machine import until

ACCOUNT = "123456789012"
# On the hour, and long ago: the AWS CLI looks at nothing that is to come.
HOUR = 1_700_002_800_000
MINUTE = 60_000
HALF_HOUR = 30 * MINUTE
HOURS = 60 * MINUTE
NOW = HOUR + 200 * MINUTE


def call(number: int, **record: Any) -> Draft:
    """A call whose record has these fields too."""
    facets = trails.call(number)
    what = json.loads(facets["what"])
    what["record"] |= {"recipientAccountId": ACCOUNT, "awsRegion": "eu-central-1"} | record
    facets["what"] = dump(what)
    return Draft(
        kind="api", facets=facets, row=Event.parse(facets).row()
    )  # fmt: skip


def at(time: int, number: int, **record: Any) -> tuple[int, Draft]:
    """A call that is logged at `time`, Unix milliseconds."""
    return time, call(number, eventTime=iso_second(time // 1000), **record)


def signer(directory: Path) -> note.Signer:
    """The key of the trail in a directory, made at the first call."""
    keys = Keys.of(directory)
    return keys.signer() if keys.exist else keys.generate(trails.ORIGIN)


def record(directory: Path, calls: Sequence[tuple[int, Draft]]) -> Path:
    """Append each call at its time."""
    time = trails.Clock()

    async def work(trail: Trail) -> None:
        for now, draft in calls:
            time.now = now
            await trail.append(draft)

    trails.write(directory, work, signer=signer(directory), clock=time)
    return directory


def trust(directory: Path) -> verify.Trust:
    """Trust in the key of the trail in a directory."""
    return verify.Trust((signer(directory).verifier,), "--key")


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """The URL of a port that serves a tree as a bucket, and says which trails it is of."""
    tree = Tree(directory)

    async def cloudtrail(request: Request) -> Response:
        manifest = tree.manifest()
        match request.headers["x-amz-target"].rpartition(".")[2]:
            case "DescribeTrails":
                return JSONResponse({"trailList": trees.trails(manifest)})
            case "ListPublicKeys":
                return JSONResponse({"PublicKeyList": trees.public_keys(manifest)})
            case other:
                return JSONResponse({"__type": "UnsupportedOperation", "message": other}, 400)

    bucket = Bucket(tree.manifest().bucket, tree)
    app = Starlette(
        routes=[Route("/", cloudtrail, methods=["POST"]), *routes(lambda: bucket)]
    )  # fmt: skip
    config = uvicorn.Config(EarlyAnswers(app), "127.0.0.1", 0, log_level="error")
    server, socket = uvicorn.Server(config), config.bind_socket()
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([socket])))
    thread.start()
    try:
        until(lambda: server.started)
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


def spans(made: Manifest) -> list[tuple[int, int, int]]:
    """Of each digest, when it begins and ends in seconds after HOUR, and how many files it has."""
    return [
        (each.start - HOUR // 1000, each.end - HOUR // 1000, len(each.logs))
        for each in made.digests
    ]  # fmt: skip


def records(of: Store, made: Manifest) -> list[dict[str, Any]]:
    """What the log files hold."""
    found = []
    for log in made.logs:
        found += json.loads(gzip.decompress(of.tree.read(log.key) or b""))["Records"]
    return found


def erase(trail: Path, *targets: Target) -> None:
    """Erase from a trail and its log files."""
    trails.write(trail, lambda opened: opened.erase(list(targets)), signer=signer(trail))
    store.follow_erasures(trail)
