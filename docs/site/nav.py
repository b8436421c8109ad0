"""The order of the pages: the lists of links in docs/README.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath

HEADING = re.compile(r"## (?P<title>.+)")
LINK = re.compile(r"- \[(?P<title>[^]]+)\]\((?P<target>[^)#]+)\)")
FIRST = "docs/README.md"


class NavError(Exception):
    """The lists and the pages do not agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the site, by its path in the repository."""

    title: str
    path: str


type Sections = dict[str, list[Page]]


def sections(text: str) -> Sections:
    """The pages that each heading of docs/README.md lists."""
    found: Sections = {}
    for line in text.splitlines():
        if heading := HEADING.fullmatch(line):
            found[heading["title"]] = []
        elif (link := LINK.match(line)) and found:
            path = normpath(str(PurePosixPath(FIRST).parent / link["target"]))
            found[list(found)[-1]].append(Page(title=link["title"], path=path))
    return {title: pages for title, pages in found.items() if pages}


def check(listed: Sections, pages: set[str]) -> None:
    """Raise unless every page is listed once, and every listed page is there."""
    paths = [page.path for pages in listed.values() for page in pages]
    for path in paths:
        if path not in pages:
            raise NavError(
                f"{FIRST} lists {path!r}, which is no page\nhint: mend or remove its line"
            )
        if paths.count(path) > 1:
            raise NavError(f"{FIRST} lists {path!r} twice\nhint: a page stands under one heading")
    for path in sorted(pages - {FIRST, "README.md"} - set(paths)):
        if not any(Path(above, "README.md").as_posix() in paths for above in parents(path)):
            raise NavError(f"{path!r} is in no list of {FIRST}\n{hint(path, listed)}")


def hint(path: str, listed: Sections) -> str:
    """Where a page is to be added."""
    headings = ", ".join(repr(heading) for heading in listed)
    target = PurePosixPath(path).relative_to("docs") if path.startswith("docs/") else f"../{path}"
    return f"hint: add a line `- [Title]({target}): what it is for` to {FIRST}, under one of {headings}"


def below(page: Page, pages: set[str]) -> list[str]:
    """The other pages of a directory whose README.md is listed, in the order of their names."""
    if PurePosixPath(page.path).name != "README.md":
        return []
    directory = PurePosixPath(page.path).parent.as_posix()
    return sorted(path for path in pages - {page.path} if directory in parents(path))


def parents(path: str) -> list[str]:
    """The directories above a page, down to those in docs/."""
    return [above.as_posix() for above in PurePosixPath(path).parents if above.parts[1:]]


def toml(listed: Sections, pages: set[str]) -> str:
    """As Zensical's configuration has it."""
    home = '{"apitrail" = "README.md"}'
    overview = f'{{"Documentation" = "{FIRST}"}}'
    return f"[{', '.join([home, overview, *(section(title, listed[title], pages) for title in listed)])}]"


def section(title: str, listed: list[Page], pages: set[str]) -> str:
    """One heading with its pages."""
    lines = []
    for page in listed:
        inner = below(page, pages)
        own = f'{{"{page.title}" = "{page.path}"}}'
        others = ", ".join(f'"{path}"' for path in (page.path, *inner))
        lines.append(f'{{"{page.title}" = [{others}]}}' if inner else own)
    return f'{{"{title}" = [{", ".join(lines)}]}}'
