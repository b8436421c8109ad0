"""Timestamps of a log: the newest checkpoint that an authority saw, which the verifier trusts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apitrail.evidence.verify.report import Finding, Stamped, Verdict
from apitrail.tlog import note


@dataclass(frozen=True, slots=True)
class Stamp:
    """The entries before `size` existed at `time`, says the authority at `url`."""

    size: int
    url: str
    time: datetime

    def words(self) -> str:
        """For the verdict."""
        return f"the first {self.size} entries existed at {self._time()}, says {self.url}"

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        return {"size": self.size, "authority": self.url, "time": self._time()}

    def _time(self) -> str:
        return self.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def hold(tokens: Iterable[tuple[int, str, str, bytes]], stamped: Stamped) -> Stamp:
    """The first of these that holds: size, URL, signed checkpoint, token. Raises Finding."""
    for size, url, signed, token in tokens:
        time = stamped(token, note.Note.parse(signed).text)
        if time is not None:
            return Stamp(size, url, time)
    raise Finding(
        Verdict.UNWITNESSED,
        "no timestamp of this log holds under the certificates that were given",
        hint="`timestamps` in [anchors] has a recorder ask for them; docs/anchors.md",
    )
