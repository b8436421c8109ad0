"""The words of a question: as a person writes them, and as the events have them.

Whatever a table prints is taken: `ssm:PutParameter`, a service in any case, a caller's access key,
the start of an id. A word that nothing can match is said, with the nearest one.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from apitrail.errors import UsageError
from apitrail.event import record_of
from apitrail.query import PATTERNED, Filter, Pattern, Value, has_labels
from apitrail.reading import vocabulary
from apitrail.reading.spellings import has, spellings
from apitrail.source import Source

# Field of a filter → how it is said that no event has a value in it.
NOBODY = {
    "event_name": "no event here has the name",
    "event_source": "no event here is of the service",
    "username": "no event here is by the user",
    "access_key_id": "no event here was signed by the access key",
    "resource_name": "no event here names the resource",
    "resource_type": "no event here is on a resource of the type",
    "region": "no event here is in the region",
    "source_ip": "no event here came from the address",
    "run": "no run here has the id",
    "operator": "no event here is by the operator",
}
RUNS = "`apitrail events --columns time,run,event` shows the runs"
"""What to do where a run is not there."""
EVENTS = "`apitrail events` lists them; the start of an id will do"
"""What to do where an event is not there."""

# Fields whose values are told apart by letter case, or have none.
_EXACT = ("resource_name", "source_ip")
# At most this many values are compared to find the nearest one.
_COMPARED = 10_000
_NEAR = 0.6
_FOUND_AT_MOST = 20


def silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Questions to one source; `say` tells a person which words cannot match.

    Where they are `exact`, a run or an event that is named must be there: something is made of the calls,
    and of none it would be made in vain.
    """

    source: Source
    say: Callable[[str], None] = silent
    exact: bool = False

    def resolve(self, where: Filter) -> Filter:
        """The filter in the words that the events have.

        Raises:
            UsageError: no run was recorded of which the last is meant, an id is not told apart from others,
                or, where they are `exact`, is not there.
        """
        changed: dict[str, Any] = {
            name: tuple(dict.fromkeys(meant for value in values for meant in self._of(name, value)))
            for name in NOBODY
            if (values := getattr(where, name))
        }
        if where.event_id:
            changed["event_id"] = tuple(
                meant for text in where.event_id for meant in self._ids(text)
            )
        if isinstance(where.error, str):
            changed["error"] = self._error(where.error)
        self._check_labels(where)
        return replace(where, **changed)

    def _of(self, field: str, value: Value) -> Iterator[Value]:
        """What one value of a field stands for."""
        if isinstance(value, Pattern):
            yield value
        elif field == "run":
            yield from self._runs(value)
        elif field in PATTERNED and "…" in (value[:1], value[-1:]):
            # What a table has cut.
            yield from self._of(field, value.replace("…", "*"))
        elif "*" in value and field in PATTERNED:
            if not self._has(field, Pattern(value)) and not _is_known_form(field, value):
                self.say(f"{NOBODY[field]} {value!r}")
            yield Pattern(value)
        elif field == "resource_name" and len(forms := spellings(self.source, value)) > 1:
            yield from forms
        elif self._has(field, value):
            yield value
        else:
            yield from self._spelled(field, value) or self._unseen(field, value)

    def _has(self, field: str, value: Value) -> bool:
        return has(self.source, Filter(**{field: (value,)}))  # type: ignore[arg-type]

    def _spelled(self, field: str, value: str) -> list[Value]:
        """The same in another case, or as a table prints it."""
        if field in _EXACT:
            return []
        if same := _in_any_case(value, self.source.values(field)):
            return [*same]
        form = Pattern(value)
        return [form] if field in PATTERNED and self._has(field, form) else []

    def _unseen(self, field: str, value: str) -> list[Value]:
        """No event has this value. Say whether the service models know the name."""
        if field == "event_name" and ":" in value:
            return [self._operation(value)]
        known = vocabulary.known(field, value)
        if value in known:
            return [value]
        if same := _in_any_case(value, known):
            return [*same]
        written = vocabulary.renamed().get(value.lower()) if field == "event_name" else None
        near = written or nearest(value, [*islice(self.source.values(field), _COMPARED), *known])
        also = {"event_name": ", and AWS no such operation", "event_source": ", and none is known"}
        self.say(f"{NOBODY[field]} {value!r}{also.get(field, '')}{_hint(near)}")
        return [value]

    def _operation(self, value: str) -> Pattern:
        """Words for `service:Name` that no event has."""
        known = [f"{service}:{name}" for service, name in vocabulary.operations()]
        if not _in_any_case(value, known):
            said = f"{NOBODY['event_name']} {value!r}, and AWS no such operation"
            self.say(said + _hint(nearest(value, known)))
        return Pattern(value)

    def _runs(self, value: str) -> Iterator[str]:
        """`last`, an id, or the start of one."""
        if not value:  # with which all begin: a variable of the shell is not set
            raise UsageError(
                "not a run: ''", hint="write last, an id that exec told, or how it begins"
            )
        if value == "last":
            last = self.source.last_run()
            if last is None:
                raise UsageError(
                    "no run was recorded", hint="`apitrail exec -- COMMAND` records one"
                )
            yield last
            return
        known = [run for run, _ in self.source.run_labels()]
        found = [value] if value in known else [run for run in known if run.startswith(value)]
        if not found and not self._has("run", value):
            self._absent(f"{NOBODY['run']} {value!r}{_hint(nearest(value, known))}", RUNS)
        yield from found or [value]

    def _ids(self, text: str) -> Iterator[str]:
        """The event ids that begin so."""
        found = self.source.find(text)
        if len(found) >= _FOUND_AT_MOST:
            raise UsageError(
                f"many events have ids that begin with {text!r}", hint="give more of it"
            )
        if not found:
            self._absent(f"no event here has the id {text!r}", EVENTS)
            yield text
        for index in found:
            record = record_of(self.source.facets(index, ("what",)))
            if "eventID" in record:
                yield str(record["eventID"])

    def _absent(self, said: str, hint: str) -> None:
        """What was named by its id is not there."""
        if self.exact:
            raise UsageError(said, hint=hint)
        self.say(said)

    def _error(self, value: str) -> str:
        known = list(self.source.values("error"))
        same = _in_any_case(value, known)
        if not same:
            self.say(f"no event here failed with {value!r}{_hint(nearest(value, known))}")
        return value if value in known or not same else same[0]

    def _check_labels(self, where: Filter) -> None:
        wanted = [text for group in where.label for text in group]
        labels = [label for _, label in self.source.run_labels()] if wanted else []
        for text in wanted:
            if not any(has_labels(label.items(), ((text,),)) for label in labels):
                pairs = {f"{key}={value}" for label in labels for key, value in label.items()}
                names = pairs if "=" in text else {pair.partition("=")[0] for pair in pairs}
                self.say(f"no run here has the label {text!r}{_hint(nearest(text, names))}")


def _in_any_case(value: str, known: Iterable[str]) -> list[str]:
    return sorted(name for name in known if name.lower() == value.lower())


def _is_known_form(field: str, value: str) -> bool:
    """Could a call that AWS knows match it? Users and resources can be called anything."""
    form = Pattern(value)
    if field == "event_name" and ":" in value:
        return any(form.matches(f"{service}:{name}") for service, name in vocabulary.operations())
    return any(map(form.matches, vocabulary.known(field, value)))


def nearest(value: str, known: Iterable[str]) -> str | None:
    """The name that looks most like it, if one does."""
    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(value.lower(), by_lower, n=1, cutoff=_NEAR)
    return by_lower[found[0]] if found else None


def _hint(name: str | None) -> str:
    return f"; the nearest is {name!r}" if name else ""
