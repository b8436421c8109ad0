"""A page of evidence in Chromium, opened from the disk with the network off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from apitrail.evidence.bundle import page_file
from evidence.bundle import evidence

DONE = "#verification:is(.good, .bad, .open)"


@dataclass
class Opened:
    """One page, what it asked the network for, and what it complained of."""

    page: Page
    folder: Path
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._request)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _request(self, request: Request) -> None:
        if not request.url.startswith("file:"):
            self.asked.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, html: bytes) -> None:
        """Open a page and wait for its first verdict."""
        path = self.folder / "evidence.html"
        path.write_bytes(html)
        self.page.goto(path.as_uri())
        self.page.wait_for_selector(DONE, state="attached")

    def open_bundle(self, bundle: bytes) -> None:
        self.open(page_of(bundle))

    def enter(self, key: object) -> str:
        """Type a key and press Enter; gives the verdict."""
        self.page.fill("#key", str(key))
        self.page.press("#key", "Enter")
        return self.judged()

    def judged(self) -> str:
        self.page.wait_for_selector(DONE, state="attached")
        return self.verdict

    @property
    def verdict(self) -> str:
        """Word and message as `apitrail verify` prints them."""
        return f"{self.page.inner_text('#word')}: {self.page.inner_text('#message')}"

    @property
    def calls(self) -> list[str]:
        """What the page tells of each call, without spaces."""
        texts = self.page.locator("#calls .call").all_text_contents()
        return ["".join(text.split()).removesuffix("Asitisinthelog") for text in texts]


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[Opened]:
    context = chromium.new_context(offline=True, accept_downloads=True)
    context.set_default_timeout(60_000)
    opened = Opened(context.new_page(), tmp_path)
    yield opened
    context.close()
    assert opened.asked == []
    assert opened.complaints == []


def page_of(bundle: bytes) -> bytes:
    return page_file.write(bundle, evidence.files(bundle)["report.html"])
