"""`/proof/INDEX`: the receipt of an entry, as a C2SP tlog-proof file."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from apitrail.errors import FormatError
from apitrail.evidence import receipt
from apitrail.evidence.bundle import Bundle
from apitrail.tlog import encoding
from apitrail.tlog.proof import Proof
from apitrail.web.content import Served


def routes(served: Served) -> list[Route]:
    """The route; a client may ask for a call as soon as it has its answer."""

    def proof(request: Request) -> Response:
        text = request.path_params["index"]
        try:
            found = _proof(served, encoding.decode_decimal(text, "index"))
        except FormatError:
            found = None
        if found is None:
            return PlainTextResponse(f"there is no entry {text[:40]!r} here\n", 404)
        return PlainTextResponse(str(found), headers={"Cache-Control": "no-store"})

    return [Route("/proof/{index}", proof, methods=["GET"])]


def _proof(served: Served, index: int) -> Proof | None:
    with served.source() as source:
        if isinstance(source, Bundle):
            return receipt.of_bundle(source, index)
        return receipt.of_trail(source.directory, index)
