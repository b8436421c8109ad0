"""Pages of the server, asked for in this process: no socket, no program."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp

import trails
from apitrail.web.console.books import Books
from apitrail.web.console.console import Console
from apitrail.web.console.verdict import Verdict
from apitrail.web.content import Served


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def html(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """What a person reads, in one line."""
        return re.sub(r"\s+", " ", "".join(Words(self.html).found))

    @property
    def links(self) -> list[str]:
        return re.findall(r'<a [^>]*href="([^"]*)"', self.html)


class Words(HTMLParser):
    """The text of a page, without styles and scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def ask(
    app: ASGIApp,
    url: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    headers: Mapping[str, str] = {},
) -> Answer:
    """One request."""
    return asyncio.run(_ask(app, url, method, body, headers))


async def _ask(
    app: ASGIApp, url: str, method: str, body: bytes, headers: Mapping[str, str]
) -> Answer:
    parts = urlsplit(url)
    sent = {"host": "localhost:8484", **headers}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": unquote(parts.path), "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(), "root_path": "", "server": ("localhost", 8484),
        "client": ("127.0.0.1", 1), "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
    }  # fmt: skip
    told: list[dict[str, Any]] = []
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not given:
            await asyncio.Event().wait()  # a client that stays
        return given.pop()

    async def send(message: Any) -> None:
        told.append(message)

    await app(scope, receive, send)
    start = told[0]
    found = {k.decode(): v.decode() for k, v in start["headers"]}
    return Answer(start["status"], found, b"".join(each.get("body", b"") for each in told[1:]))


class Pages:
    """The console of what is at `path`, with the time standing still."""

    def __init__(self, path: Path, *, now: int = trails.T0 + 60_000) -> None:
        self.served = Served(path, lambda: now)
        self.verdict = Verdict(self.served, lambda: trails.TRUST, by_itself=0)
        self.console = Console(self.served, self.verdict, Books(self.served.source))
        self.app = self._app()

    def _app(self) -> ASGIApp:
        from apitrail.web.app import application

        return application(self.served, self.console)

    def get(self, url: str, **headers: str) -> Answer:
        return ask(self.app, url, headers={"accept": "text/html", **headers})

    def post(self, url: str, body: bytes = b"", **headers: str) -> Answer:
        return ask(self.app, url, method="POST", body=body, headers=headers)
