"""Writing lines to stdout until there are no more, or nobody reads them any more."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import closing

import click


def say(line: str) -> None:
    """Words to a person."""
    click.echo(f"apitrail: {line}", err=True)


def emit(lines: Generator[str], *, flush: bool = False) -> int:
    """Print each line; gives how many. A reader that went away (`| head`) is no error."""
    count = 0
    with closing(lines):
        try:
            for count, line in enumerate(lines, 1):  # noqa: B007
                click.echo(line)
                if flush:
                    sys.stdout.flush()
            sys.stdout.flush()
        except BrokenPipeError:
            # Python would complain at exit about what is still buffered.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return count
