"""How to record: what the options of `record` and `exec` say.

It does not import mitmproxy: a command that uses a running recorder must start fast.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from apitrail.address import Address
from apitrail.errors import UsageError
from apitrail.policy.guards import Guards
from apitrail.recording.ask_settings import Asking
from apitrail.recording.limits import Limits
from apitrail.redact.userinfo import without_userinfo

BODY_LIMIT = 256 * 1024
HEARTBEAT = 60.0
# The shortest heartbeat that users may ask for, in seconds: each heartbeat is an entry that
# stays.
LEAST_HEARTBEAT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to record.

    `modes` are mitmproxy's mode specs; `body_limit` is how many bytes of a body are kept;
    `heartbeat` is in seconds; `configuration` is a file to read instead of the user's own;
    `signatures` asks to "verify" them or to "require" valid ones; `direct` are NO_PROXY rules for
    what a recorder behind a corporate proxy reaches without it; `whoami` asks AWS for the names of
    keys whose secrets are at hand; `insecure_listen` lets other machines in without asking who
    they are; `operator_modes` are operators with the modes that are theirs (also in `modes`);
    `limits` stand before the configuration's; `health` is where it answers for its health;
    `guards` are what calls must pass before they leave, `asking` how those are held that need an
    approval; `workers` are proxy processes before the one that has the trail, 0 for all in one
    process; where it `grows` there is one of them at first, and the others only while they are needed;
    `settings` are further mitmproxy options, which the log does not tell: there are credentials
    among them.
    """

    modes: tuple[str, ...] = ("regular@8080",)
    upstream: str | None = None
    tunnels: tuple[str, ...] = ()
    body_limit: int = BODY_LIMIT
    heartbeat: float = HEARTBEAT
    configuration: Path | None = None
    signatures: Literal["verify", "require"] | None = None
    direct: tuple[str, ...] = ()
    whoami: bool = False
    insecure_listen: bool = False
    operator_modes: tuple[tuple[str, str], ...] = ()
    limits: Limits | None = None
    health: Address | None = None
    guards: Guards = field(default_factory=Guards)
    asking: Asking = field(default_factory=Asking)
    workers: int = 0
    grows: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def check_health(self) -> None:
        """Raise UsageError unless it answers for its health on this machine alone."""
        if self.health is not None and not self.health.is_loopback:
            raise UsageError(
                f"--health listens on this machine alone, not on {str(self.health)!r}",
                hint="write --health 127.0.0.1:PORT, and have an agent on this machine ask it",
            )

    def to_json(self) -> dict[str, Any]:
        """The settings that the log tells."""
        return {
            "modes": [without_userinfo(mode) for mode in self.modes],
            "upstream": self.upstream and without_userinfo(self.upstream),
            "tunnels": list(self.tunnels),
            "bodyLimit": self.body_limit,
            "heartbeat": self.heartbeat,
            "config": None if self.configuration is None else str(self.configuration.absolute()),
            "signatures": self.signatures,
            "insecureListen": self.insecure_listen,
            "health": None if self.health is None else str(self.health),
            "operatorModes": [list(each) for each in self.operator_modes],
            "guards": self.guards.to_json(),
            "ask": str(self.asking),
            **({"workers": self.workers} if self.workers else {}),
        }

    def summary(self) -> dict[str, Any]:
        """What the `open` entry says: the settings and a digest of them."""
        about = self.to_json()
        digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
        return about | {"sha256": digest}
