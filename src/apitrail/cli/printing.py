"""Writing lines to stdout until there are no more, or nobody reads them any more."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Generator
from contextlib import closing
from typing import IO

import click

from apitrail.cli import pager


def say(line: str) -> None:
    """Words to a person."""
    click.echo(f"apitrail: {line}", err=True)


def screen() -> int | None:
    """How many characters fit on a line of the terminal; None where stdout is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def is_coloured() -> bool:
    """Is stdout a terminal whose user wants colour? NO_COLOR is no-color.org's."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and sys.stdout.isatty()


def emit(lines: Generator[str], *, flush: bool = False, paged: bool = False) -> int:
    """Print each line; gives how many. A reader that went away (`| head`) is no error.

    `paged` lines go through a pager where stdout is a terminal.
    """
    with closing(lines):
        # What cannot be asked is said before a pager covers the terminal.
        first = list(itertools.islice(lines, 1))
        with pager.opened(wanted=paged and bool(first)) as out:
            return _printed(itertools.chain(first, lines), out, flush=flush)


def _printed(lines: itertools.chain[str], out: IO[str], *, flush: bool) -> int:
    count = 0
    try:
        for count, line in enumerate(lines, 1):  # noqa: B007
            # Colour is decided where lines are made: click would take it out before a pager.
            click.echo(line, file=out, color=True)
            if flush:
                out.flush()
        out.flush()
    except BrokenPipeError:
        if out is sys.stdout:
            # Python would complain at exit about what is still buffered.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return count
