"""`apitrail verify`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from apitrail import places
from apitrail.cli import shipping
from apitrail.cli.options import output_option, with_trail
from apitrail.evidence import bundle, known_logs
from apitrail.evidence.verify import Report, Trust
from apitrail.evidence.verify import trail_check as verification
from apitrail.reading import render
from apitrail.trail.reader import Reader


@click.command("verify")
@click.argument("source", required=False, metavar="[TRAIL|BUNDLE|TREE|s3://…]")
@click.option("--key", "vkeys", multiple=True, metavar="VKEY", help="Trust this public key, or the one in this file.")  # fmt: skip
@click.option("--since", type=click.File("rb"), metavar="CHECKPOINT", help="The log must continue this older signed checkpoint.")  # fmt: skip
@click.option("--endpoint-url", metavar="URL", help="The endpoint of S3, where it is not AWS.")
@click.option("--profile", metavar="NAME", help="Read S3 with this AWS profile.")
@output_option("text", "json", default="text")
@with_trail
def verify_command(
    trail: Path, source: str | None, vkeys: tuple[str, ...], since: BinaryIO | None, endpoint_url: str | None, profile: str | None, output: str
) -> int:  # fmt: skip
    """Check that a trail is complete and unaltered, or what a bundle proves.

    TREE is a directory that `export --format cloudtrail` wrote. s3://… is where `ship` wrote to.
    """
    known = known_logs.KnownLogs(places.directory())
    trust = known_logs.given(vkeys) if vkeys else known.trusted()
    older = None if since is None else since.read().decode("utf-8", "replace")
    if source is not None and source.startswith("s3://"):
        report = shipping.verify_bucket(
            source, trust, trail=trail, since=older, endpoint=endpoint_url, profile=profile
        )
    else:
        report = _check(Path(source) if source else trail, trust, older)
    if not vkeys:
        known.remember(report)
    click.echo(render.json_document(report.to_json()) if output == "json" else str(report))
    if report.hint:
        click.echo(f"hint: {report.hint}", err=True)
    return 0 if report.holds else 1


def _check(path: Path, trust: Trust, since: str | None) -> Report:
    def step(text: str) -> None:
        click.echo(text, err=True)

    # A trail is a folder. A file is therefore read as a bundle, even if it is broken.
    if path.is_file() or bundle.is_archive(path):
        return bundle.verify_file(path, trust, since=since, step=step)
    if shipping.is_tree(path):
        return shipping.verify_tree(path, trust, since=since)
    with _progress(path) as progress:
        return verification.check(
            path, trust, now=places.clock(), since=since, step=step, progress=progress
        )


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
