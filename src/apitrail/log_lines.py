"""What a server says on stderr while it runs: lines for people, or one JSON object a line.

Both are redacted alike. Of what other libraries log, a JSON line says only where it was said: they
quote what they were sent. What nobody reads is left out, and counted: a server waits for none of it.
"""

from __future__ import annotations

import json
import logging
import select
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from apitrail import when
from apitrail.counted import counted

FORMATS = ("text", "json")
_US = "apitrail"
# How long a line waits for whoever reads stderr, where the last one did not wait in vain. Seconds.
PATIENCE = 0.1


class Tell(Protocol):
    """Takes what is to be said: a line, and maybe more below it, such as `hint: …`."""

    def __call__(self, text: str, level: str = "info", /) -> None:
        """Say it."""


class Stderr:
    """Writes lines to stderr, unless whoever reads them stands still or is gone; tells if it did."""

    def __init__(self) -> None:
        self._waits = True

    def __call__(self, line: str) -> bool:
        """Write a line. A pipe that has room has a page, and we say nothing so long."""
        self._waits = _has_room(PATIENCE if self._waits else 0)
        if not self._waits:
            return False
        try:
            print(line, file=sys.stderr, flush=True)  # noqa: T201
        except OSError:
            return False
        return True


def _has_room(patience: float) -> bool:
    try:
        return bool(select.select((), (sys.stderr,), (), patience)[1])
    except (OSError, ValueError):
        return True  # it is no file of the system's


@dataclass(slots=True)
class Log:
    """Says things; `write` takes a line and tells if it could, `clock` gives Unix milliseconds.

    `left_out` is how many lines it has not taken.
    """

    write: Callable[[str], object]
    clock: Callable[[], int]
    as_json: bool = False
    left_out: int = 0

    def __call__(self, text: str, level: str = "info", /, **fields: str | int) -> None:
        """Say it; `fields` are what a JSON line has beside the words."""
        if self.left_out:
            said = f"{counted(self.left_out, 'line')} could not be said, since nobody read them"
            if self.write(self._line(said, "warning", {})) is not False:
                self.left_out = 0
        if self.write(self._line(text, level, fields)) is False:
            self.left_out += 1

    def _line(self, text: str, level: str, fields: Mapping[str, str | int]) -> str:
        from apitrail.redact.userinfo import without_userinfo  # a command's help needs it not

        text = without_userinfo(text.removeprefix(f"{_US}: "))
        if not self.as_json:
            return f"{_US}: {text}"
        message, _, more = text.partition("\n")
        line: dict[str, str | int] = {
            "time": when.iso(self.clock()), "level": level, "message": message,
        }  # fmt: skip
        if more:
            line["hint"] = more.removeprefix("hint: ").strip()
        shown = {n: without_userinfo(v) if isinstance(v, str) else v for n, v in fields.items()}
        return json.dumps(line | shown, ensure_ascii=False)

    def take_all(self) -> logging.Handler:
        """From now on, say what Python's logging and its warnings say, too."""
        handler = _Rest(self)
        logging.getLogger().addHandler(handler)
        logging.captureWarnings(True)
        return handler


class _Rest(logging.Handler):
    """What nobody else takes."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        top = record.name.partition(".")[0]
        if logging.getLogger(top).handlers:
            return  # a recorder's voice has said it
        level = record.levelname.lower()
        if top == _US:
            self._log(record.getMessage(), level)
            return
        error = record.exc_info[1] if record.exc_info else None
        kind = f": {type(error).__name__}" if error else ""
        self._log(
            f"{record.name} reports a problem at {record.module}:{record.lineno}{kind}", level
        )
