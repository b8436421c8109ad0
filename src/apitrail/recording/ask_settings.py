"""How calls are asked about that need an approval: `--ask`, and `[approvals]` in the configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from apitrail import private_file, when
from apitrail.errors import UsageError
from apitrail.trail.tickets import LONGEST

WAIT, TICKET = "wait", "ticket"
_USUAL = {WAIT: 120.0, TICKET: 3600.0}
_HINT = "write wait, wait=30s, ticket or ticket=8h"
_TABLE_HINT = (
    '[approvals] holds held = 64, webhook = "https://…", secret = FILE and link = "http://…"'
)
_SPEC = re.compile(r"(wait|ticket)(?:=(.+))?")
# Calls that are held at once: usually, and at most.
HELD = 64
MOST_HELD = 10_000
SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True)
class Asking:
    """Calls wait for so many seconds, or are answered at once with a ticket that stands so long."""

    mode: str = WAIT
    seconds: float = _USUAL[WAIT]

    @classmethod
    def parse(cls, text: str) -> Asking:
        """`wait`, `wait=TIME`, `ticket` or `ticket=TIME`; raises UsageError."""
        match = _SPEC.fullmatch(text)
        if match is None:
            raise UsageError(f"not a way to ask: {text!r}", hint=_HINT)
        mode, time = match.groups()
        seconds = when.parse_duration(time).total_seconds() if time else _USUAL[mode]
        if not 1 <= seconds <= LONGEST:
            raise UsageError(f"cannot ask for {time!r}", hint="from 1s to 7d")
        return cls(mode, seconds)

    @property
    def waits(self) -> bool:
        """Are calls held?"""
        return self.mode == WAIT

    def __str__(self) -> str:
        return f"{self.mode}={self.seconds:g}s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """`[approvals]`: how many calls are held at once, and who is told of questions.

    `webhook` gets each question, signed with the text in the file `secret`; `link` is where people
    reach `apitrail serve`, for the links in it.
    """

    held: int = HELD
    webhook: str | None = None
    secret: Path | None = None
    link: str | None = None

    @classmethod
    def parse(cls, entry: object, directory: Path) -> Approvals:
        """The table of the configuration file in `directory`; raises UsageError."""
        if not isinstance(entry, Mapping):
            raise UsageError("approvals is not a table", hint=_TABLE_HINT)
        for name in entry:
            if name not in ("held", "webhook", "secret", "link"):
                raise UsageError(f"approvals: unknown field {name!r}", hint=_TABLE_HINT)
        held = entry.get("held", HELD)
        if type(held) is not int or not 1 <= held <= MOST_HELD:
            raise UsageError(f"approvals.held cannot be {held!r}", hint=f"1 to {MOST_HELD}")
        webhook, link = (_url(entry, name) for name in ("webhook", "link"))
        secret = entry.get("secret")
        if secret is not None and not isinstance(secret, str):
            raise UsageError(f"approvals.secret cannot be {secret!r}", hint=_TABLE_HINT)
        if webhook is not None and secret is None:
            raise UsageError(
                "approvals.webhook without a secret",
                hint="secret = FILE with the text that signs what is sent: openssl rand -hex 32",
            )
        found = cls(
            held=held, webhook=webhook, link=None if link is None else link.rstrip("/"),
            secret=None if secret is None else directory / secret,
        )  # fmt: skip
        if webhook is not None:
            found.key()
        return found

    def key(self) -> bytes:
        """What signs the messages of the webhook; raises UsageError where it cannot be used."""
        assert self.secret is not None
        text = private_file.read(self.secret).strip()
        if len(text) < SHORTEST_SECRET:
            raise UsageError(
                f"the secret in {str(self.secret)!r} is too short", hint="openssl rand -hex 32"
            )
        return text


def _url(entry: Mapping[object, object], name: str) -> str | None:
    value = entry.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise UsageError(f"approvals.{name} cannot be {value!r}", hint=_TABLE_HINT)
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise UsageError(f"approvals.{name} is no URL: {value!r}", hint="http://… or https://…")
    return value
