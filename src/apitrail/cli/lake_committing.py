"""`apitrail lake commit`."""

from __future__ import annotations

import click

from apitrail import places
from apitrail.cli.printing import say
from apitrail.counted import counted
from apitrail.evidence import known_logs


@click.command("commit")
@click.argument("place", metavar="DIR|s3://BUCKET/PREFIX")
@click.option("--catalog", required=True, metavar="sqlite:///FILE|NAME", help="The catalog that has the table: a file of SQLite, or one of pyiceberg's configuration (REST, Glue).")  # fmt: skip
@click.option("--table", "name", default="apitrail.events", show_default=True, metavar="NAMESPACE.NAME", help="The table, which is made when it is not there.")  # fmt: skip
@click.option("--key", "vkeys", multiple=True, metavar="VKEY", help="Trust this public key of a log, or the one in this file; by default those of known logs. May be repeated.")  # fmt: skip
@click.option("--endpoint-url", metavar="URL", help="The endpoint of S3, where it is not AWS.")
@click.option("--profile", metavar="NAME", help="Use S3 with this AWS profile.")
def lake_commit(
    place: str, catalog: str, name: str, vkeys: tuple[str, ...], endpoint_url: str | None,
    profile: str | None,
) -> int:  # fmt: skip
    """Add a lake's new files to an Iceberg table, where Spark, Trino and others find them.

    Only files are added that signed lists name, and each once: run it as often as you like. The
    files stay as they are. Exit status 1 when a log's files are held back, because they are not
    what was listed.
    """
    from apitrail.delivery.lake import committing, iceberg_table, lake_files

    iceberg_table.check_installed()
    trust = known_logs.given(vkeys) if vkeys else known_logs.KnownLogs(places.directory()).trusted()
    where = lake_files.ArrowPlace.parse(place, endpoint=endpoint_url, profile=profile)
    own = catalog.startswith(iceberg_table.SQLITE) or endpoint_url or profile
    table = iceberg_table.open_table(
        catalog, name=name, location=where.url(),
        properties={} if where.local or not own else lake_files.s3_settings(endpoint_url, profile),
    )  # fmt: skip
    lock = committing.lock_of(catalog, name, places.directory())
    outcome = committing.commit(where, table, trust, lock)
    if outcome.broken_off:
        say(outcome.broken_off)
    added = f"{counted(outcome.files, 'file')} added with {counted(outcome.rows, 'row')}"
    click.echo(f"{name}: {added}; {outcome.before} were there")
    for problem in outcome.problems:
        say(f"held back: {problem}")
    if hint := next((each.hint for each in outcome.problems if each.hint), None):
        click.echo(f"hint: {hint}", err=True)
    return 1 if outcome.problems else 0
