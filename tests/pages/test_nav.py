"""docs/README.md orders the pages of the site, and lists every one."""

from __future__ import annotations

import tomllib

import pytest
from docs.site import nav

TEXT = """# Documentation

Begin with [this](a.md).

## How-to guides

- [Alpha](a.md): the first
- [Service](service/README.md): several

## Project

- [Changes](../CHANGELOG.md)
"""
PAGES = {"README.md", "docs/README.md", "docs/a.md", "CHANGELOG.md"} | {
    f"docs/service/{name}.md" for name in ("README", "b", "c")
}


def test_lists_become_sections():
    assert nav.sections(TEXT) == {
        "How-to guides": [
            nav.Page(title="Alpha", path="docs/a.md"),
            nav.Page(title="Service", path="docs/service/README.md"),
        ],
        "Project": [nav.Page(title="Changes", path="CHANGELOG.md")],
    }


def test_pages_of_a_directory_stand_under_its_readme():
    made = tomllib.loads(f"nav = {nav.toml(nav.sections(TEXT), PAGES)}")["nav"]
    assert made[2]["How-to guides"][1]["Service"] == [
        "docs/service/README.md",
        "docs/service/b.md",
        "docs/service/c.md",
    ]
    nav.check(nav.sections(TEXT), PAGES)


def test_page_in_no_list_is_told_where_to_add_it():
    with pytest.raises(
        nav.NavError, match=r"'docs/new.md' is in no list of docs/README.md"
    ) as told:
        nav.check(nav.sections(TEXT), PAGES | {"docs/new.md"})
    assert "- [Title](new.md)" in str(told.value)
    assert "'How-to guides', 'Project'" in str(told.value)


def test_page_outside_of_docs_is_named_from_there():
    with pytest.raises(nav.NavError, match=r"- \[Title\]\(\.\./examples/x/README\.md\)"):
        nav.check(nav.sections(TEXT), PAGES | {"examples/x/README.md"})


def test_listed_page_must_be_there():
    with pytest.raises(nav.NavError, match=r"lists 'docs/a.md', which is no page"):
        nav.check(nav.sections(TEXT), PAGES - {"docs/a.md"})


def test_page_stands_under_one_heading():
    twice = TEXT + "- [Again](a.md)\n"
    with pytest.raises(nav.NavError, match=r"lists 'docs/a.md' twice"):
        nav.check(nav.sections(twice), PAGES)
