"""`[anchors]` of the configuration: who is to see the log's heads, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apitrail import when
from apitrail.errors import UsageError
from apitrail.evidence.witness import asking, policy_file, timestamp
from apitrail.tlog.policy import Policy, PolicyWitness

FIELDS = ("policy", "every", "timestamps", "file", "command")
EVERY = 60.0
LEAST = 1.0

_HINT = (
    'it holds policy = "FILE", every = "60s", timestamps = ["URL"], file = "FILE" and '
    'command = ["PROGRAM", …]'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """Where heads go.

    `policy` names the witnesses that are asked and how many must agree; `timestamps` are the URLs
    of authorities (RFC 3161); each head is written to `file`, and to the standard input of
    `command`. `every` is in seconds.
    """

    policy: Policy | None = None
    every: float = EVERY
    timestamps: tuple[str, ...] = ()
    file: Path | None = None
    command: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        others = self.timestamps or self.command
        return self.policy is not None or self.file is not None or bool(others)

    @property
    def witnesses(self) -> tuple[PolicyWitness, ...]:
        """Those that can be asked."""
        found = () if self.policy is None else self.policy.witnesses
        return tuple(each for each in found if each.url is not None)

    @classmethod
    def parse(cls, entry: Any, directory: Path) -> Anchors:
        """`[anchors]`; files are relative to `directory`. Raises UsageError."""
        if not isinstance(entry, Mapping):
            raise UsageError("anchors is not a table", hint=_HINT)
        for name in entry:
            if name not in FIELDS:
                raise UsageError(f"anchors: unknown field {name!r}", hint=_HINT)
        file, stamps = _text(entry, "file"), _texts(entry, "timestamps")
        for url in stamps:
            asking.check_url(url)
        if stamps:
            timestamp.check_installed()
        return cls(
            policy=_policy(_text(entry, "policy"), directory),
            every=_every(_text(entry, "every")),
            file=None if file is None else directory / Path(file).expanduser(),
            timestamps=stamps,
            command=_texts(entry, "command"),
        )


def _policy(name: str | None, directory: Path) -> Policy | None:
    if name is None:
        return None
    path = directory / Path(name).expanduser()
    policy = policy_file.read(path)
    reached = [each.name for each in policy.witnesses if each.url is not None]
    for each in policy.witnesses:
        if each.url is not None:
            asking.check_url(each.url)
    if not policy.is_met(reached):
        raise UsageError(
            f"{str(path)!r}: the witnesses that have a URL do not make the quorum",
            hint="a recorder asks the witnesses: write `witness NAME VKEY URL`",
        )
    return policy


def _every(text: str | None) -> float:
    if text is None:
        return EVERY
    seconds = when.parse_duration(text).total_seconds()
    if seconds < LEAST:
        raise UsageError(f"anchors.every cannot be {text!r}", hint="1s is the least")
    return seconds


def _texts(entry: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = entry.get(name, [])
    if not isinstance(values, list) or not all(isinstance(x, str) and x for x in values):
        raise UsageError(f"anchors.{name} cannot be {values!r}", hint=_HINT)
    return tuple(values)


def _text(entry: Mapping[str, Any], name: str) -> str | None:
    value = entry.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise UsageError(f"anchors.{name} cannot be {value!r}", hint=_HINT)
    return value
