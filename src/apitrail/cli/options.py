"""Options that several commands share, and what they parse to."""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apitrail import places
from apitrail.query import Filter
from apitrail.reading import filter_words, render

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

type Command = Callable[..., Any]


def every(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """A command and those below it that are shown, by their full names."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            if found is not None and not found.hidden:
                yield from every(found, f"{name} {each}")


class Group(click.Group):
    """Lists commands in the order of its table, not of the alphabet, loads them late.

    Where it has `summaries` of them, none is loaded to be listed.
    """

    def __init__(
        self,
        *args: Any,
        commands_at: dict[str, str] | None = None,
        summaries: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._commands_at = commands_at or {}
        self._listed = {
            name: click.Command(name, help=text) for name, text in (summaries or {}).items()
        }

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self._listed:
            _Listed(commands=self._listed).format_commands(ctx, formatter)
        else:
            super().format_commands(ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        if not self._listed:
            return super().shell_complete(ctx, incomplete)
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=command.get_short_help_str())
            for name, command in self._listed.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [*self._commands_at, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._commands_at:
            return super().get_command(ctx, cmd_name)
        module, _, name = self._commands_at[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"apitrail.cli.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None and args[0][:1] != "-":
            raise UnknownCommand(args[0], self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)


class _Listed(click.Group):
    """Commands that are only listed, in their order."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [*self.commands]


class UnknownCommand(click.UsageError):
    """No command has this name; some may have a name like it, the most similar first."""

    def __init__(self, name: str, known: list[str], ctx: click.Context) -> None:
        super().__init__(f"No such command {name!r}", ctx)
        self.possibilities = difflib.get_close_matches(name, known)


def trail_option(command: Command) -> Command:
    """`--trail DIR`, before or after the command name."""
    return click.option(
        "--trail",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="The trail's directory.  [env: APITRAIL_TRAIL; default: ~/.apitrail]",
    )(command)


def with_trail(command: Command) -> Command:
    """Give the command the trail that was named after it, else before it, else by default."""

    @functools.wraps(command)
    def wrapped(*args: Any, trail: Path | None, **options: Any) -> Any:
        chosen = trail or click.get_current_context().find_root().obj
        preset = os.environ.get("APITRAIL_TRAIL")
        return command(*args, trail=chosen or Path(preset or places.default_trail()), **options)

    return trail_option(wrapped)


def output_option(*formats: str, default: str) -> Callable[[Command], Command]:
    """`--output FORMAT`."""
    return click.option(
        "--output",
        type=click.Choice(formats),
        default=default,
        show_default=True,
        help="How to print it.",
    )


_FILTERS = (
    click.option("--event-id", multiple=True, metavar="ID", help="Only events with this id, or with an id that begins with it."),
    click.option("--event-name", multiple=True, metavar="NAME", help="Only calls of this name, such as CreateUser, iam:CreateUser or Create*."),
    click.option("--event-source", multiple=True, metavar="SOURCE", help="Only calls to this service, such as iam.amazonaws.com, iam or s3*."),
    click.option("--username", multiple=True, metavar="NAME", help="Only calls by this user or role session, or by the access key that a table shows; * stands for any text."),
    click.option("--access-key-id", multiple=True, metavar="ID", help="Only calls that this access key signed."),
    click.option("--resource-name", multiple=True, metavar="NAME", help="Only calls that name this resource, by name or ARN; * stands for any text."),
    click.option("--resource-type", multiple=True, metavar="TYPE", help="Only calls on resources of this type, such as AWS::IAM::User or AWS::IAM::*."),
    click.option("--read-only/--no-read-only", default=None, help="Only calls that read, or only calls that may change something."),
    click.option("--error", is_flag=False, flag_value="*", metavar="[CODE]", help="Only failed calls, or only those that failed with this code."),
    click.option("--source-ip", multiple=True, metavar="IP", help="Only calls from this address."),
    click.option("--region", multiple=True, metavar="REGION", help="Only calls in this region, such as eu-central-1."),
    click.option("--since", metavar="TIME", help="Only calls from this time on, such as 2h, yesterday or 2026-11-23T09:00."),
    click.option("--until", metavar="TIME", help="Only calls before this time."),
    click.option("--label", multiple=True, metavar="KEY[=VALUE]", help="Only calls of runs with this label; labels of different keys must all be there."),
    click.option("--stand-in", is_flag=True, help="Include calls that ask a stand-in for AWS about itself, such as its health."),
    click.option("--operator", multiple=True, metavar="NAME", help="Only calls that this operator sent to the recorder."),
    click.option("--run", multiple=True, metavar="ID", help="Only calls of this `apitrail exec`; `last` is the newest."),
)  # fmt: skip


def filter_options(command: Command) -> Command:
    """The design's FILTER; the command gets one `where`, whose run may still be `last`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **options: Any) -> Any:
        return command(*args, where=_filter(options), **options)

    for option in reversed(_FILTERS):
        wrapped = option(wrapped)
    return wrapped


def _filter(options: dict[str, Any]) -> Filter:
    """Take the filter's options out of a command's."""
    given = {name: options.pop(name.replace("-", "_")) for name in filter_words.NAMES}
    words = {name: _words(value) for name, value in given.items()}
    return filter_words.parse(words, now=datetime.now().astimezone())


def _words(value: str | bool | tuple[str, ...] | None) -> tuple[str, ...]:
    """What was given for one option; a flag that is not set says nothing."""
    if isinstance(value, bool):
        return (str(value).lower(),)
    if isinstance(value, str):
        return (value,)
    return value or ()


FORMATS = render.FORMATS
