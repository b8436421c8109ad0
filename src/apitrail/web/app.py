"""The HTTP application: CloudTrail's API, the bucket of its log files and the console on one port."""

from __future__ import annotations

import threading
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from apitrail.delivery.logfiles.store import BUCKET
from apitrail.delivery.logfiles.tree import Tree
from apitrail.web import log_bucket, proofs
from apitrail.web.api_error import Fault
from apitrail.web.cloudtrail_api import CONTENT_TYPE, CloudTrail
from apitrail.web.console.console import Console
from apitrail.web.console.site import Site
from apitrail.web.content import Served

# CloudTrail's largest request is PutEventSelectors with 500 values of 2,048 characters.
BODY_LIMIT = 4 * 1024 * 1024


def application(served: Served, console: Console | None = None) -> Starlette:
    """Routes for the API and the console, then those of the bucket; a bundle has no bucket."""
    cloudtrail = CloudTrail(served)
    console = console or Console.of(served)
    site = Site(console)

    async def api(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            fault = Fault("RequestEntityTooLargeException", "The body is too long.", status=413)
            return _json(fault.status, fault.to_json())
        target = request.headers.get("x-amz-target", "")
        return _json(*await run_in_threadpool(cloudtrail.answer, target, body))

    routes = [Route("/", api, methods=["POST"]), *proofs.routes(served), *site.routes()]
    store = served.store()
    if store is not None:
        routes += log_bucket.routes(lambda: log_bucket.Bucket(BUCKET, Tree(store.tree.directory)))

    def prepare() -> None:
        site.prepare()
        console.books.read()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        threading.Thread(target=prepare, daemon=True).start()
        yield
        cloudtrail.queries.stop()

    return Starlette(
        routes=routes, lifespan=lifespan, exception_handlers={Exception: site.failed}
    )  # fmt: skip


async def _body(request: Request) -> bytes | None:
    """The body; None where it is too long to be one of ours."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)


def _json(status: int, content: Mapping[str, object]) -> Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "Content-Type": CONTENT_TYPE}
    if "__type" in content:
        headers["x-amzn-ErrorType"] = str(content["__type"])
    return JSONResponse(content, status, headers=headers)
