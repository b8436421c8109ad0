"""What the calls of a filter have in common: values with their counts, each a step to fewer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from apitrail.source import Source, Tally
from apitrail.web.console.url_state import UrlState

# Field of a filter that is counted → the word for it in a URL, and its heading.
GROUPS = {
    "event_source": ("event-source", "Service"),
    "event_name": ("event-name", "Event"),
    "username": ("username", "Who"),
    "error": ("error", "Error"),
    "region": ("region", "Region"),
    "operator": ("operator", "Operator"),
    "run": ("run", "Run"),
}
COLUMNS = tuple(GROUPS)
# Values shown of each; those that are chosen are shown whatever their rank.
SHOWN = 6
# Values of the one that more are asked of.
ASKED = 40
_AMAZON = ".amazonaws.com"


@dataclass(frozen=True, slots=True)
class Choice:
    """A value, how many of the calls have it, and the page with it chosen, or not any more."""

    value: str
    calls: int
    chosen: bool
    href: str

    @property
    def text(self) -> str:
        """As tables print it."""
        return self.value.removesuffix(_AMAZON)


@dataclass(frozen=True, slots=True)
class Group:
    """The values of one field, most calls first; `more` values are not shown."""

    name: str
    title: str
    choices: tuple[Choice, ...]
    more: int
    # The page that shows more of them; none where it does.
    more_href: str | None = None

    def to_json(self) -> dict[str, object]:
        """For scripts."""
        found = [{"value": each.value, "calls": each.calls} for each in self.choices]
        return {"name": self.name, "values": found, "more": self.more}


def groups(source: Source, tally: Tally, state: UrlState) -> Iterator[Group]:
    """Those that have a value at all."""
    for field, (name, title) in GROUPS.items():
        yield from _group(tally.values[field], name, title, state)
        if field == "run":
            yield from _group(_labels(source, tally.values[field]), "label", "Label", state)


def _group(
    counts: Mapping[str | None, int], name: str, title: str, state: UrlState
) -> Iterator[Group]:
    known = dict(ranked(counts))
    values = list(known)
    chosen = [value for value in state.words.get(name, ()) if value != "*"]
    most = ASKED if state.more == name else SHOWN
    shown = [*values[:most], *(value for value in values[most:] if _is_chosen(value, chosen))]
    shown += [value for value in chosen if not any(_is_chosen(each, [value]) for each in shown)]
    if shown:
        choices = tuple(_choice(value, known.get(value, 0), name, chosen, state) for value in shown)
        href = None if state.more == name else replace(state, more=name).href()
        yield Group(name, title, choices, max(len(known) - len(shown), 0), href)


def _is_chosen(value: str, chosen: Sequence[str]) -> bool:
    return value in chosen or value.removesuffix(_AMAZON) in chosen


def _choice(value: str, calls: int, name: str, chosen: Sequence[str], state: UrlState) -> Choice:
    short = value.removesuffix(_AMAZON)
    for each in (value, short):
        if each in chosen:
            return Choice(value, calls, True, state.without(name, each).href())
    # What is given once is replaced; of the others, a further value is an alternative.
    before = () if name == "error" else state.words.get(name, ())
    return Choice(value, calls, False, state.having(name, *before, short).href())


def _labels(source: Source, runs: Mapping[str | None, int]) -> Counter[str | None]:
    found = Counter[str | None]()
    if any(runs):
        for run, labels in source.run_labels():
            for key, value in labels.items() if runs.get(run) else ():
                found[f"{key}={value}"] += runs[run]
    return found


def ranked(counts: Mapping[str | None, int]) -> list[tuple[str, int]]:
    """The values that are known, most calls first."""
    known = [(value, calls) for value, calls in counts.items() if value]
    return sorted(known, key=lambda each: (-each[1], each[0]))
