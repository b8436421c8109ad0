"""`python -m apitrail`, and the one place where errors become an exit status."""

from __future__ import annotations

import gc
import sys

import click

from apitrail.cli import apitrail
from apitrail.errors import Error, UsageError

# Objects that are made before the garbage collector looks at them. At Python's own 2,000 it goes
# through all that is being imported again and again, which is a twentieth of the CPU of a start.
YOUNG = 20_000


def main() -> None:
    """Exit 0 when it holds, 1 when it does not, 2 when used wrongly, 130 when interrupted."""
    gc.set_threshold(YOUNG)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command line; gives the exit status."""
    try:
        status = apitrail.main(arguments, prog_name="apitrail", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.UsageError as error:
        return _fail(*_wrong(error))
    except click.ClickException as error:
        return _fail(error.format_message(), None)
    except UsageError as error:
        return _fail(str(error), error.hint)
    except Error as error:
        _fail(str(error), error.hint)
        return 1
    except (click.Abort, KeyboardInterrupt):
        return 130
    return int(status or 0)


def _wrong(error: click.UsageError) -> tuple[str, str]:
    """What is wrong, and what to do: the command or option that was probably meant."""
    path = error.ctx.command_path if error.ctx else "apitrail"
    if similar := getattr(error, "possibilities", None):
        word = similar[0] if similar[0].startswith("-") else f"{path} {similar[0]}"
        return error.message, f"did you mean {word}?"
    return error.format_message(), f"{path} --help"


def _fail(message: str, hint: str | None) -> int:
    from apitrail.redact.userinfo import without_userinfo

    line = without_userinfo(" ".join(message.split()))
    click.echo(f"apitrail: {line[:1].lower()}{line[1:].rstrip('.')}", err=True)
    if hint:
        click.echo(f"hint: {without_userinfo(hint)}", err=True)
    return 2


if __name__ == "__main__":
    main()
