"""`apitrail operator`."""

from __future__ import annotations

from pathlib import Path

import click

from apitrail.cli.options import Group, with_trail


@click.group("operator", cls=Group)
def operator_group() -> None:
    """Name who may record through a proxy that other machines can reach."""


@operator_group.command("add")
@click.argument("name")
@click.option("--certificate", type=click.Path(path_type=Path), metavar="FILE", help="The operator shows this certificate (PEM) to the proxy, and has no secret.")  # fmt: skip
@with_trail
def add(trail: Path, name: str, certificate: Path | None) -> None:
    """Add an operator, and print the secret: this once, as the last word.

    Its clients use HTTPS_PROXY=http://NAME:SECRET@HOST:PORT; with a certificate, an https proxy.
    """
    from apitrail.recording.operators import Operators, fingerprint

    if certificate is not None:
        shown = fingerprint(certificate)
        Operators.of(trail).add_certified(name, shown)
        click.echo(f"operator {name} has the certificate with SHA-256 {shown}")
        return
    secret = Operators.of(trail).add(name)
    click.echo(f"operator {name} has the secret {secret}")


@operator_group.command("list")
@with_trail
def list_command(trail: Path) -> None:
    """Print the operators' names."""
    from apitrail.recording.operators import Operators

    for name in Operators.of(trail).names():
        click.echo(name)


@operator_group.command("remove")
@click.argument("name")
@with_trail
def remove(trail: Path, name: str) -> None:
    """Remove an operator; the next connection with its secret is refused."""
    from apitrail.recording.operators import Operators

    Operators.of(trail).remove(name)
    click.echo(f"apitrail: {name} is no operator any more", err=True)
