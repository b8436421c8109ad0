"""A real Chromium on the console of a trail, served over a socket as `apitrail serve` does."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from visiting import Site, make, serving

JS = Path(__file__).parent / "js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They take a browser, and are run by `make browser`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The console of a trail, on a free port."""
    os.environ["APITRAIL_CONFIG"] = str(tmp_path_factory.mktemp("config"))
    path = make(tmp_path_factory.mktemp("console") / "trail")
    with serving(path) as found:
        yield found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("there is no Chromium here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        # Root has no sandbox to give; the pages are ours.
        yield driver.chromium.launch(executable_path=program, args=["--no-sandbox"])


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    done = subprocess.run([JS / "check", "install"], capture_output=True, text=True, check=False, env={**os.environ, "MISSING": "3"})  # fmt: skip
    if done.returncode:
        pytest.skip("npm could not install axe-core here")
    return (Path(done.stdout.strip()) / "node_modules/axe-core/axe.min.js").read_text("utf-8")


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens pages; fails the test if one of them reports an error, such as a breach of the policy."""
    contexts, problems = [], list[str]()

    def open_page(url: str, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": 1360, "height": 860}, **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console", lambda said: problems.append(said.text) if said.type == "error" else None
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not problems
