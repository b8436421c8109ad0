"""Long output on a terminal goes through a pager, as git does it."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import click

_SWITCHED_OFF = "apitrail.no-pager"
# What git gives its pager, unless it is set: quit on one screen, keep colours, leave the text there.
_DEFAULTS = {"LESS": "FRX", "LV": "-c"}


def pager_option[C: Callable[..., Any]](command: C) -> C:
    """`--no-pager`, before or after the command name."""

    def switch(context: click.Context, _: click.Parameter, *, value: bool) -> None:
        if value:
            context.meta[_SWITCHED_OFF] = True

    return click.option(
        "--no-pager",
        is_flag=True,
        expose_value=False,
        callback=lambda context, parameter, value: switch(context, parameter, value=value),
        help="Print straight to the terminal.",
    )(command)


def chosen(environment: Mapping[str, str]) -> str | None:
    """The pager's command line: $APITRAIL_PAGER, else $PAGER, else less; None means no pager.

    As for git, an empty value or `cat` means no pager.
    """
    text = environment.get("APITRAIL_PAGER", environment.get("PAGER", "less")).strip()
    if text in ("", "cat"):
        return None
    try:
        program = shlex.split(text)[0]
    except (ValueError, IndexError):
        return text  # the shell will say what is wrong with it
    return text if shutil.which(program) or "=" in program else None


@contextmanager
def opened(*, wanted: bool = True) -> Iterator[IO[str]]:
    """Where to print: a pager's input on a terminal, else stdout. It ends when the pager does."""
    context = click.get_current_context(silent=True)
    switched_off = context is not None and context.meta.get(_SWITCHED_OFF)
    text = chosen(os.environ) if wanted and not switched_off and sys.stdout.isatty() else None
    if text is None:
        yield sys.stdout
        return
    # PAGER is a line for the shell, for git and man as well.
    process = subprocess.Popen(
        ["/bin/sh", "-c", text],
        stdin=subprocess.PIPE, text=True, encoding="utf-8", errors="backslashreplace",
        env={**_DEFAULTS, **os.environ},
    )  # fmt: skip
    assert process.stdin is not None
    # Ctrl-C is for the pager: it ends a search in it, and must not end us under it.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield process.stdin
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()
        signal.signal(signal.SIGINT, before)
