"""`apitrail ship`, and what other commands do with log files and digests.

What needs them is imported when it is asked for: most commands do without.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apitrail import places, when
from apitrail.cli.options import with_trail
from apitrail.counted import counted
from apitrail.errors import Error, UsageError
from apitrail.evidence.verify import Report, Trust
from apitrail.query import Filter
from apitrail.trail import database
from apitrail.trail.statements import Target

if TYPE_CHECKING:
    from apitrail.delivery.bucket.object_lock import Bucket, Location
    from apitrail.delivery.bucket.shipping import Outcome

# These formats of `export` write a directory instead of one file.
CLOUDTRAIL = "cloudtrail"
PARQUET = "parquet"


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
    from apitrail.delivery.logfiles import log_directory

    _refuse_choice(where, ids, "log files and digests")
    if out in (None, "-"):
        raise UsageError("log files need a directory", hint="-o DIR")
    made = log_directory.export(trail, Path(str(out)), now=places.clock(), every=seconds(every))
    click.echo(
        f"apitrail: {made.told()} in {len(made.logs)} log files, {len(made.digests)} digests, "
        f"in {out}",
        err=True,
    )


def export_lake(
    trail: Path, where: Filter, ids: tuple[str, ...], out: str | None, *, unfinished: bool
) -> None:
    """Bring a lake in the directory `out` up to date with the whole trail."""
    from apitrail.delivery.lake import lake_directory

    _refuse_choice(where, ids, "a lake's files")
    if out in (None, "-"):
        raise UsageError("a lake needs a directory", hint="-o DIR")
    made = lake_directory.export(trail, Path(str(out)), now=places.clock(), as_it_stands=unfinished)
    if not made:
        click.echo(f"apitrail: nothing new for {out}; an hour is written once it is over", err=True)
        return
    rows, files = sum(each.rows for each in made), sum(len(each.files) for each in made)
    what = f"{counted(rows, 'call')} in {counted(files, 'file')}, {counted(len(made), 'list')}"
    click.echo(f"apitrail: {what}, in {out}", err=True)


def _refuse_choice(where: Filter, ids: tuple[str, ...], what: str) -> None:
    if not where.is_open or ids:
        raise UsageError(
            f"{what} are of all calls: a filter would look like a hole",
            hint="--format jsonl takes a filter, and --format bundle proves what it leaves out",
        )


@click.command("ship")
@click.argument("place", metavar="s3://BUCKET/PREFIX")
@click.option(
    "--once", is_flag=True, help="Ship once and end. This is the default without --every."
)
@click.option("--every", metavar="TIME", help="Keep running and ship this often, such as 5m.")
@click.option("--retain", metavar="TIME", help="Lock the files for this time, such as 7y or 90d. Without it the bucket's default retention applies.")  # fmt: skip
@click.option(
    "--digest-every", metavar="TIME", help="The time that one digest covers; 1h by default."
)
@click.option("--parquet", is_flag=True, help="Ship the Parquet files of a lake instead of log files: an hour once it is over. Many recorders may write to one lake.")  # fmt: skip
@click.option("--unfinished", is_flag=True, help="With --parquet: ship the hour that is not over too, as it stands.")  # fmt: skip
@click.option("--endpoint-url", metavar="URL", help="The endpoint of S3, where it is not AWS.")
@click.option("--profile", metavar="NAME", help="Write with this AWS profile.")
@with_trail
def ship(
    trail: Path, place: str, once: bool, every: str | None, retain: str | None, digest_every: str | None, parquet: bool, unfinished: bool,
    endpoint_url: str | None, profile: str | None,
) -> None:  # fmt: skip
    """Bring log files, digests and checkpoints to a bucket where nobody can take them away.

    The bucket needs versioning and Object Lock. Nobody can delete a locked file before its time,
    not even the root user: try it with a short --retain first.
    """
    from apitrail.delivery.bucket.object_lock import Bucket, Location

    if once and every:
        raise UsageError("--once and --every contradict each other")
    _refuse_mixed(parquet, digest_every, unfinished)
    location = Location.parse(place)
    bucket = Bucket.connect(location.bucket, endpoint=endpoint_url, profile=profile)
    pause = seconds(every)
    if parquet:
        _repeat(partial(_ship_lake, trail, location, bucket, retain, unfinished), pause)
    else:
        length = seconds(digest_every)
        _repeat(partial(_ship_logs, trail, location, bucket, retain, length), pause)


def _refuse_mixed(parquet: bool, digest_every: str | None, unfinished: bool) -> None:
    if parquet and digest_every:
        raise UsageError("a lake has no digests", hint="leave out --digest-every")
    if unfinished and not parquet:
        raise UsageError("--unfinished is for --parquet", hint="log files are shipped as they are")


def _ship_logs(
    trail: Path, location: Location, bucket: Bucket, retain: str | None, every: int | None
) -> None:
    from apitrail.delivery.bucket.shipping import Shipping

    _say(Shipping(trail, location, bucket, retain=retain, every=every).ship(places.clock()), location)  # fmt: skip


def _ship_lake(
    trail: Path, location: Location, bucket: Bucket, retain: str | None, unfinished: bool
) -> None:
    from apitrail.delivery.lake.lake_shipping import LakeShipping

    shipping = LakeShipping(trail, location, bucket, retain=retain, as_it_stands=unfinished)
    made = shipping.ship(places.clock())
    for said in made:
        count = f"{counted(said.rows, 'call')} in {counted(len(said.files), 'file')}"
        click.echo(f"apitrail: list {said.number} is at {location}: {count}, locked", err=True)
    if not made:
        click.echo(f"apitrail: nothing new for {location}: an hour is shipped once it is over", err=True)  # fmt: skip


def _repeat(once: Callable[[], None], pause: int | None) -> None:
    """Do it once, and then again and again, where there is a pause in between."""
    once()
    if pause:
        stopping = _stopping()
        while not stopping.wait(pause):
            _try(once)


def _stopping() -> threading.Event:
    """Set by SIGTERM or SIGINT: what is being shipped is shipped, then there is an end."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def _try(once: Callable[[], None]) -> None:
    """One of many: what failed is done with the next."""
    try:
        once()
    except Error as error:
        click.echo(f"apitrail: {error}", err=True)


