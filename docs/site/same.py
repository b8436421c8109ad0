"""Whether a page of the site has what a forge shows of the same text.

A forge reads CommonMark, the site's generator another Markdown. Where they see other lists, tables,
blocks or headings, the text is to be written so that both see the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from markdown_it import MarkdownIt

COUNTED = {"h1", "h2", "h3", "h4", "li", "tr", "pre", "code", "strong", "em", "img", "blockquote"}


class Elements(HTMLParser):
    """How many of each element the text of a page has."""

    def __init__(self, html: str, inside: str | None) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self._inside = inside
        self._in = inside is None
        self.feed(html)

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """Count it."""
        self._in |= tag == self._inside
        if self._in and tag in COUNTED:
            self.counts[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        """The text ends where its element does."""
        if tag == self._inside:
            self._in = False


def problems(source: Path, site: Path) -> Iterator[str]:
    """Each page that has other elements on the site than on a forge."""
    forge = MarkdownIt("commonmark").enable("table")
    for page in sorted(source.rglob("*.md")):
        name = page.relative_to(source)
        built = site / name.with_name(
            "index.html" if name.name == "README.md" else f"{name.stem}.html"
        )
        here = Elements(built.read_text(encoding="utf-8"), "article").counts
        there = Elements(forge.render(page.read_text(encoding="utf-8")), None).counts
        if differing := {tag for tag in COUNTED if here[tag] != there[tag]}:
            told = ", ".join(f"{there[tag]} {tag}, here {here[tag]}" for tag in sorted(differing))
            yield f"{name}: on a forge it has {told}: write it so that both read the same"
