"""How an answer shows resources: where they stand in it, and what names them there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from apitrail.state.reading_table import TABLE

_VERB = re.compile(r"[A-Z][a-z]+")
_READS = ("Describe", "Get", "List", "Head")
# What does not end at once when it is deleted: it is there for a while, and says so.
_SLOWLY = frozenset(
    {
        "AutoScalingGroup", "Cluster", "DBCluster", "DBInstance", "Distribution", "FileSystem",
        "NatGateway", "Secret", "Service", "Stack", "Table", "TaskDefinition", "VpcEndpoint",
    }
)  # fmt: skip
# Parts whose answers name the resource that they are of.
_PARTS = {
    "secretsmanager": frozenset({"SecretValue", "ResourcePolicy"}),
    "ssm": frozenset({"ParameterMetadata"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One line of the table.

    `names` are the members of an item that name it, `asked` those of the request, where an item
    does not; `by` are those of the request that tell parts of one resource apart.
    """

    service: str
    operation: str
    aspect: str
    path: tuple[str, ...]
    names: tuple[str, ...]
    asked: tuple[str, ...]
    by: tuple[str, ...] = ()

    @property
    def is_read(self) -> bool:
        """Does the call only look?"""
        return self.operation.startswith(_READS)

    @property
    def is_item(self) -> bool:
        """Does the answer name what it shows? Then it is the resource itself, not a part of it."""
        return bool(self.names)


def _parse(service: str, line: str) -> Reading:
    operation, aspect, path, names, *rest = line.split()
    every = names.split(",")
    by = rest[0].removeprefix("by=").split(",") if rest else []
    return Reading(
        service=service,
        operation=operation,
        aspect=aspect,
        path=() if path == "-" else tuple(path.replace("[]", ".[]").split(".")),
        names=tuple(name for name in every if name[0] != "$"),
        asked=tuple(name[1:] for name in every if name[0] == "$"),
        by=tuple(by),
    )


@cache
def of_service(service: str) -> dict[str, Reading]:
    """The readings of a service, by operation; none where the table does not have it."""
    lines = TABLE.get(service, "").strip().splitlines()
    return {reading.operation: reading for reading in (_parse(service, line) for line in lines)}


def find(service: str | None, operation: str | None) -> Reading | None:
    """What the answer of an operation shows, where the table says it."""
    return of_service(service or "").get(operation or "")


def listings(service: str) -> tuple[str, ...]:
    """The operations that show resources which the request need not name."""
    found = (each for each in of_service(service).values() if each.is_read and "[]" in each.path)
    return tuple(each.operation for each in found)


@cache
def aspects(service: str) -> frozenset[str]:
    """The parts of resources that have readings of their own: `BucketPolicy`, `RolePolicy`."""
    found = of_service(service).values()
    whole = {each.aspect for each in found if each.is_item}
    return frozenset({each.aspect for each in found} - whole) | _PARTS.get(service, frozenset())


def verb_and_noun(operation: str) -> tuple[str, str]:
    """`PutBucketPolicy` → (`Put`, `BucketPolicy`)."""
    match = _VERB.match(operation)
    verb = match[0] if match else ""
    return verb, operation[len(verb) :]


def part_of(service: str, operation: str) -> str | None:
    """The one part that a write is about: `PutBucketPolicy` is about `BucketPolicy` and no other."""
    _, noun = verb_and_noun(operation)
    known = aspects(service)
    return next((each for each in (noun, f"{noun}Configuration") if each in known), None)


def ends(service: str, operation: str) -> str | None:
    """What a write ends at once: `DeleteSecurityGroup` ends a `SecurityGroup`."""
    verb, noun = verb_and_noun(operation)
    if verb != "Delete":
        return None
    known = {each.aspect for each in of_service(service).values()} - _SLOWLY
    forms = (noun, noun.removesuffix("s"), f"{noun}Configuration")
    return next((each for each in forms if each in known), None)
