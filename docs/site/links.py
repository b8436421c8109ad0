"""What the built pages refer to: every link, anchor, picture, script and style sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Elements that a browser fetches by itself, and the attribute that says from where.
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
# `<link>` also names pages; these kinds of it are fetched.
FETCHED_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "preconnect", "dns-prefetch"}


@dataclass(slots=True)
class Refs(HTMLParser):
    """What one page refers to, and what can be referred to in it."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    @classmethod
    def of(cls, text: str) -> Refs:
        """Read a page."""
        refs = cls()
        refs.feed(text)
        return refs

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note its anchor and where it leads."""
        has = {name: value or "" for name, value in attrs}
        if "id" in has:
            self.anchors.add(has["id"])
        if tag == "a" and "href" in has:
            self.links.append(has["href"])
        if tag in FETCHED and (tag != "link" or FETCHED_LINKS & set(has.get("rel", "").split())):
            self.fetched.append(has.get(FETCHED[tag], ""))


def problems(site: Path) -> Iterator[str]:
    """Each reference that leads nowhere, or that has a reader's browser ask another host."""
    refs = {
        page: Refs.of(page.read_text(encoding="utf-8")) for page in sorted(site.rglob("*.html"))
    }
    for page, of_page in refs.items():
        # The page for what is not found may be shown at any path: its links begin at the root.
        if page.name == "404.html":
            continue
        name = page.relative_to(site)
        yield from (
            f"{name}: fetches {url!r} from elsewhere" for url in of_page.fetched if away(url)
        )
        for link in (*of_page.links, *of_page.fetched):
            if link and not away(link) and (problem := dead(page, link, refs)):
                yield f"{name}: {link!r} {problem}"


def away(url: str) -> bool:
    """Whether it is on another host."""
    parts = urlsplit(url)
    return bool(parts.scheme or parts.netloc) and parts.scheme != "data"


def dead(page: Path, link: str, refs: dict[Path, Refs]) -> str | None:
    """Why a link leads nowhere."""
    parts = urlsplit(link)
    if parts.scheme == "data":
        return None
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return "leads to no page and no file"
    if parts.fragment and target in refs and unquote(parts.fragment) not in refs[target].anchors:
        return "names no heading of that page"
    return None
