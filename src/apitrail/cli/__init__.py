"""The command line: names, one call into the package, and what is printed.

It knows everything but has no logic worth a unit test.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from apitrail import __version__
from apitrail.cli import evidence, reading, recording
from apitrail.cli.options import Group, trail_option


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "APITRAIL"},
)
@trail_option
@click.version_option(__version__, prog_name="apitrail")
@click.pass_context
def apitrail(context: click.Context, trail: Path | None) -> None:
    """Record calls to cloud APIs, and prove what was recorded."""
    context.obj = trail
    if os.environ.get("NO_COLOR"):
        context.color = False


for command in (*recording.COMMANDS, *reading.COMMANDS, *evidence.COMMANDS):
    apitrail.add_command(command)
