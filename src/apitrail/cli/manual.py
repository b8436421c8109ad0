"""`apitrail man`: a manual page of each command, made of its help text."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from apitrail import __version__
from apitrail.cli.options import every
from apitrail.errors import UsageError

_SECTION = "1"


@click.command("man")
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.option("--write", "directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write the pages of all commands to this directory, such as ~/.local/share/man/man1.")  # fmt: skip
def manual(words: tuple[str, ...], directory: Path | None) -> None:
    """Show the manual page of a command. In a pipe, print its source for man."""
    root = click.get_current_context().find_root().command
    if directory is not None:
        if words:
            raise UsageError("--write takes no command", hint="it writes the pages of all")
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in pages(root, "apitrail"):
            directory.joinpath(f"{name.replace(' ', '-')}.{_SECTION}").write_text(text, "utf-8")
        return
    wanted = " ".join(("apitrail", *words))
    page = dict(pages(root, "apitrail")).get(wanted)
    if page is None:
        raise UsageError(f"no command {wanted!r}", hint="apitrail --help lists them")
    if sys.stdout.isatty() and shutil.which("man"):
        subprocess.run(["man", "-l", "-"], input=page.encode(), check=False)
    else:
        click.echo(page, nl=False)


def pages(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    """A command's page and those of its subcommands, by full name."""
    for full, each in every(command, name):
        context = click.Context(each, info_name=full)
        yield full, "\n".join(_page(each, context, full)) + "\n"


def _page(command: click.Command, context: click.Context, name: str) -> Iterator[str]:
    """The page in man(7)'s macros."""
    title = name.replace(" ", "-")
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    summary = " ".join(paragraphs[0].split()).rstrip(".")
    yield f'.TH "{title.upper()}" "{_SECTION}" "" "apitrail {__version__}" "apitrail"'
    yield ".SH NAME"
    yield rf"{_text(title)} \- {_text(summary[:1].lower() + summary[1:])}"
    yield ".SH SYNOPSIS"
    yield rf"\fB{_text(name)}\fR {_text(' '.join(command.collect_usage_pieces(context)))}"
    yield ".SH DESCRIPTION"
    for paragraph in paragraphs:
        yield ".PP"
        yield _text(" ".join(paragraph.split()))
    yield from _section("OPTIONS", _options(command, context))
    if isinstance(command, click.Group):
        yield from _section("COMMANDS", _commands(command, context))
    yield ".SH SEE ALSO"
    yield r"\fBapitrail\fR(1); every command: docs/cli.md"


def _section(title: str, pairs: list[tuple[str, str]]) -> Iterator[str]:
    if pairs:
        yield f".SH {title}"
    for term, text in pairs:
        yield ".TP"
        yield rf"\fB{_text(term)}\fR"
        yield _text(text)


def _options(command: click.Command, context: click.Context) -> list[tuple[str, str]]:
    records = [each.get_help_record(context) for each in command.get_params(context)]
    return [(term, " ".join(text.split())) for term, text in filter(None, records)]


def _commands(group: click.Group, context: click.Context) -> list[tuple[str, str]]:
    found = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    return [
        (name, each.get_short_help_str(200))
        for name, each in found
        if each is not None and not each.hidden
    ]


def _text(text: str) -> str:
    """Text that roff takes for nothing else."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("\x08", "")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
