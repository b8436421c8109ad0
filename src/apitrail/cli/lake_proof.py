"""`apitrail lake verify` and `apitrail lake coverage`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from apitrail import places, when
from apitrail.cli.options import output_option, with_trail
from apitrail.cli.printing import emit, say, table
from apitrail.errors import FormatError, UsageError
from apitrail.evidence import known_logs
from apitrail.evidence.verify import Trust
from apitrail.reading import render

if TYPE_CHECKING:
    from apitrail.delivery.lake.lake_coverage import Covered


@click.command("verify")
@click.argument("place", metavar="DIR|s3://BUCKET/PREFIX")
@click.option("--key", "vkeys", multiple=True, metavar="VKEY", help="Trust this public key of a log, or the one in this file. That log must be here. May be repeated.")  # fmt: skip
@click.option("--since", type=click.File("rb"), metavar="CHECKPOINT", help="The lake must reach this older signed checkpoint of its log.")  # fmt: skip
@click.option("--log-files", metavar="TREE|s3://…", help="Hold rows against these log files too: a tree of `export --format cloudtrail`, or what `ship` wrote.")  # fmt: skip
@click.option("--endpoint-url", metavar="URL", help="The endpoint of S3, where it is not AWS.")
@click.option("--profile", metavar="NAME", help="Read S3 with this AWS profile.")
@output_option("text", "json", default="text")
@with_trail
def verify_command(
    trail: Path, place: str, vkeys: tuple[str, ...], since: BinaryIO | None, log_files: str | None,
    endpoint_url: str | None, profile: str | None, output: str,
) -> int:  # fmt: skip
    """Check that a lake is complete and unaltered, by the lists that each log has signed.

    A file that is missing, altered, there twice or in no list is named. Where the trail of a log is
    here too, each of its rows is made anew and compared.
    """
    from apitrail.delivery.lake import lake_check, lake_place, log_records
    from apitrail.delivery.lake.lake_directory import check_installed
    from apitrail.delivery.lake.log_check import Beside

    check_installed()
    trust = _trust(vkeys)
    where = lake_place.at(place, endpoint=endpoint_url, profile=profile)
    beside = Beside(
        trail=trail, now=places.clock(),
        records=None if log_files is None
        else log_records.of(log_files, trust, endpoint=endpoint_url, profile=profile),
        since=_checkpoint(since),
    )  # fmt: skip
    expected = [each.name for each in trust.verifiers] if vkeys else []
    report = lake_check.verify_lake(where, trust, beside, expected=expected, step=_step)
    click.echo(render.json_document(report.to_json()) if output == "json" else str(report))
    if report.hint:
        click.echo(f"hint: {report.hint}", err=True)
    return 0 if report.holds else 1


def _checkpoint(since: BinaryIO | None) -> str | None:
    from apitrail.cli import older_head
    from apitrail.tlog.checkpoint import Checkpoint

    found = older_head.read(since)
    if since is None or found is None:
        return None
    try:
        Checkpoint.unverified(found)
    except FormatError as error:
        raise UsageError(
            f"{since.name} is not a signed checkpoint: {error}",
            hint="--since wants an older copy of the file `checkpoint` of a trail",
        ) from error
    return found


@click.command("coverage")
@click.argument("place", metavar="DIR|s3://BUCKET/PREFIX")
@click.option("--key", "vkeys", multiple=True, metavar="VKEY", help="Trust this public key of a log, or the one in this file. May be repeated.")  # fmt: skip
@click.option("--since", metavar="TIME", help="Read only lists of hours from this time on, such as 2d: quick where there are many.")  # fmt: skip
@click.option("--late", metavar="TIME", default="15m", show_default=True, help="A recorder is late whose next hour has been over for longer and is not here.")  # fmt: skip
@click.option("--endpoint-url", metavar="URL", help="The endpoint of S3, where it is not AWS.")
@click.option("--profile", metavar="NAME", help="Read S3 with this AWS profile.")
@output_option("table", "json", default="table")
def coverage_command(
    place: str, vkeys: tuple[str, ...], since: str | None, late: str, endpoint_url: str | None, profile: str | None, output: str
) -> int:  # fmt: skip
    """Say who was recording when, which recorder is late, its newest heartbeat and version.

    The lists of each log are verified, and that their files are there; `lake verify` opens the files
    too. It fails where lists do not hold, or where a recorder is late.
    """
    from apitrail.delivery.lake import lake_coverage, lake_place

    where = lake_place.at(place, endpoint=endpoint_url, profile=profile)
    allowed = int(when.parse_duration(late).total_seconds())
    begin = 0 if since is None else when.parse(since, now=datetime.now().astimezone())
    logs = lake_coverage.coverage(
        where, _trust(vkeys), now=places.clock(), late=allowed, since=begin
    )
    if output == "json":
        click.echo(render.json_document({"logs": [log.to_json() for log in logs]}))
    else:
        emit(table([row for log in logs for row in _lines(log)], _HEADERS))
        for log in logs:
            if not log.report.holds:
                say(f"{log.name}: {log.report.message}")
    return 0 if all(log.holds for log in logs) else 1


_HEADERS = ("LOG", "STATE", "RECORDED FROM", "TO", "HEARTBEAT", "VERSION", "CALLS", "VERDICT")


def _lines(log: Covered) -> Iterator[tuple[str, ...]]:
    """A line for each time in which it was recording, the newest first; the log is told once."""
    first, *others = [(_time(each.since), _time(each.until)) for each in log.spans[::-1]] or [("", "")]  # fmt: skip
    yield (
        log.report.origin or log.name, log.state, *first, _time(log.heartbeat), log.version or "",
        str(log.rows), str(log.report.verdict),
    )  # fmt: skip
    for span in others:
        yield ("", "", *span, "", "", "", "")


def _time(milliseconds: int | None) -> str:
    return "" if milliseconds is None else when.iso_second(milliseconds // 1000)


def _trust(vkeys: tuple[str, ...]) -> Trust:
    if vkeys:
        return known_logs.given(vkeys)
    return known_logs.KnownLogs(places.directory()).trusted()


def _step(text: str) -> None:
    click.echo(text, err=True)
