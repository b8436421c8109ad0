"""`[[alert]]` of the configuration: which rules, and where what they find goes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from apitrail import places, private_file, when
from apitrail.errors import UsageError
from apitrail.recording.alerts import webhook_signature
from apitrail.recording.alerts.sink import CommandSink, FileSink, Sink, WebhookSink

if TYPE_CHECKING:
    from apitrail.reading.rules.rule_tables import Watched

SINKS = ("file", "command", "webhook")
OF_SINKS = (*SINKS, "secret_file", "secret_env", "timeout")
# How long a sink may take one alert, in seconds.
PATIENCE = {"file": 10.0, "command": 30.0, "webhook": 10.0}
_LONGEST = 600.0
_HINT = (
    'an alert goes to file = "FILE", command = ["PROGRAM", …] or webhook = "URL" '
    'with secret_file = "FILE" or secret_env = "VARIABLE"'
)


@dataclass(frozen=True, slots=True)
class Alert:
    """Rules, and where what they find goes."""

    watched: Watched
    sinks: tuple[Sink, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.watched.name


def parse(tables: object, directory: Path) -> tuple[Alert, ...]:
    """All `[[alert]]`; files are relative to `directory`.

    Raises:
        UsageError: something in them is not understood.
    """
    if not isinstance(tables, list):
        raise UsageError("alert is not a list of tables", hint="write [[alert]]")
    found = tuple(_alert(table, directory) for table in tables)
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two alerts are called {name!r}", hint='give one another name = "…"')
    return found


def _alert(table: object, directory: Path) -> Alert:
    from apitrail.reading.rules import rule_tables  # it loads all rules

    watched = rule_tables.parse(table, directory)
    assert isinstance(table, Mapping)
    try:
        _check_fields(table, (*rule_tables.FIELDS, *OF_SINKS))
        return Alert(watched, tuple(_sinks(table, directory)))
    except UsageError as error:
        raise UsageError(f"alert {watched.name!r}: {error}", hint=error.hint or _HINT) from error


def _check_fields(table: Mapping[str, object], fields: Sequence[str]) -> None:
    for name in table:
        if name not in fields:
            raise UsageError(f"unknown field {name!r}", hint=f"it holds {', '.join(fields)}")


def _sinks(table: Mapping[str, object], directory: Path) -> list[Sink]:
    found: list[Sink] = []
    if (file := _text(table, "file")) is not None:
        path = (directory / Path(file).expanduser()).absolute()
        found.append(FileSink(path, _patience(table, "file")))
    if "command" in table:
        found.append(CommandSink(_command(table["command"]), _patience(table, "command")))
    if (webhook := webhook_of(table, directory)) is not None:
        found.append(webhook)
    if not found:
        raise UsageError("it goes nowhere", hint=_HINT)
    return found


def webhook_of(table: Mapping[str, object], directory: Path) -> WebhookSink | None:
    """The webhook of a table, if it names one; raises UsageError."""
    url = _text(table, "webhook")
    if url is not None:
        keys = _keys(table, directory)
        return WebhookSink(_url(url), keys, _patience(table, "webhook"), places.clock)
    if "secret_file" in table or "secret_env" in table:
        raise UsageError("a secret is for a webhook, and there is none", hint=_HINT)
    return None


def _command(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(x, str) for x in value):
        raise UsageError(f"command cannot be {value!r}", hint='write command = ["PROGRAM", …]')
    return tuple(value)


def _url(text: str) -> str:
    """A URL without a user; what is wrong is said without it: it may have a secret in it."""
    hint = "such as https://example.com/hooks/1"
    try:
        parts = urlsplit(text)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or parts.fragment or not text.isascii() or any(each <= " " for each in text):
        raise UsageError("webhook is not a URL of http or https", hint=hint)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "the URL of a webhook cannot have a user", hint="the signature says who sends"
        )
    return text


def _keys(table: Mapping[str, object], directory: Path) -> tuple[bytes, ...]:
    file, variable = _text(table, "secret_file"), _text(table, "secret_env")
    if (file is None) is (variable is None):
        raise UsageError("a webhook needs secret_file or secret_env", hint=_HINT)
    if variable is not None:
        value = os.environ.get(variable)
        if value is None:
            raise UsageError(
                f"there is no variable {variable!r}", hint="it holds the key of the webhook"
            )
        return webhook_signature.keys(os.fsencode(value), f"the variable {variable!r}")
    path = directory / Path(file or "").expanduser()
    return webhook_signature.keys(private_file.read(path), repr(str(path)))


def _patience(table: Mapping[str, object], kind: str) -> float:
    text = _text(table, "timeout")
    if text is None:
        return PATIENCE[kind]
    seconds = when.parse_duration(text).total_seconds()
    if not 1 <= seconds <= _LONGEST:
        raise UsageError(f"timeout cannot be {text!r}", hint="1s is the least, 10m the most")
    return seconds


def _text(table: Mapping[str, object], name: str) -> str | None:
    value = table.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise UsageError(f"{name} cannot be {value!r}", hint=_HINT)
    return value
