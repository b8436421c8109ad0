"""`python -m release DIRECTORY`: make all that a release would publish, check it, and list it.

It uploads nothing. Made twice of the same commit with the same locks, all files are the same, byte for byte.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from release import checkout, distributions, papers, sbom

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Make a release of the last commit."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("directory", type=Path)
    target = parser.parse_args().directory
    say = sys.stdout.write
    for line in checkout.doubts(ROOT):
        say(f"note: {line}\n")
    for path in make(target, say):
        say(f"{papers.sha256(path)}  {path.stat().st_size:>9,}  {path}\n")
    say("nothing was uploaded; CONTRIBUTING.md says how a release is made\n")


def make(target: Path, say: Callable[[str], object]) -> list[Path]:
    """Make the files of a release; gives their paths."""
    os.environ["SOURCE_DATE_EPOCH"] = str(checkout.epoch(ROOT))
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("apitrail-*"):
        old.unlink()
    with TemporaryDirectory() as scratch:
        say("the distributions\n")
        source = checkout.export(ROOT, Path(scratch) / "source")
        sdist, wheel = distributions.build(source, target)
        distributions.check([sdist, wheel])
        say("the papers\n")
        share = papers.share(wheel, int(os.environ["SOURCE_DATE_EPOCH"]))
        bill = sbom.write(wheel, source, Path(scratch) / "installed")
    files = [sdist, wheel, share, bill]
    return [*files, papers.checksums(files)]


if __name__ == "__main__":
    main()
