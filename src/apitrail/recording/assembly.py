"""A recorder, and who decides what reaches it, put together from settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from apitrail import places
from apitrail.identity import Known
from apitrail.recording.config_file import Configuration
from apitrail.recording.ledger import Ledger
from apitrail.recording.operators import Operators
from apitrail.recording.proxy.admission import Guard
from apitrail.recording.proxy.authentication import Logins, check_doors
from apitrail.recording.proxy.destination import Destinations, Tunnels, Upstream
from apitrail.recording.proxy.modes import check_mode, hosts
from apitrail.recording.recorder import Policy, Recorder
from apitrail.recording.settings import Settings
from apitrail.redact import Redactor
from apitrail.trail.keys import Keys


def destinations_of(settings: Settings) -> Destinations:
    """Where these settings let the proxy go; raises UsageError where they are unusable."""
    upstream = Upstream.parse(settings.upstream) if settings.upstream else None
    targets = {(upstream.host, upstream.port)} if upstream else set()
    for spec in settings.modes:
        targets |= targets_of(spec)
    return Destinations(
        upstream=upstream,
        targets=frozenset(targets),
        tunnels=Tunnels.parse(settings.tunnels),
        direct=settings.direct,
    )


def targets_of(spec: str) -> set[tuple[str, int]]:
    """The address a mode names as its upstream."""
    address = getattr(check_mode(spec), "address", None)
    return {(str(address[0]).lower(), int(address[1]))} if address else set()


def logins_of(directory: Path, settings: Settings) -> Logins:
    """Who may use the listeners; raises UsageError where one would let strangers in."""
    operators = Operators.of(directory)
    if not settings.insecure_listen:
        check_doors(map(check_mode, settings.modes), operators)
    ports = {check_mode(spec).full_spec: name for name, spec in settings.operator_modes}
    return Logins(operators, insecure=settings.insecure_listen, ports=ports)


def guard_of(settings: Settings, logins: Logins) -> Guard:
    """Who decides where connections may go."""
    # Where guards refuse calls, nothing may pass them unread.
    refuses = bool(settings.guards) and not settings.guards.watching
    return Guard(destinations_of(settings), logins, listed_only=refuses)


def signed_for(settings: Settings) -> list[str] | None:
    """What a new CA may sign for beside AWS and this machine; None for every host."""
    found = hosts(map(check_mode, settings.modes))
    if found is None:
        return None
    upstream = [Upstream.parse(settings.upstream).host] if settings.upstream else []
    return [*found, *upstream]


def recorder_of(
    ledger: Ledger,
    directory: Path,
    settings: Settings,
    configured: Configuration,
    known: Known,
    policy: Policy,
) -> Recorder:
    """A recorder before this ledger."""
    return Recorder(
        ledger,
        Redactor(Keys.of(directory).redaction()),
        known,
        places.clock,
        settings.summary() | _configured(configured),
        policy,
        directory=directory,
    )


def _configured(configured: Configuration) -> dict[str, Any]:
    """What `open` says of the configuration file: its hash, and if nobody looks for insights."""
    off = {} if configured.insights.enabled else {"insights": False}
    return {"configuration": configured.sha256, **off}
