"""`apitrail ca`."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apitrail.cli.options import Group, output_option, with_trail

if TYPE_CHECKING:
    from apitrail.recording.authority.ca_files import CaFiles


@click.group("ca", cls=Group)
def ca_group() -> None:
    """The certificate authority that clients trust so that TLS can be recorded."""


def _files(trail: Path) -> CaFiles:
    from apitrail.recording.authority.ca_files import CaFiles

    return CaFiles(trail)


@ca_group.command("show")
@output_option("text", "json", default="text")
@with_trail
def show(trail: Path, output: str) -> None:
    """Print the CA's subject, fingerprint and validity, what it may sign for, and where it is."""
    from apitrail.recording.authority.facts import facts

    about = facts(_files(trail))
    if output == "json":
        click.echo(json.dumps(about))
        return
    for name, value in about.items():
        lines = value if isinstance(value, list) else [value]
        for line in lines:
            click.echo(f"{name:12} {line}")


@ca_group.command("export")
@click.option("-o", "--out", default="-", show_default=True, type=click.Path(path_type=Path, allow_dash=True), metavar="FILE", help="Write to this file; `-` is stdout.")  # fmt: skip
@with_trail
def export(trail: Path, out: Path) -> None:
    """Write the CA's certificate (PEM), for the stores of clients. The key is never written."""
    from apitrail.recording.authority import ca_files

    authority = _files(trail).read()
    if str(out) == "-":
        click.echo(authority.pem.decode(), nl=False)
    else:
        ca_files.export(authority, out)


@ca_group.command("rotate")
@click.option("--permit", "permit", multiple=True, metavar="HOST", help="The new CA may sign for this name and all below it, address or network too. May be repeated.")  # fmt: skip
@click.option("--any-host", is_flag=True, help="The new CA may sign for every host.")
@with_trail
def rotate(trail: Path, *, permit: tuple[str, ...], any_host: bool) -> None:
    """Make a new key and a new certificate. Clients must be given the new certificate.

    The new CA may sign for AWS's names, this machine, the hosts that the old one had, and those
    that --permit names.
    """
    from apitrail.recording.authority.facts import farewell

    files = _files(trail)
    authority = files.rotate(dt.datetime.now(dt.UTC), permit, any_host=any_host)
    click.echo(authority.fingerprint)
    for line in farewell(files):
        click.echo(line, err=True)


@ca_group.command("remove")
@click.option("--dry-run", is_flag=True, help="Only look where the certificate is.")
@with_trail
def remove(trail: Path, *, dry_run: bool) -> int:
    """Take the CA away: its key, and the bundles that clients were given. The log is not touched.

    Nothing that it signs is trusted by commands that `exec` starts from then on; the next recorder
    makes another CA. Exit status 1: the certificate, or that of an earlier CA, is still in a store
    of this machine (the system's, Java's, a browser's, or a file that a variable or ~/.aws/config
    names), into which somebody put it. Each is printed with what takes it out.
    """
    import os

    from apitrail.recording.authority import trust_stores

    files = _files(trail)
    known = files.known()
    if not dry_run:
        files.remove()
        click.echo(f"apitrail: the CA of {str(trail)!r} is gone", err=True)
    found = trust_stores.having(known, os.environ, home=Path.home(), besides=trail)
    for store in found:
        click.echo(f"{store.path}: {store.undo}")
    if not found:
        click.echo("no store of this machine has its certificate")
    for authority in known:
        click.echo(f"hint: elsewhere it has the SHA-256 fingerprint {authority.fingerprint}", err=True)  # fmt: skip
    return 1 if found else 0
