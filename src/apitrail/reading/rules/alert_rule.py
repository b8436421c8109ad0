"""What a rule is: what it is called, and which entries it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from apitrail.reading.rules.looked_at import LookedAt

LEVELS = ("informational", "low", "medium", "high", "critical")
"""Sigma's, the least first."""

type Matches = Callable[[LookedAt], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an alert says of the rule that raised it."""

    name: str
    title: str
    level: str = "medium"


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule found: the entries it rests on, the last of which completed it, and how many
    there were, where that is more."""

    about: About
    entries: tuple[int, ...]
    count: int = 1


class Finder(Protocol):
    """Looks at entries in their order; it may remember."""

    @property
    def about(self) -> About:
        """What alerts say of it."""
        ...

    @property
    def span(self) -> int:
        """For how many milliseconds it remembers an entry; 0 where each is judged alone."""
        ...

    def find(self, seen: LookedAt) -> Hit | None:
        """What this entry completes."""
        ...


@dataclass(frozen=True, slots=True)
class Alone:
    """A rule that judges each entry by itself."""

    about: About
    matches: Matches
    span: int = field(default=0, init=False)

    def find(self, seen: LookedAt) -> Hit | None:
        """The entry itself."""
        return Hit(self.about, (seen.index,)) if self.matches(seen) else None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A rule that sees only what matches a filter."""

    finder: Finder
    matches: Matches

    @property
    def about(self) -> About:
        """The rule's own."""
        return self.finder.about

    @property
    def span(self) -> int:
        """The rule's own."""
        return self.finder.span

    def find(self, seen: LookedAt) -> Hit | None:
        """What the rule finds."""
        return self.finder.find(seen) if self.matches(seen) else None


@dataclass(frozen=True, slots=True)
class Named:
    """A rule with a title and a level of somebody's own, where they are given."""

    finder: Finder
    title: str | None
    level: str | None

    @property
    def about(self) -> About:
        """As it is called here."""
        told = self.finder.about
        return replace(told, title=self.title or told.title, level=self.level or told.level)

    @property
    def span(self) -> int:
        """The rule's own."""
        return self.finder.span

    def find(self, seen: LookedAt) -> Hit | None:
        """What the rule finds, as it is called here."""
        found = self.finder.find(seen)
        return None if found is None else replace(found, about=self.about)


def innermost(finder: Finder) -> Finder:
    """The rule itself, without what narrows or names it."""
    while isinstance(finder, Named | Narrowed):
        finder = finder.finder
    return finder
