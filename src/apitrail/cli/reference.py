"""The reference of all commands, as Markdown: `docs/cli.md` is made of it (`make docs`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from apitrail.cli import apitrail

_HEAD = """\
# Commands

Every command, as `apitrail COMMAND --help` prints it. This page is made from the commands by
`make docs`; a test holds it to them.

Results go to stdout, words to a person to stderr. The exit status is 0 where something holds or was
found, 1 where it does not hold or was not found, 2 where the command was used wrongly.
"""
# Wide enough that no option's text is broken into three lines, on whichever terminal.
_WIDTH = 96


def markdown() -> str:
    """The page."""
    return "\n".join([_HEAD, *_pages(apitrail, "apitrail")])


def _pages(command: click.Command, name: str) -> Iterator[str]:
    context = click.Context(
        command, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH
    )
    yield f"## {name}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            if found is not None and not found.hidden:
                yield from _pages(found, f"{name} {each}")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), "utf-8")
