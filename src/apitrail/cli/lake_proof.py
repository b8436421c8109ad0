"""`apitrail lake verify`."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from apitrail import places
from apitrail.cli.options import output_option, with_trail
from apitrail.evidence import known_logs
from apitrail.evidence.verify import Trust
from apitrail.reading import render


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
        since=None if since is None else since.read().decode("utf-8", "replace"),
    )  # fmt: skip
    expected = [each.name for each in trust.verifiers] if vkeys else []
    report = lake_check.verify_lake(where, trust, beside, expected=expected, step=_step)
    click.echo(render.json_document(report.to_json()) if output == "json" else str(report))
    if report.hint:
        click.echo(f"hint: {report.hint}", err=True)
    return 0 if report.holds else 1


def _trust(vkeys: tuple[str, ...]) -> Trust:
    if vkeys:
        return known_logs.given(vkeys)
    return known_logs.KnownLogs(places.directory()).trusted()


def _step(text: str) -> None:
    click.echo(text, err=True)
