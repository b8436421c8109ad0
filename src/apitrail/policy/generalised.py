"""Resources in general terms: ids become `*`, what names have in common stays.

Partition, service, region and account are never widened, nor is a bucket's name.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable

from apitrail.policy.needed import Use

# UUIDs, EC2's ids, long hexadecimal numbers and runs of digits: made up by a machine.
_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<=-)(?:[0-9a-f]{17}|[0-9a-f]{8})(?![0-9a-zA-Z])"
    r"|(?<![0-9a-zA-Z])[0-9a-fA-F]{16,}(?![0-9a-zA-Z])"
    r"|[0-9]{4,}"
)
_MANY = 3
"""Names that stay as they are; of more, what they have in common."""


def generalised(uses: Iterable[Use]) -> dict[Use, str]:
    """What stands for the resource of each use."""
    groups: dict[tuple[str, str], list[Use]] = defaultdict(list)
    for use in uses:
        groups[use.action, _kind(use.resource)].append(use)
    return {
        use: resource
        for (_, kind), found in groups.items()
        for use, resource in zip(found, _group(kind, found), strict=True)
    }


def _group(kind: str, found: list[Use]) -> list[str]:
    names = [_ID.sub("*", use.resource.removeprefix(kind)) for use in found]
    if len(set(names)) > _MANY:
        names = [_common(names)] * len(names)
    return [kind + re.sub(r"\*+", "*", name) for name in names]


def _common(names: list[str]) -> str:
    """What all names begin with, to the last whole word of it."""
    least, most = min(names), max(names)
    same = (one == other for one, other in zip(least, most, strict=False))
    length = sum(1 for _ in itertools.takewhile(bool, same))
    whole = re.match(r".*[/:._-]", least[:length], re.DOTALL)
    return f"{whole[0] if whole else ''}*"


def _kind(resource: str) -> str:
    """What of an ARN is not widened: all up to the name."""
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return resource
    head, name = ":".join(parts[:5]) + ":", parts[5]
    # An object's key follows its bucket, a name its kind.
    kind, separator, _ = name.partition("/")
    if not separator:
        kind, separator, _ = name.partition(":")
    if not separator and parts[2] == "s3":
        return resource
    return head + (kind + separator if separator else "")
