"""`apitrail key`, `erase`, `prune` and `recover`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apitrail import places, when
from apitrail.cli import shipping
from apitrail.cli.options import Group, with_trail
from apitrail.counted import counted
from apitrail.entry import TAGS
from apitrail.errors import UsageError
from apitrail.evidence.known_logs import KnownLogs, key_of
from apitrail.trail import targets as erasing
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader

if TYPE_CHECKING:
    from apitrail.evidence.maintenance import Erased


@click.group("key", cls=Group)
def key_group() -> None:
    """The key that signs a log, and the keys you trust."""


@key_group.command()
@with_trail
def show(trail: Path) -> None:
    """Print the log's public key, for those who will verify it."""
    keys = Keys.of(trail)
    if not keys.exist:
        raise UsageError(
            f"there is no log key in {str(trail)!r}", hint="`apitrail key generate` makes one"
        )
    click.echo(str(keys.signer().verifier))


@key_group.command()
@click.option("--origin", metavar="NAME", help="The log's name, such as example.com/trail, which witnesses know it by; by default this machine's name and something random.")  # fmt: skip
@with_trail
def generate(trail: Path, origin: str | None) -> None:
    """Make the key of a new trail before anything is recorded, and trust it."""
    places.make_directory(trail)
    verifier = Keys.of(trail).generate(origin).verifier
    KnownLogs(places.directory()).trust(verifier)
    click.echo(str(verifier))


@key_group.command()
@with_trail
def rotate(trail: Path) -> None:
    """Sign with a new key from now on. Both keys sign the entry that says so."""
    from apitrail.evidence import maintenance

    index, vkey = maintenance.rotate(trail)
    click.echo(f"entry {index} says it; from now on the key is", err=True)
    click.echo(vkey)


@key_group.command()
@click.argument("vkey")
def trust(vkey: str) -> None:
    """Trust a log's public key that its owner gave you."""
    KnownLogs(places.directory()).trust(key_of(vkey))


@click.command()
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@click.option("--facet", "facets", multiple=True, metavar="FACET", help=f"Only this: {', '.join(TAGS)}.")  # fmt: skip
@click.option(
    "--reason", metavar="TEXT", help="The reason. It stays in the log for good, so name nobody."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@with_trail
def erase(
    trail: Path, ids: tuple[str, ...], facets: tuple[str, ...], reason: str | None, yes: bool
) -> None:
    """Destroy the content of events for good. The log still verifies, and says what was erased."""
    from apitrail.evidence import maintenance

    with Reader(trail) as reader:
        targets = erasing.by_id(reader, ids, facets)
    _confirm(f"destroy content of {_entries(len(targets))}", yes)
    erased = maintenance.erase(trail, targets, reason)
    shipping.after_erasure(trail, targets)
    click.echo(f"{erased.facets} facets of {_entries(len(targets))} erased", err=True)
    _warn(erased)


@click.command()
@click.option("--before", "before", required=True, metavar="TIME", help="Destroy calls older than this, such as 90d or 2026-01-01.")  # fmt: skip
@click.option("--reason", metavar="TEXT", help="The reason. It stays in the log for good.")
@click.option("--dry-run", is_flag=True, help="Destroy nothing; print how much would be destroyed.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@with_trail
def prune(trail: Path, before: str, reason: str | None, dry_run: bool, yes: bool) -> None:
    """Destroy the content of all calls before a time, as a retention policy asks for."""
    from apitrail.evidence import maintenance

    time = when.parse(before, now=datetime.now().astimezone())
    with Reader(trail) as reader:
        targets = list(erasing.before(reader, time))
    if dry_run or not targets:
        click.echo(f"{_entries(len(targets))} would be erased", err=True)
        return
    _confirm(f"destroy content of {_entries(len(targets))} before {before}", yes)
    erased = maintenance.erase(trail, targets, reason or "retention")
    shipping.after_erasure(trail, targets)
    click.echo(f"{_entries(len(targets))} erased", err=True)
    _warn(erased)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@with_trail
def recover(trail: Path, yes: bool) -> None:
    """Continue a trail that was rolled back to an older state. The log states what it lost."""
    from apitrail.evidence import maintenance

    _confirm("state for good that the newest entries of this log are lost", yes)
    lost = maintenance.recover(trail)
    click.echo(f"stated: {lost}" if lost else "nothing is lost", err=True)


def _warn(erased: Erased) -> None:
    if erased.held:
        click.echo(
            "apitrail: another program is reading an older state of the trail, so a copy of what "
            "was erased stays on the disk until it ends and the recorder writes again",
            err=True,
        )


def _confirm(what: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"will not {what} unasked", hint="--yes says that you mean it")
    click.confirm(f"{what[:1].upper()}{what[1:]}?", abort=True, err=True)


def _entries(number: int) -> str:
    return counted(number, "entry", "entries")
