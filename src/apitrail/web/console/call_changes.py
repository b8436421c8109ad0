"""What a call changed: of each resource that it touched, the state that was known before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apitrail.codec import Json
from apitrail.event import Event
from apitrail.query import Filter
from apitrail.reading import render, resource_history, state_lines
from apitrail.reading.resource_history import Call
from apitrail.source import Source
from apitrail.web.console import resource_story
from apitrail.web.console.resource_story import Step

# Resources that are looked into; one that more calls name is left to its own page, since its state
# follows from all of them.
RESOURCES = 4
READ = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One resource: the step of its story that the call is, and the next one where that saw it before
    anything else changed it. There are none where its story is too long to be read here."""

    name: str
    step: Step | None = None
    seen: Step | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """Both."""
        return tuple(each for each in (self.step, self.seen) if each is not None)

    @property
    def told(self) -> bool:
        """Does an answer show its state, before or after?"""
        return any(each.said for each in self.steps)

    def to_json(self) -> dict[str, Json]:
        """For scripts."""
        return {
            "resource": self.name,
            "read": self.step is not None,
            "told": [
                {"entry": each.call.index, **state_lines.told_json(told)}
                for each in self.steps
                if each.call
                for told in each.call.told
            ],
        }


def of(source: Source, index: int, event: Event) -> Iterator[Changed]:
    """Of a call that may have changed something; nothing of reads and of calls that failed."""
    is_write = event.record().get("readOnly") is False
    if not is_write or render.outcome(event) not in {"ok", "unknown"}:
        return
    # An id without a type is a further name of what is there with one.
    typed = [item for item in event.resources if item.type] or event.resources
    names = dict.fromkeys(item.arn or item.name for item in typed)
    for name in [each for each in names if each][:RESOURCES]:
        yield _of(source, index, name)


def _of(source: Source, index: int, name: str) -> Changed:
    if sum(1 for _ in source.select(Filter(resource_name=(name,)), limit=READ + 1)) > READ:
        return Changed(name=name)
    history = resource_history.tell(source, name, Filter(), reads=True, brief=())
    story = [call for call in history.calls if call.index >= index]
    if not story or story[0].index != index:
        return Changed(name=name)
    return Changed(name=name, step=resource_story.step(story[0]), seen=_seen(story))


def _seen(story: Sequence[Call]) -> Step | None:
    """The observation that came next, if nothing else changed it in between."""
    for call in story[1:]:
        if call.outcome != "read":
            return None
        if any(each.value is not None or each.found for each in call.told):
            return resource_story.step(call)
    return None
