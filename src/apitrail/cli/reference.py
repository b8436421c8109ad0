"""The reference of all commands, as Markdown: `docs/cli.md` is made of it (`make docs`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from apitrail.cli import apitrail
from apitrail.cli.options import every

_HEAD = """\
# Commands

Every command, as `apitrail COMMAND --help` prints it. This page is made from the commands by
`make docs`; a test holds it to them.

Results go to stdout, words to a person to stderr. The exit status is 0 where something holds or was
found, 1 where it does not hold or was not found, 2 where the command was used wrongly, or names a file,
a run or an event that is not there, 130 where Ctrl-C ended it.
"""
# Wide enough that no option's text is broken into three lines, on whichever terminal.
_WIDTH = 96


def markdown() -> str:
    """The page."""
    return "\n".join([_HEAD, *_pages(apitrail, "apitrail")])


def _pages(command: click.Command, name: str) -> Iterator[str]:
    for full, each in every(command, name):
        context = click.Context(
            each, info_name=full, terminal_width=_WIDTH, max_content_width=_WIDTH
        )
        yield f"## {full}\n\n```text\n{each.get_help(context).rstrip()}\n```\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), "utf-8")
