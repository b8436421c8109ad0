"""Changes that a service makes by itself, as recorded calls told it to: the rotation of a secret, and capacity that
Application Auto Scaling sets.

Nothing in the state that differs says so. The log may: somebody registered the target, or an answer
showed that the secret rotates. What was told last before the difference was seen counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from apitrail.codec import Json, Object
from apitrail.event import Event
from apitrail.query import Filter
from apitrail.source import Source
from apitrail.state.comparing import Drift

# (service, part) → the members that Application Auto Scaling sets ("AWS services that you can use
# with Application Auto Scaling", scalable dimensions).
SCALED: dict[tuple[str, str], frozenset[str]] = {
    ("ecs", "Service"): frozenset({"desiredCount"}),
    ("dynamodb", "Table"): frozenset({"ProvisionedThroughput", "GlobalSecondaryIndexes"}),
}
SECRET = ("secretsmanager", "SecretValue")
_ROTATING = ("DescribeSecret", "RotateSecret", "CancelRotateSecret")
_SCALING = ("RegisterScalableTarget", "DeregisterScalableTarget", "DescribeScalableTargets")
# So many of the newest of these calls are looked at.
LOOKED_AT = 200


def unmanaged(source: Source, found: Drift) -> Drift | None:
    """The drift without what such a service sets; None where nothing is left."""
    seen = found.after.observation
    if (seen.service, seen.aspect) == SECRET:
        return None if _rotates(source, found) else found
    members = SCALED.get((seen.service, seen.aspect))
    if not members or not any(
        each.members[:1] and each.members[0] in members for each in found.found
    ):
        return found
    if not _is_scaled(source, found):
        return found
    left = tuple(each for each in found.found if not each.members or each.members[0] not in members)
    return replace(found, found=left) if left else None


def _rotates(source: Source, found: Drift) -> bool:
    """Was the secret seen, or set, to rotate?"""
    names = found.change.names
    for event in _calls(source, found, _ROTATING):
        operation, asked, answer = _said(event)
        if not names & {
            str(asked.get("SecretId")),
            str(answer.get("ARN")),
            str(answer.get("Name")),
        }:
            continue
        if operation == "DescribeSecret":
            return answer.get("RotationEnabled") is True
        return operation == "RotateSecret"
    return False


def _is_scaled(source: Source, found: Drift) -> bool:
    """Is the thing a target of Application Auto Scaling?"""
    for event in _calls(source, found, _SCALING):
        operation, asked, answer = _said(event)
        if operation == "DescribeScalableTargets":
            targets = answer.get("ScalableTargets")
            if isinstance(targets, list) and any(_is_of(each, found) for each in targets):
                return True
        elif _is_of(asked, found):
            return operation == "RegisterScalableTarget"
    return False


def _is_of(target: Json, found: Drift) -> bool:
    """Is this what differs: `service/CLUSTER/NAME`, `table/NAME`, `table/NAME/index/INDEX`?"""
    name = target.get("ResourceId") if isinstance(target, dict) else None
    if not isinstance(name, str):
        return False
    kind, _, rest = name.partition("/")
    short = rest.partition("/")[0] if kind == "table" else rest.rpartition("/")[2]
    return bool({name, short} & found.change.names)


def _calls(source: Source, found: Drift, names: tuple[str, ...]) -> Iterator[Event]:
    """The newest calls of these operations that had succeeded when the difference was seen."""
    where = Filter(event_name=names, stand_in=False)
    for index in source.select(where, before=found.after.index + 1, limit=LOOKED_AT):
        event = Event.parse(source.facets(index, ("what", "request", "response")))
        if event.call.status == 200 and not event.call.error:
            yield event


def _said(event: Event) -> tuple[str, Object, Object]:
    asked = event.request.parameters if event.request else None
    answer = event.response.result if event.response else None
    return (
        event.call.operation or "",
        asked if isinstance(asked, dict) else {},
        answer if isinstance(answer, dict) else {},
    )
