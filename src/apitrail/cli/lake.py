"""`apitrail lake`: one table over the Parquet files of many logs."""

from __future__ import annotations

import click

from apitrail.cli.options import Group

COMMANDS = {
    "verify": "lake_proof:verify_command",
    "coverage": "lake_proof:coverage_command",
    "sql": "lake_asking:lake_sql_command",
    "commit": "lake_committing:lake_commit",
    "questions": "lake_asking:lake_questions",
}


@click.group("lake", cls=Group, commands_at=COMMANDS)
def lake_group() -> None:
    """Prove and ask a lake: the Parquet files of many logs in one place.

    `export --format parquet` writes them to a directory, `ship --parquet` to a bucket.
    """
