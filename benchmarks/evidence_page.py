"""A large page of evidence in Chromium: `EVENTS=10000 python -m benchmarks.evidence_page [PAGE...]`.

Builds a trail, exports two pages of it (the calls, and the proof that there are no others), and
says how long each takes from opening the file to a verdict: by the clock, and in CPU of the page's
main thread, which other work on the machine does not stretch as much.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from apitrail.delivery import export
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from apitrail.trail.writer import BATCH, Trail
from benchmarks import reading

EVENTS = int(os.environ.get("EVENTS", "10000"))
DONE = "#verification:is(.good, .bad, .open)"
JOBS = {
    "calls": export.Job(),
    "complete": export.Job(where=Filter(until=reading.START + EVENTS * 1000), complete=True),
}


async def build(directory: Path) -> None:
    """A trail of EVENTS calls, with heartbeats at the start and the end."""
    dice = random.Random(1)
    async with await Trail.open(
        directory, signer=reading.SIGNER, clock=lambda: reading.START
    ) as trail:
        for first in range(0, EVENTS, BATCH):
            batch = range(first, min(first + BATCH, EVENTS))
            await asyncio.gather(*(trail.append(reading.draft(number, dice)) for number in batch))


def pages(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each page by what it holds."""
    (folder / "trail").mkdir(mode=0o700)
    asyncio.run(build(folder / "trail"))
    for name, job in JOBS.items():
        path = folder / f"{name}.html"
        with Reader(folder / "trail") as source, path.open("wb") as out:
            export.FORMATS["html"][0](source, job, out)
        yield name, path


def measure(page: Page, path: Path) -> tuple[float, float, str]:
    """Seconds by the clock and of the main thread's CPU, and the verdict."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(path.as_uri())
    page.wait_for_selector(DONE)
    page.fill("#key", str(reading.SIGNER.verifier))
    before, began = cpu(session.send("Performance.getMetrics")), time.monotonic()
    page.press("#key", "Enter")
    page.wait_for_selector(DONE)
    elapsed = time.monotonic() - began
    used = cpu(session.send("Performance.getMetrics")) - before
    return elapsed, used, page.inner_text("#verdict")


def cpu(metrics: dict[str, list[dict[str, float]]]) -> float:
    """CPU seconds of the tasks so far."""
    return {str(item["name"]): item["value"] for item in metrics["metrics"]}["TaskDuration"]


def main() -> None:
    """Measure both pages."""
    with tempfile.TemporaryDirectory() as folder:
        found = list(pages(Path(folder)))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            for name, path in found:
                page = browser.new_context(offline=True).new_page()
                page.set_default_timeout(300_000)
                elapsed, used, verdict = measure(page, path)
                size = path.stat().st_size / 1e6
                print(
                    f"{name:<10}{EVENTS} calls, {size:.0f} MB: {elapsed:.1f} s, {used:.1f} s of CPU: {verdict}"
                )
            browser.close()


if __name__ == "__main__":
    main()
