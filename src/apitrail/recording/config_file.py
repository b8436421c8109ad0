"""The user's configuration file, `config.toml`: who keys belong to, what is kept, which secrets.

What is set for one recorder by its options is in `settings`; this file holds for all of them.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apitrail import places
from apitrail.errors import UsageError
from apitrail.identity import Known
from apitrail.insights.insight_settings import InsightSettings
from apitrail.log_lines import FORMATS
from apitrail.recording.alerts import alert_settings
from apitrail.recording.alerts.alert_settings import Alert
from apitrail.recording.anchor_settings import Anchors
from apitrail.recording.approval_settings import Approvals
from apitrail.recording.limits import Limits
from apitrail.recording.settings import Settings
from apitrail.redact.keep import Keep

_SIGNATURES = {"verify": bool, "require_valid": bool, "keyring": str, "profiles": bool}
_HINT = (
    'it holds ambiguous = "refuse"|"record", log_format = "text"|"json", receipts = true|false, whoami = true|false, '
    "[[alert]], [anchors], [approvals], [identities.AKIA…], [[keep]], [insights], [limits] and [signatures]"
)
_AMBIGUOUS = ("refuse", "record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """`[signatures]`: `verify` them, `require_valid` ones, and where secrets are.

    `keyring` is a file, relative to the configuration's own directory; `profiles` says whether
    AWS's shared credentials file counts too.
    """

    verify: bool = False
    require_valid: bool = False
    keyring: Path | None = None
    profiles: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What a configuration file says, checked; `sha256` (hex) is of its bytes.

    `ambiguous` is what becomes of a call that two readers could see as two: "refuse" or "record".
    `receipts` has answers name the entry of their call, `whoami` asks AWS for the names of keys, and `log_format` is how a recorder speaks, as the
    options do.
    """

    identities: Mapping[str, Any] = field(default_factory=dict)
    keep: Keep = field(default_factory=Keep)
    signatures: Signatures = Signatures()
    anchors: Anchors = field(default_factory=Anchors)
    ambiguous: str = "refuse"
    receipts: bool = False
    whoami: bool = False
    log_format: str | None = None
    limits: Limits = field(default_factory=Limits)
    insights: InsightSettings = field(default_factory=InsightSettings)
    alerts: tuple[Alert, ...] = ()
    approvals: Approvals = field(default_factory=Approvals)
    sha256: str | None = None

    @classmethod
    def read(cls, path: Path, *, must: bool = False) -> Configuration:
        """The file at `path`; without one the defaults, unless it `must` be there.

        Raises:
            UsageError: it cannot be read, or says something that is not understood.
        """
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            if must:
                raise UsageError(f"no configuration at {str(path)!r}", hint=_HINT) from error
            return cls()
        except OSError as error:
            raise UsageError(f"cannot read {str(path)!r}: {error.strerror}", hint=_HINT) from error
        try:
            content = tomllib.loads(data.decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{str(path)!r} is not TOML: {error}", hint=_HINT) from error
        try:
            return cls._parse(content, path.parent, hashlib.sha256(data).hexdigest())
        except UsageError as error:
            raise UsageError(f"{str(path)!r}: {error}", hint=error.hint) from error

    @classmethod
    def _parse(cls, content: Mapping[str, Any], directory: Path, digest: str) -> Configuration:
        for name in content:
            if name not in (
                "alert",
                "ambiguous",
                "anchors",
                "approvals",
                "identities",
                "insights",
                "keep",
                "limits",
                "log_format",
                "receipts",
                "signatures",
                "whoami",
            ):
                raise UsageError(f"unknown setting {name!r}", hint=_HINT)
        ambiguous = content.get("ambiguous", "refuse")
        if ambiguous not in _AMBIGUOUS:
            raise UsageError(f"ambiguous cannot be {ambiguous!r}", hint=_HINT)
        log_format = content.get("log_format")
        if log_format is not None and log_format not in FORMATS:
            raise UsageError(f"log_format cannot be {log_format!r}", hint=_HINT)
        for name in ("receipts", "whoami"):
            if not isinstance(content.get(name, False), bool):
                raise UsageError(f"{name} cannot be {content[name]!r}", hint=_HINT)
        identities = content.get("identities", {})
        if not isinstance(identities, Mapping):
            raise UsageError("identities is not a table", hint=_HINT)
        Known.configured(identities)
        return cls(
            identities=identities,
            keep=Keep.parse(content.get("keep", [])),
            signatures=_signatures(content.get("signatures", {}), directory),
            anchors=Anchors.parse(content.get("anchors", {}), directory),
            ambiguous=ambiguous,
            receipts=content.get("receipts", False),
            whoami=content.get("whoami", False),
            log_format=log_format,
            limits=Limits.parse(content.get("limits", {})),
            insights=InsightSettings.parse(content.get("insights", {})),
            alerts=alert_settings.parse(content.get("alert", []), directory),
            approvals=Approvals.parse(content.get("approvals", {}), directory),
            sha256=digest,
        )


def of(settings: Settings) -> Configuration:
    """The configuration file of these settings.

    Raises:
        UsageError: it cannot be used, or was named and is not there.
    """
    named = settings.configuration
    return Configuration.read(places.configuration(named), must=named is not None)


def _signatures(entry: Any, directory: Path) -> Signatures:
    if not isinstance(entry, Mapping):
        raise UsageError("signatures is not a table", hint=_HINT)
    for name, value in entry.items():
        if name not in _SIGNATURES:
            raise UsageError(f"signatures: unknown field {name!r}", hint=_HINT)
        if not isinstance(value, _SIGNATURES[name]):
            raise UsageError(f"signatures.{name} cannot be {value!r}", hint=_HINT)
    keyring = entry.get("keyring")
    path = None if keyring is None else directory / Path(keyring).expanduser()
    return Signatures(**{**entry, "keyring": path})
