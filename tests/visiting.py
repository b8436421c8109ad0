"""Consoles for a browser to visit: a trail with all that the pages show, and a way about by Tab."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

import refusing
import trails
from apitrail.address import Address, listen
from apitrail.insights.thresholds import Thresholds
from apitrail.trail import statements
from apitrail.trail.outbox import DELIVERED, GIVEN_UP, Cursor, Kept, Outbox
from apitrail.trail.reader import Reader
from apitrail.trail.telling import Teller
from apitrail.trail.writer import Trail
from apitrail.web.app import application
from apitrail.web.console.books import Books
from apitrail.web.console.console import Console
from apitrail.web.console.verdict import Verdict
from apitrail.web.content import Served
from apitrail.web.host_check import Guard

# More steps than any page has to what a task needs.
STEPS = 250


@dataclass
class Site:
    """Where the console is, and the trail that it shows."""

    url: str
    trail: Path
    console: Console

    def record(self, *drafts: Any) -> None:
        """Have further calls recorded, as another process would."""
        clock = trails.Clock(trails.T0 + 100_000)

        async def work() -> None:
            async with await Trail.open(self.trail, signer=trails.SIGNER, clock=clock) as trail:
                await trails.append_each(trail, list(drafts))

        # The browser's driver has an event loop in this thread.
        thread = threading.Thread(target=lambda: asyncio.run(work()))
        thread.start()
        thread.join()


def make(place: Path) -> Path:
    """A trail with all that the pages show: calls, a run, an insight, a gap."""
    refusing.make(place)
    refusing.keep_key(place)

    async def work(trail: Trail) -> None:
        await trail.append(trails.opening())
        await trail.append(trails.run("run-1", {"build": "1234"}))
        for number in range(60):
            within = {"run": "run-1", "labels": {"build": "1234"}} if number % 7 == 0 else {}
            await trail.append(trails.draft(number + 100, operator="ci", **within))
        await trail.append(trails.told(170, "CreateUser", user="John", resource="Mary"))
        await trail.append(trails.book("close", reason="SIGTERM", calls=61))

    with Reader(place) as reader:
        [said] = Teller(0, Thresholds()).read(reader, reader.size)
    trails.write(place, lambda trail: trail.append(statements.draft(said)))
    trails.write(place, work, clock=trails.Clock(trails.T0 + 50_000))
    raise_alerts(place)
    return place


def raise_alerts(place: Path) -> None:
    """Three alerts beside the trail: delivered, waiting, given up."""
    with closing(Outbox.open(place)) as box:
        box.sinks({"file:1": "file alerts.jsonl", "webhook:2": "webhook https://example.com/"})
        found = [
            (Kept(
                id=str(number), name="failed", title="A call was refused", level="high", rule="r",
                entries=(number,), count=1, time=trails.T0 + number,
            ), ["file:1", "webhook:2"])
            for number in (1, 2, 3)
        ]  # fmt: skip
        box.add(found, Cursor(4, ""), now=trails.T0)
        for number, state, problem in ((1, DELIVERED, None), (2, GIVEN_UP, "it answered 500")):
            for sink in ("file:1", "webhook:2"):
                box.mark(number, sink, state, due=trails.T0, now=trails.T0, problem=problem)


class serving:  # noqa: N801  # a context manager that reads as a verb
    """The console of what is at `path`, until the end of the block."""

    def __init__(self, path: Path) -> None:
        served = Served(path, lambda: trails.T0 + 120_000)
        verdict = Verdict(served, lambda: trails.TRUST)
        self.console = Console(served, verdict, Books(served.source))
        self.socket = listen(Address("127.0.0.1", 0))
        self.site = Site(f"http://{Address.of(self.socket)}", path, self.console)
        app = Guard(application(served, self.console))
        self.server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],), daemon=True)

    def __enter__(self) -> Site:
        self.thread.start()
        return self.site

    def __exit__(self, *_: object) -> None:
        self.console.ending.set()
        self.server.should_exit = True
        self.thread.join()


def tab_to(page: Any, text: str) -> None:
    """Press Tab until what says this has the focus."""
    for _ in range(STEPS):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "document.activeElement.innerText || document.activeElement.value || ''"
        )
        if " ".join(str(said).split()) == text:
            return
    raise AssertionError(f"Tab does not lead to {text!r}")
