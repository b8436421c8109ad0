"""The console on a large trail: `EVENTS=1000000 python -m benchmarks.console [DIRECTORY]`.

Takes the trail of benchmarks/reading.py (or builds it), serves it on a port, and times pages as a
client gets them, in processor time: Event history under every filter and every two together, then
one page of each sort. Where there is a Chromium, also when it first paints, and when a call is on the screen after
its entry is written.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import uvicorn

from apitrail import places
from apitrail.address import Address, listen
from apitrail.event import Event
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail
from apitrail.web.app import application
from apitrail.web.console.console import Console
from apitrail.web.content import Served
from apitrail.when import iso
from benchmarks import reading

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LIVE = 40


def words(fields: dict[str, object]) -> list[tuple[str, str]]:
    """A question's fields as a URL has them."""
    found = []
    for name, value in fields.items():
        match value:
            case True:
                text = "*" if name == "error" else "true"
            case False:
                text = "false"
            case int():
                text = iso(value)
            case (str(only),):
                text = only
            case _:
                text = str(value)
        found.append((name.replace("_", "-"), text))
    return found


def urls() -> dict[str, str]:
    """Every filter and every two together, by name."""
    asked = {each.name: each.fields for each in reading.QUESTIONS}
    pairs = {
        f"{one.name} + {two.name}": {**one.fields, **two.fields}
        for one, two in itertools.combinations(reading.QUESTIONS, 2)
        if not one.fields.keys() & two.fields.keys()
    }
    return {name: f"/?{urlencode(words(fields))}" for name, fields in (asked | pairs).items()}


def get(url: str) -> tuple[float, int]:
    """Seconds of the processor that a page takes, its client's too, and its size; the best of three.

    Others who use the machine count less so than on the clock.
    """
    taken = []
    size = 0
    for _ in range(3):
        began = time.process_time()
        with urllib.request.urlopen(url) as answer:
            size = len(answer.read())
        taken.append(time.process_time() - began)
    return min(taken), size


def told(name: str, taken: list[float]) -> None:
    """One line of figures."""
    ranked = sorted(taken)
    at = ranked[min(int(len(ranked) * 0.99), len(ranked) - 1)]
    middle = statistics.median(ranked)
    print(
        f"{name:44} {len(ranked):5} {middle * 1000:8.1f} {at * 1000:8.1f} {ranked[-1] * 1000:8.1f}"
    )


def pages(base: str, trail: Path) -> None:
    """All of them."""
    print(f"{'milliseconds':44} {'pages':>5} {'median':>8} {'p99':>8} {'most':>8}")
    first, size = get(f"{base}/")
    told("Event history, no filter", [first])
    found = {name: get(f"{base}{url}") for name, url in urls().items()}
    told("Event history, every filter and two", [seconds for seconds, _ in found.values()])
    for name, (seconds, _) in sorted(found.items(), key=lambda each: -each[1][0])[:5]:
        print(f"    {name:60} {seconds * 1000:8.1f}")
    with Reader(trail) as reader:
        [index] = list(reader.select(Filter(), limit=1))
        event = Event.parse(reader.facets(index, ("what",))).record()["eventID"]
    for path in (
        f"/event/{event}", "/who/user0", "/who/user299", "/resource/arn:aws:s3:::bucket-0",
        "/insights", "/trust", "/live", "/events.json",
    ):  # fmt: skip
        told(path, [get(f"{base}{path}")[0]])
    most = max([size, *(each for _, each in found.values())])
    print(f"largest page of Event history: {most} bytes")


def painted(base: str, trail: Path) -> None:
    """What a browser makes of it."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print("no Chromium here: nothing was painted")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        taken = []
        page = browser.new_page(viewport={"width": 1360, "height": 860})
        for _ in range(11):
            page.goto(base)
            found = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
            while (at := page.evaluate(found)) is None:
                page.wait_for_timeout(50)
            taken.append(float(at) / 1000)
        # Before the first, the browser starts a process.
        told("first contentful paint, by the clock", taken[1:])
        page = browser.new_page()
        page.goto(f"{base}/live")
        page.get_by_text("0 new").wait_for()
        told("from the entry to the screen, by the clock", lived(page, trail))
        browser.close()


def lived(page: object, trail: Path) -> list[float]:
    """Seconds from when an entry is durable to when its row is in the page, by the machine's clock."""
    page.evaluate(  # type: ignore[attr-defined]
        """() => { window.seen = []; new MutationObserver(() => requestAnimationFrame(() =>
        window.seen.push(Date.now()))).observe(document.querySelector('#rows'), {childList: true}) }"""
    )
    written: list[float] = []
    dice = random.Random(11)

    async def work() -> None:
        async with await Trail.open(trail, signer=reading.SIGNER, clock=places.clock) as opened:
            for number in range(LIVE):
                await opened.append(reading.draft(2**40 + time.time_ns() % 2**39 + number, dice))
                written.append(time.time() * 1000)
                await asyncio.sleep(0.3 + dice.random() / 10)

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    while thread.is_alive():
        page.wait_for_timeout(200)  # type: ignore[attr-defined]
    seen = page.evaluate("window.seen")  # type: ignore[attr-defined]
    return [(then - at) / 1000 for at, then in zip(written, seen, strict=False)]


def main() -> None:
    """Serve, and ask."""
    with tempfile.TemporaryDirectory() as temporary:
        trail = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary) / "trail"
        if not trail.exists():
            asyncio.run(reading.build(trail))
        bound = listen(Address("127.0.0.1", 0))
        # Nothing of the user's own.
        os.environ["APITRAIL_CONFIG"] = temporary
        console = Console.of(Served(trail, places.clock))
        app = application(console.served, console)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        base = f"http://{Address.of(bound)}"
        began = time.perf_counter()
        with Reader(trail) as reader:
            while not console.books.is_read(reader):
                time.sleep(0.1)
        print(f"read for gaps within {time.perf_counter() - began:.1f} s of the start")
        pages(base, trail)
        painted(base, trail)
        server.should_exit = True


if __name__ == "__main__":
    main()
