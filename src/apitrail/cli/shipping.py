"""`apitrail ship`, and the trees of log files and digests that `export` writes."""

from __future__ import annotations

from pathlib import Path

import click

from apitrail import config, when
from apitrail.errors import UsageError
from apitrail.query import Filter

# The format of `export` that writes a tree, not a file.
CLOUDTRAIL = "cloudtrail"


def seconds(text: str | None) -> int | None:
    """How long a digest's time is.

    Raises:
        UsageError: not a duration, or shorter than CloudTrail's names can tell.
    """
    if text is None:
        return None
    found = int(when.parse_duration(text).total_seconds())
    if found < 1:
        raise UsageError(f"too short a time: {text!r}", hint="at least 1s")
    return found


def export_tree(
    trail: Path, where: Filter, ids: tuple[str, ...], out: str | None, every: str | None
) -> None:
    """Write log files and digests of the whole trail to the directory `out`."""
    from apitrail.ship import delivery

    if where != Filter() or ids:
        raise UsageError(
            "log files and digests are of all calls: a filter would look like a hole",
            hint="--format jsonl takes a filter, and --format bundle proves what it leaves out",
        )
    if out in (None, "-"):
        raise UsageError("log files need a directory", hint="-o DIR")
    made = delivery.export(trail, Path(str(out)), now=config.clock(), every=seconds(every))
    calls = sum(len(log.indexes) for log in made.logs)
    click.echo(
        f"apitrail: {calls} calls in {len(made.logs)} log files, {len(made.digests)} digests, "
        f"in {out}",
        err=True,
    )
