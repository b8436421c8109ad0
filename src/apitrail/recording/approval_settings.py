"""`[approvals]` of the configuration: how many calls are held at once, and who is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from apitrail.errors import UsageError
from apitrail.recording.alerts.alert_settings import webhook_of
from apitrail.recording.alerts.sink import WebhookSink
from apitrail.recording.ask_settings import HELD

FIELDS = ("held", "webhook", "secret_file", "secret_env", "timeout", "link")
MOST_HELD = 10_000
_HINT = (
    'it holds held = 64, webhook = "URL" with secret_file = "FILE" or secret_env = "VARIABLE", '
    'timeout = "10s" and link = "URL"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """`webhook` gets each question; `link` is where people reach `apitrail serve`, for its links."""

    held: int = HELD
    webhook: WebhookSink | None = None
    link: str | None = None

    @classmethod
    def parse(cls, table: object, directory: Path) -> Approvals:
        """The table; its files are relative to `directory`.

        Raises:
            UsageError: something in it is not understood.
        """
        if not isinstance(table, Mapping):
            raise UsageError("approvals is not a table", hint=f"write [approvals]: {_HINT}")
        try:
            return cls._parse(table, directory)
        except UsageError as error:
            raise UsageError(f"approvals: {error}", hint=error.hint or _HINT) from error

    @classmethod
    def _parse(cls, table: Mapping[str, object], directory: Path) -> Approvals:
        for name in table:
            if name not in FIELDS:
                raise UsageError(f"unknown field {name!r}", hint=_HINT)
        held = table.get("held", HELD)
        if type(held) is not int or not 1 <= held <= MOST_HELD:
            raise UsageError(f"held cannot be {held!r}", hint=f"1 to {MOST_HELD}")
        try:
            webhook = webhook_of(table, directory)
        except UsageError as error:
            raise UsageError(str(error), hint=_HINT) from error
        link = table.get("link")
        if link is None:
            return cls(held=held, webhook=webhook)
        return cls(held=held, webhook=webhook, link=_origin(link))


def _origin(value: object) -> str:
    parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise UsageError(f"link is no URL: {value!r}", hint="such as https://apitrail.example.com")
    return parts.geturl().rstrip("/")
