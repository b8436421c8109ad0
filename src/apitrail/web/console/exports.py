"""Evidence and data of what is shown, as a file: the formats of `apitrail export`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from apitrail.delivery import export
from apitrail.errors import UsageError
from apitrail.reading import event_list
from apitrail.web.console import headers
from apitrail.web.console.console import Console
from apitrail.web.console.url_state import UrlState

# Format → ending and type of the file.
FILES = {
    "bundle": ("zip", "application/zip"), "html": ("html", "text/html; charset=utf-8"), "csv": ("csv", "text/csv; charset=utf-8"),
    "jsonl": ("jsonl", "application/x-ndjson"), "script": ("sh", "text/plain; charset=utf-8"),
    "boto3": ("py", "text/plain; charset=utf-8"), "curl": ("sh", "text/plain; charset=utf-8"),
    "har": ("har", "application/json"),
}  # fmt: skip
_PIECE = 256 * 1024


def answer(console: Console, request: Request) -> Response:
    """The file that the URL asks for; its question is that of Event history.

    Raises:
        UsageError: there is no such format, or nothing to prove yet.
    """
    pairs = request.query_params.multi_items()
    form = next((value for name, value in pairs if name == "format"), "bundle")
    if form not in FILES:
        raise UsageError(f"no format {form!r}", hint=f"formats are {', '.join(FILES)}")
    complete = ("prove-complete", "true") in pairs
    state = UrlState.parse(each for each in pairs if each[0] not in ("format", "prove-complete"))
    out = tempfile.TemporaryFile()  # noqa: SIM115  # closed once it is sent
    with console.source() as source:
        job = export.Job(
            where=event_list.resolve(source, state.filter(console.now())), complete=complete,
            vkey=export.vkey(source, console.served.path),
        )  # fmt: skip
        write, _ = export.FORMATS[form]
        write(source, job, out)
    out.seek(0)
    ending, kind = FILES[form]
    name = f"apitrail-{console.now():%Y%m%d-%H%M%S}.{ending}"
    told = {**headers.FRESH, "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_pieces(out), media_type=kind, headers=told)


def _pieces(out: IO[bytes]) -> Iterator[bytes]:
    with out:
        while piece := out.read(_PIECE):
            yield piece
