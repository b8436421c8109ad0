"""The mutes of a log: which stand, and which insights they keep quiet.

A muted insight is an entry like any other. Lists leave out what is muted now, and what is delivered
leaves out what was muted when it was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from apitrail.codec import Object
from apitrail.errors import UsageError
from apitrail.insights.insight_settings import Wish
from apitrail.insights.mute import Mute
from apitrail.reading.insight_list import BookIndexes, operation
from apitrail.reading.render import clean
from apitrail.source import Source
from apitrail.trail import statements
from apitrail.trail.muting import Muting
from apitrail.trail.statements import Insight
from apitrail.when import iso

CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class Mutes:
    """What entries say of mutes, oldest first."""

    said: tuple[tuple[int, Muting], ...]

    @classmethod
    def at(cls, source: Source, indexes: Iterable[int]) -> Mutes:
        """Those that these entries say."""
        found = ((index, statements.of(source, Muting.KIND, index)) for index in indexes)
        return cls(tuple((index, said) for index, said in found if isinstance(said, Muting)))

    @classmethod
    def of(cls, source: Source) -> Mutes:
        """All of a log."""
        return cls.at(source, BookIndexes(Muting.KIND).of(source, Muting.KIND))

    def standing(self, time: int, before: int | None = None) -> list[tuple[int, Muting]]:
        """Those in force at this time (Unix milliseconds), as entry `before` found them."""
        found: dict[object, tuple[int, Muting]] = {}
        for index, said in self.said:
            if before is not None and index >= before:
                break
            found.pop(said.mute, None)
            if not said.lifted:
                found[said.mute] = index, said
        return [each for each in found.values() if each[1].until is None or each[1].until > time]

    def was_quiet(self, index: int, said: Insight) -> bool:
        """Was this insight, entry `index`, muted when it was told?"""
        return quiet(self.standing(said.time, before=index), said)

    def changes(self, wishes: Iterable[Wish], time: int) -> Iterator[Muting]:
        """What is to be said so that those of the configuration are these."""
        wanted = {each.mute: each for each in wishes if each.until is None or each.until > time}
        ours = {said.mute: said for _, said in self.standing(time) if said.by == CONFIGURATION}
        for mute in ours:
            if mute not in wanted:
                yield Muting(mute=mute, by=CONFIGURATION, lifted=True)
        for mute, wish in wanted.items():
            said = Muting(mute=mute, by=CONFIGURATION, reason=wish.reason, until=wish.until)
            if ours.get(mute) != said:
                yield said

    def lifting(self, number: int, time: int, by: str) -> Muting:
        """What ends the mute that entry `number` says.

        Raises:
            UsageError: there is no such mute, or it does not stand any more.
        """
        for index, said in self.standing(time):
            if index == number:
                return Muting(mute=said.mute, by=by, lifted=True)
        raise UsageError(f"no mute at entry {number}", hint="apitrail insights mutes lists them")


def covering(standing: Iterable[tuple[int, Muting]], said: Insight) -> Iterator[tuple[int, Muting]]:
    """Those of these mutes that cover this insight."""
    about = {"kind": said.kind, "name": said.name, "caller": said.caller}
    for index, each in standing:
        if each.mute.covers(**about, operation=operation(said)):
            yield index, each


def quiet(standing: Iterable[tuple[int, Muting]], said: Insight) -> bool:
    """Do these mutes cover this insight?"""
    return any(True for _ in covering(standing, said))


def like(said: Insight) -> Mute:
    """The mute of what is like this insight: its kind, name and operation, by the same caller."""
    about = {"kind": said.kind, "name": said.name, "operation": operation(said)}
    return Mute(**about, caller=said.caller or None)


def line(index: int, said: Muting) -> str:
    """A mute on a line."""
    until = "" if said.until is None else f" until {iso(said.until)}"
    reason = f": {said.reason}" if said.reason else ""
    return clean(f"entry {index}  {said.mute}{until}, by {said.by}{reason}")


def to_json(index: int, said: Muting) -> Object:
    """A mute for programs."""
    until = None if said.until is None else iso(said.until)
    return {
        "entry": index, **said.mute.to_json(), "by": said.by, "reason": said.reason, "until": until,
    }  # fmt: skip
