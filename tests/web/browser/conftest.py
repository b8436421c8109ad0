"""A real Chromium on the console of a trail, served over a socket as `apitrail serve` does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from visiting import Site, make, serving


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
