"""The HTTP application: CloudTrail's API and the bucket of its log files on one port."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from apitrail.delivery.logfiles.store import BUCKET
from apitrail.delivery.logfiles.tree import Tree
from apitrail.web import log_bucket
from apitrail.web.api_error import Fault
from apitrail.web.cloudtrail_api import CONTENT_TYPE, CloudTrail
from apitrail.web.content import Served

# CloudTrail's largest request is PutEventSelectors with 500 values of 2,048 characters.
BODY_LIMIT = 4 * 1024 * 1024

ABOUT = """\
This is a trail, served as CloudTrail and its bucket would serve it:

    AWS_ENDPOINT_URL={url} aws cloudtrail lookup-events
"""


def application(served: Served) -> Starlette:
    """Routes for the API, then those of the bucket; a bundle has no bucket."""
    cloudtrail = CloudTrail(served)

    async def api(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            fault = Fault("RequestEntityTooLargeException", "The body is too long.", status=413)
            return _json(fault.status, fault.to_json())
        target = request.headers.get("x-amz-target", "")
        return _json(*await run_in_threadpool(cloudtrail.answer, target, body))

    routes = [Route("/", api, methods=["POST"]), Route("/", _about, methods=["GET"])]
    store = served.store()
    if store is not None:
        routes += log_bucket.routes(lambda: log_bucket.Bucket(BUCKET, Tree(store.tree.directory)))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        cloudtrail.queries.stop()

    return Starlette(routes=routes, lifespan=lifespan)


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


async def _about(request: Request) -> Response:
    return PlainTextResponse(ABOUT.format(url=str(request.base_url).rstrip("/")))
