"""What a server says on stderr while it runs: lines for people, or one JSON object a line.

Both are redacted alike. Of what other libraries log, a JSON line says only where it was said: they
quote what they were sent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from apitrail import when

FORMATS = ("text", "json")
_US = "apitrail"


class Tell(Protocol):
    """Takes what is to be said: a line, and maybe more below it, such as `hint: …`."""

    def __call__(self, text: str, level: str = "info", /) -> None:
        """Say it."""


@dataclass(frozen=True, slots=True)
class Log:
    """Says things; `write` takes a line, `clock` gives Unix milliseconds."""

    write: Callable[[str], None]
    clock: Callable[[], int]
    as_json: bool = False

    def __call__(self, text: str, level: str = "info", /, **fields: str | int) -> None:
        """Say it; `fields` are what a JSON line has beside the words."""
        from apitrail.redact.userinfo import without_userinfo  # a command's help needs it not

        text = without_userinfo(text.removeprefix(f"{_US}: "))
        if not self.as_json:
            self.write(f"{_US}: {text}")
            return
        message, _, more = text.partition("\n")
        line: dict[str, str | int] = {
            "time": when.iso(self.clock()), "level": level, "message": message,
        }  # fmt: skip
        if more:
            line["hint"] = more.removeprefix("hint: ").strip()
        shown = {n: without_userinfo(v) if isinstance(v, str) else v for n, v in fields.items()}
        self.write(json.dumps(line | shown, ensure_ascii=False))

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
