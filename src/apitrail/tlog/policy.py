"""Trust policies (C2SP tlog-policy): which logs and witnesses count, and how many of them must agree.

log <vkey> [<url>]
witness <name> <vkey> [<url>]
group <name> all|any|<k> <name>…
quorum <name>|none
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from apitrail.errors import FormatError
from apitrail.tlog import encoding, note
from apitrail.tlog.cosignature import WitnessVerifier
from apitrail.tlog.mldsa_cosignature import MLDSA_44, MldsaVerifier, parse_verifier

NONE = "none"
MAX_SIZE = 10**6
# "It is strongly recommended that an implementation supports at least up to 32" of each.
MAX_LINES = 1_000

# The specification allows tab, newline, printable ASCII and all octets beyond it.
_ALLOWED = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """A log whose checkpoints are accepted."""

    verifier: note.Verifier | MldsaVerifier
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness by the name that the policy gives it; `url` is where it is asked."""

    name: str
    verifier: WitnessVerifier
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """So many of the members, which are witnesses or groups, must have seen a checkpoint."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy; `quorum` is the name of a witness or of a group, or `none`."""

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: Mapping[str, Group]
    quorum: str

    @classmethod
    def parse(cls, data: bytes) -> Policy:
        """Read a policy file; raises FormatError, which names the line."""
        if len(data) > MAX_SIZE or not _ALLOWED.fullmatch(data):
            raise FormatError("policy: too long, or a control character in it")
        reading = _Reading()
        # Octets beyond ASCII are opaque: two names are one only if their bytes are.
        lines = data.decode("utf-8", "surrogateescape").split("\n")
        for number, line in enumerate(lines, 1):
            words = re.split(r"[ \t]+", line.strip(" \t"))
            if words == [""] or words[0].startswith("#"):
                continue
            try:
                reading.read(words)
            except FormatError as error:
                raise FormatError(f"policy, line {number}: {error}") from error
        return reading.policy()

    def is_met(self, witnesses: Iterable[str]) -> bool:
        """Do these witnesses, by the policy's names, make the quorum?"""
        return self.quorum == NONE or self._has_seen(self.quorum, frozenset(witnesses))

    def needed(self) -> tuple[str, ...]:
        """The names of the witnesses that the quorum asks for, in the policy's order."""
        found = self._below(self.quorum)
        return tuple(each.name for each in self.witnesses if each.name in found)

    def fewest(self) -> int:
        """The least number of witnesses that make the quorum."""
        return 0 if self.quorum == NONE else self._fewest(self.quorum)

    def _has_seen(self, name: str, seen: frozenset[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in seen
        return sum(self._has_seen(each, seen) for each in group.members) >= group.threshold

    def _below(self, name: str) -> set[str]:
        group = self.groups.get(name)
        if group is None:
            return {name}
        return set[str]().union(*map(self._below, group.members))

    def _fewest(self, name: str) -> int:
        group = self.groups.get(name)
        if group is None:
            return 1
        return sum(sorted(map(self._fewest, group.members))[: group.threshold])


@dataclass(slots=True)
class _Reading:
    """What the lines so far have said."""

    logs: list[PolicyLog] = field(default_factory=list)
    witnesses: list[PolicyWitness] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str | None = None
    _members: set[str] = field(default_factory=set)

    def read(self, words: list[str]) -> None:
        """Take one line; raises FormatError."""
        match words:
            case ["log", vkey, *rest] if len(rest) <= 1:
                self._add_log(PolicyLog(log_verifier(vkey), *rest))
            case ["witness", name, vkey, *rest] if len(rest) <= 1:
                self._add_witness(PolicyWitness(self._new(name), parse_verifier(vkey), *rest))
            case ["group", name, threshold, *members] if members:
                self._add_group(self._new(name), threshold, tuple(members))
            case ["quorum", name]:
                if self.quorum is not None:
                    raise FormatError("a second quorum")
                if name != NONE:
                    self._known(name)
                self.quorum = name
            case _:
                raise FormatError(f"not a log, witness, group or quorum: {words[0][:100]!r}")
        if len(self.logs) + len(self.witnesses) + len(self.groups) > MAX_LINES:
            raise FormatError(f"more than {MAX_LINES} logs, witnesses and groups")

    def policy(self) -> Policy:
        """All of it; raises FormatError where there is no quorum."""
        if self.quorum is None:
            raise FormatError("policy: no quorum")
        return Policy(tuple(self.logs), tuple(self.witnesses), self.groups, self.quorum)

    def _add_log(self, log: PolicyLog) -> None:
        if any(each.verifier.public_key == log.verifier.public_key for each in self.logs):
            raise FormatError("this log is there already")
        self.logs.append(log)

    def _add_witness(self, witness: PolicyWitness) -> None:
        if any(each.verifier.public_key == witness.verifier.public_key for each in self.witnesses):
            raise FormatError("the key of this witness is there already")
        self.witnesses.append(witness)

    def _add_group(self, name: str, threshold: str, members: tuple[str, ...]) -> None:
        for member in members:
            self._known(member)
            # "Each defined name can be listed as a group member at most once."
            if member in self._members:
                raise FormatError(f"{member!r} is a member already")
            self._members.add(member)
        words = {"all": len(members), "any": 1}
        number = words.get(threshold) or encoding.decode_decimal(threshold, "threshold")
        if not 1 <= number <= len(members):
            raise FormatError(f"{number} of {len(members)} members")
        self.groups[name] = Group(number, members)

    def _is_known(self, name: str) -> bool:
        return name in self.groups or any(each.name == name for each in self.witnesses)

    def _known(self, name: str) -> None:
        if not self._is_known(name):
            raise FormatError(f"{name!r} is neither a witness nor a group of a line before")

    def _new(self, name: str) -> str:
        if name == NONE or self._is_known(name):
            raise FormatError(f"the name {name!r} is taken")
        return name


def log_verifier(vkey: str) -> note.Verifier | MldsaVerifier:
    """The verifier key of a log: Ed25519, or ML-DSA-44; raises FormatError."""
    if note.algorithm_of(vkey) == MLDSA_44:
        return MldsaVerifier.parse(vkey)
    return note.Verifier.parse(vkey)
