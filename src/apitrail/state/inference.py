"""What follows from what a write asked for, where the request names a member of the state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from apitrail.codec import Json, Object
from apitrail.state import readings

# Calls that set what they name. Others add to a member or take from it, under the same name.
_SETTING = frozenset({"Put", "Set", "Update", "Modify"})


@dataclass(frozen=True, slots=True)
class Inferred:
    """The state as it should be now, and the members that nobody has seen so."""

    value: Json
    members: tuple[str, ...]


def infer(operation: str, parameters: Object, state: Json, *, ends: bool) -> Inferred | None:
    """What a write that succeeded made of a state; None where the request does not tell."""
    if ends:
        return Inferred(None, ())
    verb, _ = readings.verb_and_noun(operation)
    if verb not in _SETTING or not isinstance(state, Mapping):
        return None
    told = dict(_told(parameters))
    found = {
        name: told[name]
        for name, value in state.items()
        if name in told and _sets(told[name], value)
    }
    return Inferred({**state, **found}, tuple(found)) if found else None


def _told(parameters: Object) -> Iterator[tuple[str, Json]]:
    """The members that a request sets, also those inside its one structure."""
    if isinstance(name := parameters.get("AttributeName"), str):
        yield name, parameters.get("AttributeValue")
    for member, value in parameters.items():
        if isinstance(value, Mapping):
            if set(value) == {"Value"}:
                yield member, value["Value"]
                continue
            yield from value.items()
        yield member, value


def _sets(new: Json, old: Json) -> bool:
    return type(new) is type(old) and new != old