def _say(outcome: Outcome, place: Location) -> None:
    if not outcome.shipments:
        click.echo(f"apitrail: nothing new for {place}", err=True)
    for number in outcome.shipments:
        click.echo(f"apitrail: shipment {number} is at {place}", err=True)
    if outcome.shipments:
        click.echo(f"apitrail: {outcome.files} files, locked", err=True)


def verify_bucket(
    place: str,
    trust: Trust,
    *,
    trail: Path,
    since: str | None,
    endpoint: str | None,
    profile: str | None,
) -> Report:
    """Check what was shipped to a place."""
    from apitrail.delivery.bucket import bucket_check
    from apitrail.delivery.bucket.object_lock import Bucket, Location

    location = Location.parse(place)
    bucket = Bucket.connect(location.bucket, endpoint=endpoint, profile=profile)
    return bucket_check.verify_bucket(location, bucket, trust, trail=trail, since=since, step=_step)


def is_tree(path: Path) -> bool:
    """Is this a tree of log files, and no trail?"""
    from apitrail.delivery.logfiles import tree

    return not (path / database.FILE).exists() and tree.is_tree(path)


def verify_tree(path: Path, trust: Trust, *, since: str | None) -> Report:
    """Check a tree of log files and digests."""
    from apitrail.delivery.logfiles import tree_check

    return tree_check.verify_tree(path, trust, since=since, step=_step)


def after_erasure(trail: Path, targets: Sequence[Target]) -> None:
    """Take what was erased from the log files too, and name the copies that stay."""
    from apitrail.delivery.bucket import shipping
    from apitrail.delivery.lake import held_copies
    from apitrail.delivery.logfiles import store

    store.follow_erasures(trail)
    held_copies.forget_unshipped(trail)
    indexes = [target.index for target in targets]
    copies = shipping.shipped_copies(trail, indexes)
    held = held_copies.held_copies(trail, indexes)
    if copies:
        count = "1 shipped file tells" if len(copies) == 1 else f"{len(copies)} shipped files tell"
        click.echo(f"out of reach: {count} of it until the lock ends", err=True)
    for copy in copies:
        click.echo(f"  {copy}", err=True)
    if held:
        count = "1 file of a lake holds" if len(held) == 1 else f"{len(held)} files of lakes hold"
        click.echo(f"out of reach: {count} of it, and stays as its log has signed it", err=True)
    for one in held:
        click.echo(f"  {one}", err=True)


def _step(text: str) -> None:
    click.echo(text, err=True)
