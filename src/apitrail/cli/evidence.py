"""`apitrail verify`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from apitrail import config, known_logs, render
from apitrail.cli.options import output_option, with_trail
from apitrail.trail.reader import Reader
from apitrail.verify import trail as verification


@click.command("verify")
@click.option("--key", "vkeys", multiple=True, metavar="VKEY", help="Trust this public key, or the one in this file.")  # fmt: skip
@click.option("--since", type=click.File("rb"), metavar="CHECKPOINT", help="The log must continue this older signed checkpoint.")  # fmt: skip
@output_option("text", "json", default="text")
@with_trail
def verify_command(trail: Path, vkeys: tuple[str, ...], since: BinaryIO | None, output: str) -> int:
    """Check that a trail is complete and unaltered."""
    known = known_logs.KnownLogs(config.directory())
    with _progress(trail) as progress:
        report = verification.check(
            trail,
            known_logs.given(vkeys) if vkeys else known.trusted(),
            now=config.clock(),
            since=None if since is None else since.read().decode("utf-8", "replace"),
            step=lambda text: click.echo(text, err=True),
            progress=progress,
        )
    if not vkeys:
        known.remember(report)
    click.echo(render.json_document(report.to_json()) if output == "json" else str(report))
    if report.hint:
        click.echo(f"hint: {report.hint}", err=True)
    return 0 if report.holds else 1


@contextmanager
def _progress(trail: Path) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Reader(trail) as reader:
        size = reader.size
    with click.progressbar(length=size, label="entries", file=sys.stderr) as bar:
        yield bar.update


COMMANDS = (verify_command,)
