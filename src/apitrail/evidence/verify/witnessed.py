"""What the witnesses of a policy have seen of a log, and what therefore cannot be rewritten.

A witness that has cosigned a head has seen all heads before it: the log was shown to continue them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from apitrail.errors import FormatError
from apitrail.evidence.verify.report import Finding, Verdict
from apitrail.tlog import note
from apitrail.tlog.cosignature import Cosignature
from apitrail.tlog.policy import NONE, Policy
from apitrail.when import iso

# Seconds by which the clock of a witness may be ahead of ours.
AHEAD = 60


@dataclass(frozen=True, slots=True)
class Sighting:
    """A witness, by its name in the policy, has seen the log of `size` at `time` (seconds)."""

    witness: str
    size: int
    time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """The newest entries that the quorum has seen: those before `size`, by `time` (seconds).

    `unseen` are the witnesses of the quorum that have not: to them, another past could be shown.
    """

    size: int
    time: int
    seen: tuple[str, ...]
    unseen: tuple[str, ...]
    fewest: int

    def window(self, entry: int, now: int) -> str:
        """What cannot be rewritten, and who would have to lie.

        Args:
            entry: the time of the newest entry that was seen, in Unix milliseconds. Cosignatures
                alone do not tell: a witness may be asked again, and later, for the same head.
            now: Unix milliseconds.
        """
        age = _age((now - self._since(entry)) // 1000)
        return f"nothing older than {age} can be rewritten unless {self.liars()}"

    def liars(self) -> str:
        """Who would have to lie so that it could be: `2 of 3 witnesses lie`."""
        every = len(self.seen) + len(self.unseen)
        if every == 1:
            return f"the witness {shown(*self.seen, *self.unseen)} lies"
        said = f"{self.fewest} of {every} witnesses lie{'s' if self.fewest == 1 else ''}"
        if self.unseen:
            has = "has" if len(self.unseen) == 1 else "have"
            said += f" ({shown(*self.unseen)} {has} not seen it, and would count as lying)"
        return said

    def to_json(self, entry: int, now: int) -> dict[str, Any]:
        """For scripts; see `window`."""
        return self.facts() | {
            "since": iso(self._since(entry)),
            "windowSeconds": max(0, -(-(now - self._since(entry)) // 1000)),
        }

    def facts(self) -> dict[str, Any]:
        """What holds whatever the time is."""
        return {
            "size": self.size, "time": iso(self.time * 1000), "quorum": self.fewest,
            "of": len(self.seen) + len(self.unseen), "seen": list(self.seen),
            "unseen": list(self.unseen),
        }  # fmt: skip

    def _since(self, entry: int) -> int:
        """A recorder whose clock is ahead of the witnesses' says nothing by it."""
        return min(entry, self.time * 1000)


def shown(*names: str) -> str:
    """Names of a policy, which may be any octets."""
    return ", ".join(
        name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for name in names
    )


def sightings(
    policy: Policy, size: int, text: str, lines: Iterable[note.Signature], now: int | None
) -> list[Sighting]:
    """Who of the policy has cosigned the checkpoint `text` of `size`.

    A line that does not hold, says no time, or is from the future counts for nothing.
    """
    found: list[Sighting] = []
    message = text.encode()
    given = list(lines)
    for witness in policy.witnesses:
        verifier = witness.verifier
        for line in given:
            if (line.name, line.key_id) != (verifier.name, verifier.key_id):
                continue
            if not verifier.verify(message, line.data):
                continue
            time = Cosignature.parse(line.data).time
            if size and time and (now is None or time <= now + AHEAD):
                found.append(Sighting(witness.name, size, time))
    return found


def judge(policy: Policy, found: Sequence[Sighting]) -> Witnessed | None:
    """The newest size that the quorum has seen; None where it has seen none."""
    needed = policy.needed()
    for size in sorted({each.size for each in found}, reverse=True):
        times: dict[str, int] = {}
        for each in found:
            if each.size >= size and each.witness in needed:
                times[each.witness] = min(times.get(each.witness, each.time), each.time)
        if not policy.is_met(times):
            continue
        time = min(at for at in times.values() if policy.is_met(n for n in times if times[n] <= at))
        return Witnessed(
            size=size, time=time, seen=tuple(n for n in needed if n in times),
            unseen=tuple(n for n in needed if n not in times), fewest=policy.fewest(),
        )  # fmt: skip
    return None


def hold(policy: Policy, found: Sequence[Sighting]) -> Witnessed | None:
    """The same; None only where the policy asks for no witness. Raises Finding."""
    if policy.quorum == NONE:
        return None
    if (witnessed := judge(policy, found)) is not None:
        return witnessed
    raise Finding(
        Verdict.UNWITNESSED,
        f"the quorum of the policy has seen no head of this log, {_who_has(found)}",
        hint="whoever holds the log's key can rewrite all of it; docs/anchors.md says how a recorder "
        "asks witnesses",
    )


def _who_has(found: Sequence[Sighting]) -> str:
    who = sorted({each.witness for each in found})
    if not who:
        return "and no witness of it has"
    return f"only {shown(*who)} {'has' if len(who) == 1 else 'have'}"


def parse_line(data: bytes) -> note.Signature | None:
    """A signature line as it is kept; None where it is none."""
    try:
        return note.Signature.parse(data.decode("utf-8", "replace"))
    except FormatError:
        return None


def _age(seconds: int) -> str:
    """`61 s`, `12 min`, `5 h`, `3 days`: never less than it is."""
    for unit, length, most in (("s", 1, 600), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < most:
            return f"{-(-max(seconds, 0) // length)} {unit}"
    return f"{-(-seconds // 86_400)} days"
