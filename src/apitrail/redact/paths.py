"""Members that hold secrets though the model does not say so, and the reverse."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from apitrail.redact.known_secrets import MEMBERS, OPEN_EVERYWHERE, OPEN_MEMBERS
from apitrail.redact.secret_names import is_environment, is_secret_member
from apitrail.remembered import LONGEST

# Members of an operation that are remembered; the largest model has some hundreds.
_MOST = 256


@dataclass(frozen=True, slots=True)
class Members:
    """What is said of one operation's members: by name, and by (parent's name, name)."""

    names: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    def has(self, parent: str, name: str) -> bool:
        """Is the member listed? `parent` is "" at the top."""
        return name in self.names or (parent, name) in self.pairs

    @classmethod
    def of(cls, rules: tuple[str, ...], operation: str) -> Members:
        names, pairs = set(), set()
        for rule in rules:
            only, _, member = rule.rpartition(":")
            if only not in ("", operation):
                continue
            parent, dot, name = member.rpartition(".")
            if dot:
                pairs.add((parent, name))
            else:
                names.add(name)
        return cls(frozenset(names), frozenset(pairs))


class Kind(Enum):
    """What a member is known for."""

    OPEN = auto()
    """It identifies something; whatever else is said of it, it stays."""
    LISTED = auto()
    """All below it is secret."""
    NAMED = auto()
    """Its name says secret: text in it is, structures speak for themselves."""
    ENVIRONMENT = auto()
    """Variables of a process: every value of a map is secret, names are not."""
    PLAIN = auto()


class Kinds:
    """What the members of one operation are known for, told once for each."""

    def __init__(self, service: str | None, operation: str | None) -> None:
        self._about = service, operation
        self._known: dict[tuple[str, str], Kind] = {}

    def of(self, parent: str, name: str) -> Kind:
        """What a member is known for; `parent` is "" at the top."""
        found = self._known.get((parent, name))
        if found is None:
            found = kind(*self._about, parent, name)
            # Members that no model has may be many, and have long names.
            if len(self._known) < _MOST and len(parent) + len(name) <= LONGEST:
                self._known[parent, name] = found
        return found


@lru_cache(maxsize=1024)
def kinds(service: str | None, operation: str | None) -> Kinds:
    """Those of an operation."""
    return Kinds(service, operation)


def kind(service: str | None, operation: str | None, parent: str, name: str) -> Kind:
    """What a member of an operation is known for; `parent` is "" at the top."""
    if name in OPEN_EVERYWHERE or _members(OPEN_MEMBERS, service, operation).has(parent, name):
        return Kind.OPEN
    if _members(MEMBERS, service, operation).has(parent, name):
        return Kind.LISTED
    if is_secret_member(name):
        return Kind.NAMED
    return Kind.ENVIRONMENT if is_environment(name) else Kind.PLAIN


def _members(
    table: dict[str, tuple[str, ...]], service: str | None, operation: str | None
) -> Members:
    return Members.of(table.get(service or "", ()), operation or "")
