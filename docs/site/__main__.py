"""Build the site: `python -m docs.site [build/site]`. A page in no list, or a dead link, fails it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from docs.site import links, nav, same, source

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build"


def main() -> int:
    """Build, then look at what was built."""
    try:
        prepare()
    except nav.NavError as error:
        print(f"docs: {error}", file=sys.stderr)
        return 1
    built = subprocess.run(
        [Path(sys.executable).with_name("zensical"), "build", "--strict", "--clean"],
        cwd=WORK,
        capture_output=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1"},
        text=True,
    )
    site = ROOT / "build" / "site"
    if not site.is_dir():
        print(f"docs: {built.stdout}{built.stderr}", file=sys.stderr)
        return 1
    source.bring(ROOT, WORK / "site-source", site)
    found = [*links.problems(site), *same.problems(WORK / "site-source", site)]
    for problem in found:
        print(f"docs: {problem}", file=sys.stderr)
    # What it finds and we do not is an error too.
    if built.returncode and not found:
        print(f"docs: {built.stdout or built.stderr}", file=sys.stderr)
    return 1 if found or built.returncode else 0


def prepare() -> None:
    """Lay out the pages, and Zensical's configuration beside them."""
    pages = source.pages(ROOT)
    listed = nav.sections((ROOT / nav.FIRST).read_text(encoding="utf-8"))
    nav.check(listed, pages)
    shutil.rmtree(ROOT / "build" / "site", ignore_errors=True)
    source.lay_out(ROOT, WORK / "site-source")
    look = (ROOT / "docs/site/zensical.toml").read_text(encoding="utf-8")
    configured = look.replace("nav = []", f"nav = {nav.toml(listed, pages)}", 1)
    (WORK / "zensical.toml").write_text(configured, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
