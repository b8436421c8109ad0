"""Identities from the settings: access keys whose making was never seen.

It does not know where the settings come from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apitrail.errors import UsageError
from apitrail.identity.identity import Identity
from apitrail.identity.principal_arn import principal

_FIELDS = ("arn", "account", "principal_id", "user_name")
_HINT = (
    '[identities.AKIA…] takes arn = "arn:aws:iam::123456789012:user/…" or account = "…", '
    "and optionally principal_id and user_name"
)
_ACCOUNT = re.compile(r"\d{12}")
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


def identities(entries: Mapping[str, Any]) -> dict[str, Identity]:
    """The settings' `identities`, by access key id. UsageError at the first that is malformed."""
    return {key: _identity(key, entry) for key, entry in entries.items()}


def _identity(key: str, entry: Any) -> Identity:
    if not _KEY.fullmatch(key):
        raise UsageError(f"identities: not an access key id: {key!r}", hint=_HINT)
    if not isinstance(entry, Mapping):
        raise UsageError(f"identities.{key} is not a table: {entry!r}", hint=_HINT)
    for name, value in entry.items():
        if name not in _FIELDS:
            raise UsageError(f"identities.{key}: unknown field {name!r}", hint=_HINT)
        if not isinstance(value, str) or not value:
            raise UsageError(f"identities.{key}.{name} is not a text: {value!r}", hint=_HINT)
    return replace(_named(key, entry), access_key_id=key, known="configured")


def _named(key: str, entry: Mapping[str, str]) -> Identity:
    arn, account = entry.get("arn"), entry.get("account")
    if arn is None and account is None:
        raise UsageError(f"identities.{key} has neither arn nor account", hint=_HINT)
    if account is not None and not _ACCOUNT.fullmatch(account):
        raise UsageError(f"identities.{key}.account is not twelve digits: {account!r}", hint=_HINT)
    named = Identity(account=account)
    if arn is not None:
        parsed = principal(arn)
        if parsed is None:
            raise UsageError(f"identities.{key}.arn names no principal: {arn!r}", hint=_HINT)
        if account not in (None, parsed.account):
            raise UsageError(
                f"identities.{key}: account {account!r} is not the ARN's {parsed.account!r}",
                hint=_HINT,
            )
        named = parsed
    return replace(
        named,
        principal_id=entry.get("principal_id", named.principal_id),
        user_name=entry.get("user_name", named.user_name),
    )
