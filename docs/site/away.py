"""Ask every link of the built pages that leads to another host: `python -m docs.site.away`."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urldefrag

from docs.site.links import Refs, away

SITE = Path(__file__).parents[2] / "build" / "site"
# Addresses in examples, which lead nowhere on purpose; and the project's own, which come with a release.
NOWHERE = (".example", "example.com", "localhost", "127.0.0.1", "github.com/apitrail/apitrail")


def main() -> int:
    """Name each that does not answer."""
    failed = {url: said for url in sorted(urls(SITE)) if (said := problem(url))}
    for url, said in failed.items():
        print(f"docs: {url}: {said}", file=sys.stderr)
    return 1 if failed else 0


def urls(site: Path) -> set[str]:
    """The links to other hosts, each once."""
    pages = (Refs.of(page.read_text(encoding="utf-8")) for page in site.rglob("*.html"))
    found = {
        urldefrag(link).url for page in pages for link in page.links if link.startswith("http")
    }
    return {url for url in found if away(url) and not any(name in url for name in NOWHERE)}


def problem(url: str) -> str | None:
    """Why a link is dead."""
    request = urllib.request.Request(url, headers={"User-Agent": "apitrail-docs"})  # noqa: S310
    try:
        urllib.request.urlopen(request, timeout=20).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        # Refused to a program, and there for a person.
        return None if error.code in {403, 405, 429} else f"status {error.code}"
    except OSError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
