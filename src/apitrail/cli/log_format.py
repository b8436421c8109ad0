"""`--log-format`: how a server says on stderr what it has to say."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

import click

from apitrail import places
from apitrail.errors import Error, UsageError
from apitrail.log_lines import FORMATS, Log, Stderr

type Options = dict[str, Any]


def with_log[F: Callable[..., Any]](
    configured: Callable[[Options], str | None] = lambda _: None,
) -> Callable[[F], Callable[..., Any]]:
    """Give the command a `log`; `configured` tells the format where the option does not.

    In JSON, the error that ends the command is a line of the log, too.
    """

    def decorate(command: F) -> Callable[..., Any]:
        @click.option("--log-format", type=click.Choice(FORMATS), help="How it says on stderr what happens: text (the default), or one JSON object a line.")  # fmt: skip
        @functools.wraps(command)
        def wrapped(*arguments: Any, log_format: str | None, **options: Any) -> Any:
            as_json = (log_format or configured(options) or FORMATS[0]) == "json"
            log = Log(Stderr(), places.clock, as_json)
            if not as_json:
                return command(*arguments, log=log, **options)
            handler = log.take_all()
            try:
                return command(*arguments, log=log, **options)
            except Error as error:
                log(str(error) + (f"\nhint: {error.hint}" if error.hint else ""), "error")
                return 2 if isinstance(error, UsageError) else 1
            finally:
                logging.getLogger().removeHandler(handler)

        return wrapped

    return decorate
