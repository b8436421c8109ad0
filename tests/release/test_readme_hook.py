"""Links of the README lead somewhere from a page where no file lies beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from release.readme_hook import absolute

ROOT = Path(__file__).parents[2]
HOME, TAG = "https://example.com/us/it", "v1.2.3"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[a](docs/a.md)", f"[a]({HOME}/blob/{TAG}/docs/a.md)"),
        ("[a](./docs/a.md#part)", f"[a]({HOME}/blob/{TAG}/docs/a.md#part)"),
        ("[`a`](docs/a.md 'title')", f"[`a`]({HOME}/blob/{TAG}/docs/a.md 'title')"),
        ("[examples/](examples/)", f"[examples/]({HOME}/tree/{TAG}/examples/)"),
        ("![a picture](docs/a.png)", f"![a picture]({HOME}/raw/{TAG}/docs/a.png)"),
        (
            "[![state](docs/a.svg)](docs/a.md)",
            f"[![state]({HOME}/raw/{TAG}/docs/a.svg)]({HOME}/blob/{TAG}/docs/a.md)",
        ),
        ("[below](#use-it)", f"[below]({HOME}/blob/{TAG}/README.md#use-it)"),
        ("[a]: docs/a.md", f"[a]: {HOME}/blob/{TAG}/docs/a.md"),
        ('<img src="docs/a.png">', f'<img src="{HOME}/raw/{TAG}/docs/a.png">'),
        ('<a href="docs/a.md">', f'<a href="{HOME}/blob/{TAG}/docs/a.md">'),
        ("[a](https://example.org/a)", "[a](https://example.org/a)"),
        ("<a href='x'> [a](mailto:a@example.org)", "<a href='x'> [a](mailto:a@example.org)"),
    ],
)
def test_a_link_leads_into_the_repository_at_the_tag(written, shown):
    assert absolute(written, HOME, TAG) == shown


@pytest.mark.parametrize("code", ["`[a](docs/a.md)`", "```md\n[a](docs/a.md)\n```"])
def test_code_is_left_as_it_is(code):
    assert absolute(code, HOME, TAG) == code


def test_no_relative_link_of_the_readme_is_left():
    shown = absolute((ROOT / "README.md").read_text("utf-8"), HOME, TAG)
    places = re.findall(
        r"\]\(([^)\s]+)", re.sub(r"^```.*?^```$", "", shown, flags=re.MULTILINE | re.DOTALL)
    )
    assert len(places) > 10
    assert [place for place in places if not place.startswith("https://")] == []


def test_what_the_readme_links_to_is_there():
    shown = absolute((ROOT / "README.md").read_text("utf-8"), HOME, TAG)
    paths = re.findall(rf"{HOME}/(?:blob|raw|tree)/{TAG}/([^)#\s]+)", shown)
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []
