"""What is known of one resource, call by call: observed, inferred from what was asked, or open.

A write that was not looked at since leaves a state open. What a request sets by name is inferred,
and so is the end of what a call deletes. Nothing of a service's behaviour is imitated beyond that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from apitrail.codec import Json, Object
from apitrail.state import answered, inference, readings
from apitrail.state.call_effect import CallEffect
from apitrail.state.changing import Write, is_about
from apitrail.state.differing import Difference, differences
from apitrail.state.observation import Observation
from apitrail.state.volatile import is_noise
from apitrail.state.wanted import Wanted

FIRST, SAME, CHANGED, INFERRED, OPEN = "first seen", "as before", "changed", "inferred", "not seen"

type Subject = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one part of a resource.

    `value` is None where it does not exist. `index` is the entry of the call that showed it last;
    None where none did, and all is inferred. `older` are the members that this call does not tell: the
    entry that each was seen in, and by what. `inferred` are the members that were asked for since
    and not seen. `open` are the entries of the calls since that may have changed it.
    """

    aspect: str
    key: str
    name: str
    value: Json
    index: int | None
    id: str = ""
    time: int = 0
    operation: str = ""
    source: str = ""
    older: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    inferred: tuple[str, ...] = ()
    open: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        """`SecurityGroup`, `RolePolicy inline`."""
        return f"{self.aspect} {self.key}" if self.key else self.aspect


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a call says of one part: how it is known, and what differs from what was known before."""

    label: str
    how: str
    value: Json
    found: tuple[Difference, ...] = ()

    @property
    def is_news(self) -> bool:
        """Was it not known before? Times and counters are no news."""
        if self.how == CHANGED and self.found:
            return not all(map(is_noise, self.found))
        return self.how != SAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A call and its parameters, as knowledge is drawn from it.

    `names_it` is False for a call that shows the resource without having named it, `is_data` True for
    one about what is in it.
    """

    call: CallEffect
    service: str
    operation: str
    parameters: Object
    result: Json
    is_read: bool
    took_effect: bool
    may_have: bool
    names_it: bool = True
    is_data: bool = False


class Knowledge:
    """Learns the calls about one resource in their order."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._known: dict[Subject, Known] = {}

    @property
    def known(self) -> tuple[Known, ...]:
        """All parts, those seen first before the others."""
        return tuple(self._known.values())

    def state(self) -> dict[str, Json]:
        """The parts by their labels; those of two things of one name have the name in the label."""
        labels = [known.label for known in self._known.values()]
        return {
            label if labels.count(label) == 1 else f"{label} of {known.name}": known.value
            for label, known in zip(labels, self._known.values(), strict=True)
        }

    def learn(self, seen: Seen) -> tuple[Told, ...]:
        """Learn one call; what it says of the resource."""
        shown = [each for each in seen.call.shown if self._wanted.means(each.names)]
        if not shown and _is_answer(seen):
            shown = list(
                answered.of(
                    seen.service, seen.operation, seen.parameters, seen.result, self._wanted
                )
            )
        told = [self._observe(each, seen) for each in shown]
        write = seen.call.write
        if write is not None and seen.names_it and (seen.took_effect or seen.may_have):
            subjects = {each.subject for each in shown}
            told += self._touched(write, seen, subjects)
        return tuple(told)

    def _observe(self, shown: Observation, seen: Seen) -> Told:
        before = self._known.get(shown.subject)
        value = _merged(before, shown)
        now = Known(
            aspect=shown.aspect, key=shown.key, name=shown.names[0], value=value,
            index=seen.call.index, id=seen.call.id, time=seen.call.ended,
            operation=seen.operation, source=shown.source, older=_older(before, shown),
        )  # fmt: skip
        self._known[shown.subject] = now
        if before is None:
            return Told(label=now.label, how=FIRST, value=value)
        # What only one of two calls tells is no change.
        found = [
            each
            for each in differences(before.value, value)
            if not each.lacking or _tells(before, shown, each)
        ]
        how = CHANGED if found or (before.value is None) != (value is None) else SAME
        return Told(label=now.label, how=how, value=value, found=tuple(found))

    def _touched(self, write: Write, seen: Seen, shown: set[Subject]) -> Iterator[Told]:
        """What a write did to the parts that its answer does not show."""
        ended = readings.ends(write.service, write.operation)
        for subject, known in list(self._known.items()):
            if subject in shown or not _may_touch(subject, known, write, seen):
                continue
            changed = inference.infer(
                write.operation, seen.parameters, known.value, ends=ended is not None
            )
            if changed is None or not seen.took_effect:
                self._known[subject] = replace(known, open=(*known.open, write.index))
                yield Told(label=known.label, how=OPEN, value=known.value)
                continue
            found = differences(known.value, changed.value)
            inferred = tuple(dict.fromkeys((*known.inferred, *changed.members)))
            self._known[subject] = replace(
                known, value=changed.value, inferred=inferred, open=(*known.open, write.index)
            )
            yield Told(label=known.label, how=INFERRED, value=changed.value, found=tuple(found))
        if ended is not None and seen.took_effect and not self._known:
            yield self._gone(ended, write, seen)

    def _gone(self, aspect: str, write: Write, seen: Seen) -> Told:
        """It was never seen, and is deleted."""
        known = Known(
            aspect=aspect,
            key="",
            name="",
            value=None,
            index=None,
            time=seen.call.ended,
            open=(write.index,),
        )
        self._known[(write.service, "", aspect, "", "")] = known
        return Told(label=known.label, how=INFERRED, value=None)


def _is_answer(seen: Seen) -> bool:
    """Is the answer shown as it is? Not where the table says that it shows something else."""
    known = readings.find(seen.service, seen.operation)
    return seen.is_read and seen.names_it and not seen.is_data and known is None


def _may_touch(subject: Subject, known: Known, write: Write, seen: Seen) -> bool:
    """Can a write have changed this part? One that is about another part cannot."""
    members = known.value if isinstance(known.value, Mapping) else ()
    if subject[0] != write.service or not is_about(
        write.service, write.operation, known.aspect, members
    ):
        return False
    if readings.part_of(write.service, write.operation) is None:
        return True
    asked = {text for text in seen.parameters.values() if isinstance(text, str)}
    return not known.key or known.key in asked


def _merged(before: Known | None, shown: Observation) -> Json:
    """A call that tells fewer members than another leaves the rest as it was known."""
    old, new = before.value if before else None, shown.value
    if before is None or not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    kept = {name: old[name] for name in _older(before, shown)}
    return {**kept, **new} if kept else new


def _older(before: Known | None, shown: Observation) -> Mapping[str, tuple[int, str]]:
    """The members that are known from other kinds of calls alone, and from which entries."""
    if before is None or before.index is None or before.open:
        return {}
    old, new = before.value, shown.value
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return {}
    usual = before.index, before.source
    tellers = {name: before.older.get(name, usual) for name in old if name not in new}
    return {name: teller for name, teller in tellers.items() if teller[1] != shown.source}


def _tells(before: Known, shown: Observation, item: Difference) -> bool:
    """Would a call of this kind tell a member that only one of the two has?"""
    name = item.members[0] if item.members else ""
    _, teller = before.older.get(name, (before.index, before.source))
    return teller == shown.source
