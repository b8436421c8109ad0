"""Writing lines to stdout until there are no more, or nobody reads them any more."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from typing import IO

import click

from apitrail.cli import pager


def say(line: str) -> None:
    """Words to a person."""
    click.echo(f"apitrail: {line}", err=True)


def screen() -> int | None:
    """How many characters fit on a line of the terminal; None if stdout is not a terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def is_coloured() -> bool:
    """Is stdout a terminal whose user wants colour? NO_COLOR is no-color.org's."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and sys.stdout.isatty()


def draws_bars() -> bool:
    """Can stdout show block characters?"""
    try:
        "█▒".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def emit(lines: Generator[str], *, flush: bool = False, paged: bool = False) -> int:
    """Print each line; gives how many. A reader that went away (`| head`) is no error.

    `paged` lines go through a pager where stdout is a terminal.
    """
    with closing(lines):
        # What cannot be asked is said before a pager covers the terminal.
        first = list(itertools.islice(lines, 1))
        with pager.opened(wanted=paged and bool(first)) as out:
            return _printed(itertools.chain(first, lines), out, flush=flush)


# What drives a terminal, but for tabs, line ends and colour (ECMA-48's SGR).
_DRIVING = re.compile(r"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")


def _shown(line: str) -> str:
    """What was recorded must not drive a terminal; in a pipe it stays what it is."""
    return _DRIVING.sub(lambda match: f"\\x{ord(match[0]):02x}", line)


def _printed(lines: Iterable[str], out: IO[str], *, flush: bool) -> int:
    count = 0
    if sys.stdout.isatty():
        lines = map(_shown, lines)
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


def table(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> Generator[str]:
    """The rows under their headers, at full width and without colour; nothing where there are none."""
    from apitrail.reading import columns

    if rows:
        yield from columns.laid_out(rows, columns.plain(headers), width=None, colour=False)
