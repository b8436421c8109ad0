"""The honest answer of a read that the table of readings does not have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from apitrail.codec import Json, Object
from apitrail.state import readings
from apitrail.state.observation import ACKNOWLEDGEMENTS, Observation
from apitrail.state.wanted import Wanted

_NAMING = re.compile(r"(?:Arn|ARN|arn|Id|ID|id|Name|name|Identifier|Url|URL)$")
_DEEPEST = 4


def of(
    service: str, operation: str, parameters: Object, result: Json, wanted: Wanted
) -> Iterator[Observation]:
    """What a read says of a resource: the structure that names it, else all of the answer."""
    if not isinstance(result, Mapping):
        return
    _, noun = readings.verb_and_noun(operation)
    found = list(_naming(result, wanted, 0))
    if not found:
        found = [{name: value for name, value in result.items() if name not in ACKNOWLEDGEMENTS}]
    told = {
        name: value
        for name, value in parameters.items()
        if not (isinstance(value, str) and wanted.means((value,)))
    }
    key = json.dumps(told, sort_keys=True, default=str) if told else ""
    yield Observation(
        service=service, place="", aspect=noun or operation, names=(_name(wanted),), key=key,
        value=found[0], source=operation,
    )  # fmt: skip


def _name(wanted: Wanted) -> str:
    return next((value for value in wanted.values if isinstance(value, str)), "")


def _naming(value: Json, wanted: Wanted, depth: int) -> Iterator[Object]:
    """The outermost structures that have the name in a member which names something."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        if any(
            isinstance(text, str) and _NAMING.search(name) and wanted.means((text,))
            for name, text in value.items()
        ):
            yield {name: inner for name, inner in value.items() if name not in ACKNOWLEDGEMENTS}
            return
        for inner in value.values():
            yield from _naming(inner, wanted, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _naming(inner, wanted, depth + 1)
