"""`apitrail verify`."""

from __future__ import annotations

from pathlib import Path

import click

from apitrail import config, render, verify
from apitrail.cli.options import output_option, with_trail
from apitrail.tlog import note
from apitrail.trail.reader import Reader


@click.command("verify")
@click.option("--key", "vkeys", multiple=True, metavar="VKEY", help="Trust this public key.")
@output_option("text", "json", default="text")
@with_trail
def verify_command(trail: Path, vkeys: tuple[str, ...], output: str) -> int:
    """Check that a trail is complete and unaltered."""
    with Reader(trail) as reader:
        keys = [note.Verifier.parse(key) for key in vkeys] or [
            config.Keys.of(trail).signer().verifier
        ]
        report = verify.check(reader, keys, step=lambda text: click.echo(text, err=True))
    click.echo(render.json_document(report.to_json()) if output == "json" else str(report))
    return 0 if report.holds else 1


COMMANDS = (verify_command,)
