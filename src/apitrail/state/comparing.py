"""Whether two observations of one thing differ by a change that nobody recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from apitrail.codec import Json
from apitrail.state.alias import all_names
from apitrail.state.changing import Change, Write, can_have_made
from apitrail.state.differing import Difference
from apitrail.state.observation import Observation
from apitrail.state.volatile import (
    drifted,
    is_aws_own,
    is_ended,
    is_managed,
    is_on_its_way,
    lasting,
)

# Managed policies of AWS, in its partitions.
_AWS_OWN = ("arn:aws:iam::aws:", "arn:aws-cn:iam::aws:", "arn:aws-us-gov:iam::aws:")


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One observation, and the call that made it. Times are Unix milliseconds."""

    observation: Observation
    index: int
    id: str
    started: int
    ended: int

    @cached_property
    def is_settled(self) -> bool:
        """Does it stand? While a service still changes it, it is held against nothing."""
        return not is_on_its_way(self.observation.value)

    @cached_property
    def is_base(self) -> bool:
        """Can what follows be held against it? Not against what a service takes away."""
        return self.is_settled and not is_ended(self.observation.value)

    @cached_property
    def lasting(self) -> Json:
        """The state without what a service changes by itself."""
        return lasting(self.observation.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Two observations of one thing that differ, and what differs."""

    before: Sight
    after: Sight
    found: tuple[Difference, ...]

    @property
    def change(self) -> Change:
        """The change, as recorded calls are held against it."""
        seen, other = self.after.observation, self.before.observation
        return Change(
            service=seen.service, aspect=seen.aspect, names=all_names((*other.names, *seen.names)),
            found=self.found, states=(other.value, seen.value),
        )  # fmt: skip

    def is_explained(self, writes: Iterable[Write]) -> bool:
        """Can one of these calls have made the change?"""
        made, since, until = self.change, self.before.started, self.after.ended
        return any(can_have_made(each, made, since, until) for each in writes)


def between(before: Sight, after: Sight) -> Drift | None:
    """What differs, apart from what services change by themselves."""
    old, new = before.observation, after.observation
    if is_aws_own(old.value) or is_aws_own(new.value) or new.names[0].startswith(_AWS_OWN):
        return None
    if old.value is None or new.value is None:
        if old.value is new.value or is_managed(old.value):
            return None
        lone = Difference("", (), old.value, new.value, lacking=True)
        return Drift(before=before, after=after, found=(lone,))
    if old.value == new.value:
        return None
    kept = before.lasting, after.lasting
    found = drifted(old.value, new.value, alike=old.source == new.source, kept=kept)
    return Drift(before=before, after=after, found=tuple(found)) if found else None


class Sights:
    """What is held against what comes next: of each thing the newest sight of each kind of call."""

    def __init__(self) -> None:
        self._by_subject: dict[tuple[str, ...], dict[str, Sight]] = {}

    def newest(self, sight: Sight) -> Sight | None:
        """The sight of the same thing before this one."""
        known = self._by_subject.get(sight.observation.subject)
        return max(known.values(), key=lambda each: each.index) if known else None

    def renew(self, sight: Sight) -> None:
        """Learn a sight that is known to show no change of anybody else's."""
        self._by_subject[sight.observation.subject] = {sight.observation.source: sight}

    def see(self, sight: Sight) -> Drift | None:
        """Learn a sight; what differs from the ones before, whoever made it differ."""
        if not sight.is_settled:
            return None
        subject, source = sight.observation.subject, sight.observation.source
        known = self._by_subject.get(subject)
        newest = self.newest(sight)
        if known is None or newest is None or not newest.is_base:
            self._by_subject[subject] = {source: sight}
            return None
        found = between(newest, sight)
        if found is None and source in known and known[source] is not newest:
            found = between(known[source], sight)
        if found is not None:
            known.clear()
        known[source] = sight
        # The order of use, for whoever has to forget some.
        self._by_subject[subject] = self._by_subject.pop(subject)
        return found

    def forget(self, most: int) -> None:
        """Keep the things that were seen last."""
        while len(self._by_subject) > most:
            del self._by_subject[next(iter(self._by_subject))]
