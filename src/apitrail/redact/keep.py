"""How much of a call is kept, by service, operation and principal: the first rule that fits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import translate
from functools import lru_cache
from typing import Any

from apitrail.errors import UsageError


class Level(IntEnum):
    """How much is kept; each level keeps what the one before it keeps, and more.

    A call that reached AWS always has an entry, and its intent is durable before it is let
    through, whatever the level. Nothing is kept at any level that redaction took out.
    """

    NONE = 0
    """That a call happened: time, service, operation, region, outcome. No parameters, no
    resources, no headers, no bodies; of the caller only access key id, account and ARN."""
    METADATA = 1
    """And who, from where, with what client, which resources, request id and error code; the
    lengths of the bodies. No parameters, no result, no error message, no headers."""
    REQUEST = 2
    """And the request: parameters, headers, body, and the error message. Of the response its
    headers, but neither result nor body."""
    FULL = 3
    """And the response: result and body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One `[[keep]]` table. Patterns are globs; service and operation ignore case.

    `principal` is matched against the caller's ARN; a caller whose ARN is not known matches
    only `*`.
    """

    service: str = "*"
    operation: str = "*"
    principal: str = "*"
    level: Level

    @classmethod
    def parse(cls, entry: Any, *, number: int) -> Rule:
        """The `number`th table (from 1) as TOML gives it. UsageError if malformed."""
        where = f"keep rule {number}"
        if not isinstance(entry, Mapping):
            raise UsageError(f"{where} is not a table: {entry!r}", hint=_HINT)
        for name, value in entry.items():
            if name not in _FIELDS:
                raise UsageError(f"{where}: unknown field {name!r}", hint=_HINT)
            if not isinstance(value, str) or not value:
                raise UsageError(f"{where}: {name} is not a text: {value!r}", hint=_HINT)
        level = _LEVELS.get(entry.get("level", ""))
        if level is None:
            raise UsageError(f"{where}: no such level: {entry.get('level')!r}", hint=_HINT)
        patterns = {name: entry[name] for name in _PATTERNS if name in entry}
        return cls(level=level, **patterns)

    def to_json(self) -> dict[str, str]:
        """The table again, patterns that match anything left out."""
        patterns = {name: getattr(self, name) for name in _PATTERNS}
        return {name: value for name, value in patterns.items() if value != "*"} | {
            "level": self.level.name.lower()
        }

    def fits(self, service: str | None, operation: str | None, principal: str | None) -> bool:
        """Does the rule speak of this call? What is not known fits only `*`."""
        return (
            _fits(self.service.lower(), service and service.lower())
            and _fits(self.operation.lower(), operation and operation.lower())
            and _fits(self.principal, principal)
        )


class Keep:
    """The policy: the first rule that fits decides, and without one everything is kept."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self.rules = tuple(rules)

    @classmethod
    def parse(cls, entries: Any) -> Keep:
        """The settings' `[[keep]]` tables, in their order. UsageError at the first bad one."""
        if not isinstance(entries, list):
            raise UsageError(f"keep is not a list of tables: {entries!r}", hint=_HINT)
        return cls([Rule.parse(entry, number=n) for n, entry in enumerate(entries, start=1)])

    def level(self, service: str | None, operation: str | None, principal_arn: str | None) -> Level:
        """How much of a call to keep; `service` and `operation` in botocore's names."""
        for rule in self.rules:
            if rule.fits(service, operation, principal_arn):
                return rule.level
        return Level.FULL


_PATTERNS = ("service", "operation", "principal")
_FIELDS = frozenset({*_PATTERNS, "level"})
_LEVELS = {level.name.lower(): level for level in Level}
_HINT = (
    '[[keep]] takes service = "dynamodb", operation = "Put*", principal = "arn:…", '
    f"each optional, and level = {' | '.join(_LEVELS)}"
)


def _fits(pattern: str, value: str | None) -> bool:
    return pattern == "*" or (value is not None and _glob(pattern).match(value) is not None)


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    # fnmatch itself ignores case on some systems.
    return re.compile(translate(pattern))
