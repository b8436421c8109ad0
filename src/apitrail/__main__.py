"""`python -m apitrail`, and the one place where errors become an exit status.

What it runs is imported late, so that Ctrl-C has its status from the start on.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from collections.abc import Buffer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

# Objects that are made before the garbage collector looks at them. At Python's own 2,000 it goes
# through all that is being imported again and again, which is a twentieth of the CPU of a start.
YOUNG = 20_000

INTERRUPTED = 128 + signal.SIGINT
UNREAD = 128 + signal.SIGPIPE
"""What a shell says of a program that had more to print than was read."""


def main() -> None:
    """Exit 0 when it holds, 1 when it does not, 2 when used wrongly, 130 when interrupted."""
    gc.set_threshold(YOUNG)
    try:
        _open_streams()
        status = _flushed(run(sys.argv[1:]))
        # What Python does at its end has nothing to say of Ctrl-C.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run a command line; gives the exit status."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:  # also while an error is being said
        return INTERRUPTED


def _run(arguments: list[str]) -> int:
    import click

    from apitrail.cli import apitrail
    from apitrail.errors import Error, UsageError

    stdout = sys.stdout
    try:
        status = apitrail.main(arguments, prog_name="apitrail", standalone_mode=False)
    except click.ClickException as error:
        return _told(error)
    except UsageError as error:
        return _fail(str(error), error.hint)
    except Error as error:
        _fail(str(error), error.hint)
        return 1
    except click.Abort:
        return INTERRUPTED
    except SystemExit:
        # Where nobody reads a pipe any more click puts another stdout in place, and its status says 1.
        if sys.stdout is stdout:
            raise
        sys.stdout = stdout
        return UNREAD
    except OSError as error:
        if error.filename is None:  # a defect of ours
            raise
        return _fail(f"{os.fsdecode(error.filename)}: {error.strerror}", None)
    return int(status or 0)


def _told(error: click.ClickException) -> int:
    import click

    match error:
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message())
            return 0
        case click.UsageError():
            return _fail(*_wrong(error))
    return _fail(_in_lower_case(error.format_message()), None)


def _wrong(error: click.UsageError) -> tuple[str, str]:
    """What is wrong, and what to do: the command or option that was probably meant."""
    path = error.ctx.command_path if error.ctx else "apitrail"
    if similar := getattr(error, "possibilities", None):
        word = similar[0] if similar[0].startswith("-") else f"{path} {similar[0]}"
        return _in_lower_case(error.message), f"did you mean {word}?"
    return _in_lower_case(error.format_message()), f"{path} --help"


def _in_lower_case(sentence: str) -> str:
    """A sentence of click's as we write them; our own may begin with a name."""
    return sentence[:1].lower() + sentence[1:]


def _fail(message: str, hint: str | None) -> int:
    import click

    from apitrail.redact.userinfo import without_userinfo

    line = without_userinfo(" ".join(message.split()))
    click.echo(f"apitrail: {line.rstrip('.')}", err=True)
    if hint:
        click.echo(f"hint: {without_userinfo(hint)}", err=True)
    return 2


# -- stdin, stdout and stderr ----------------------------------------------------------------


class _Stdout(io.FileIO):
    """Says what it is where it cannot be written to."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, "stdout") from error


class _Stderr(io.FileIO):
    """What is said to a person on a full disk, or when nobody reads it, is lost; the work goes on."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _open_streams() -> None:
    """A stream that is closed (`>&-`) leads nowhere: else the next file that is opened would be it."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _nowhere(number)
            stream = open(number, "w" if number else "r", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
    sys.stdout = _over(_Stdout(sys.stdout.fileno(), "w", closefd=False), sys.stdout)
    sys.stderr = _over(_Stderr(sys.stderr.fileno(), "w", closefd=False), sys.stderr, lines=True)


def _over(raw: io.FileIO, like: Any, *, lines: bool = False) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=like.encoding, errors=like.errors,
        line_buffering=lines or like.line_buffering, write_through=like.write_through,
    )  # fmt: skip


def _nowhere(number: int) -> None:
    """Have this descriptor lead nowhere, also for the programs that are started."""
    found = os.open(os.devnull, os.O_RDWR)
    if found == number:
        os.set_inheritable(number, True)
        return
    os.dup2(found, number)
    os.close(found)


def _flushed(status: int) -> int:
    """The status, when all that was printed has been written."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = UNREAD
    except OSError as error:  # it was said, where that is why the command has failed
        status = status or _fail(f"{error.filename}: {error.strerror}", None)
    else:
        return status
    # Python would try again at its end, and complain.
    _nowhere(sys.stdout.fileno())
    return status


if __name__ == "__main__":
    main()
