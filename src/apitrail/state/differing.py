"""What differs between two states: members by their path, lists without regard to their order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from apitrail.codec import Json, Object
from apitrail.remembered import remembered

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
# Members that tell elements of a list apart, the surest first; all of a group must be there.
_IDENTITIES = (
    ("Key",), ("key",), ("TagKey",), ("IpProtocol", "FromPort", "ToPort"), ("IpProtocol",),
    ("Sid",), ("RuleNumber", "Egress"), ("DestinationCidrBlock",), ("Name", "Type", "SetIdentifier"),
    ("Name", "Type"), ("CidrIp",), ("CidrIpv6",), ("DeviceName",),
)  # fmt: skip
_NAMING = ("Arn", "ARN", "Id", "ID", "Identifier", "Name", "arn", "id", "name")
# Elements of lists up to this length are compared each with each.
_SHORT = 64


@dataclass(frozen=True, slots=True)
class Difference:
    """One member that differs: None where it is not there. `members` are the names in `path`.

    `lacking` says that one of the two has no such member; an element that one list has and the
    other has not is not lacking.
    """

    path: str
    members: tuple[str, ...]
    was: Json
    now: Json
    lacking: bool = False

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        return ADDED if self.was is None else REMOVED if self.now is None else CHANGED

    def to_json(self) -> Object:
        """For scripts."""
        return {"member": self.path, "change": self.kind, "was": self.was, "now": self.now}


def differences(old: Json, new: Json) -> list[Difference]:
    """Every member that is not the same in both; one that is empty is as good as absent."""
    return list(_between(old, new, "", ())) if old != new else []


def _between(old: Json, new: Json, path: str, members: tuple[str, ...]) -> Iterator[Difference]:
    if old == new:
        return
    old, new = document(old), document(new)
    if old == new or (_is_empty(old) and _is_empty(new)):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            if old.get(key) == new.get(key):
                continue
            inner = f"{path}.{key}" if path else str(key)
            yield from _between(old.get(key), new.get(key), inner, (*members, key))
    elif _is_list(old) and _is_list(new):
        lacking = old is None or new is None
        for each in _in_lists(_listed(old), _listed(new), path, members):
            yield replace(each, lacking=True) if lacking else each
    else:
        yield Difference(path, members, old, new, lacking=old is None or new is None)


def _is_list(value: Json) -> bool:
    """A list; one that is not there is empty."""
    return isinstance(value, list) or value is None


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _in_lists(
    old: list[Json], new: list[Json], path: str, members: tuple[str, ...]
) -> Iterator[Difference]:
    """What has no equal in the other; elements that are of one thing are compared inside."""
    removed, added = _apart(old, new)
    group = _identity(removed, added)
    others = {_identified(item, group): item for item in added} if group else {}
    for item in removed:
        found = _identified(item, group)
        if group and found in others:
            yield from _between(item, others.pop(found), f"{path}[{found}]", members)
        else:
            yield Difference(path, members, item, None)
    left = list(others.values()) if group else added
    yield from (Difference(path, members, None, each) for each in left)


def _apart(old: list[Json], new: list[Json]) -> tuple[list[Json], list[Json]]:
    """What only one of two lists has."""
    removed, added = _unequal(old, new)
    if not removed or not added:
        return removed, added
    before, after = _keyed(removed), _keyed(added)
    return _taken(removed, before - after), _taken(added, after - before)


def _unequal(old: list[Json], new: list[Json]) -> tuple[list[Json], list[Json]]:
    """The elements without those that are equal as they stand; most are, and that is soon seen."""
    if max(len(old), len(new)) > _SHORT:
        return old, new
    removed, added = [], list(new)
    for item in old:
        try:
            added.remove(item)
        except ValueError:
            removed.append(item)
    return removed, added


def _keyed(items: list[Json]) -> Counter[str]:
    return Counter(canonical(item) for item in items)


def _taken(items: list[Json], wanted: Counter[str]) -> list[Json]:
    """So many of each as wanted."""
    left, found = Counter(wanted), []
    for item in items if left else ():
        key = canonical(item)
        if left[key] > 0:
            left[key] -= 1
            found.append(item)
    return found


def _identity(removed: list[Json], added: list[Json]) -> tuple[str, ...]:
    """The members that all elements have, and that no two of one side share."""
    sides = [[item for item in side if isinstance(item, dict)] for side in (removed, added)]
    structures = [each for side in sides for each in side]
    if not all(sides) or len(structures) < len(removed) + len(added):
        return ()
    naming = [(name,) for end in _NAMING for name in structures[0] if name.endswith(end)]
    for group in (*_IDENTITIES, *naming):
        if all(_is_plain(each.get(name)) for each in structures for name in group) and all(
            len({_identified(each, group) for each in side}) == len(side) for side in sides
        ):
            return group
    return ()


def _is_plain(value: Json) -> bool:
    return isinstance(value, str | int)


def _identified(item: Json, group: tuple[str, ...]) -> str:
    return " ".join(str(item.get(name)) for name in group) if isinstance(item, dict) else ""


def _is_empty(value: Json) -> bool:
    """Nothing, an empty text, list or structure, or false. Zero says something."""
    return not value and (value is False or not isinstance(value, int | float))


def canonical(value: Json) -> str:
    """Equal for values that differ in nothing but the order of lists and of members."""
    return json.dumps(_ordered(value), sort_keys=True, separators=(",", ":"))


def _ordered(value: Json) -> Json:
    value = document(value)
    if isinstance(value, dict):
        return {key: _ordered(inner) for key, inner in value.items() if not _is_empty(inner)}
    if isinstance(value, list):
        found = [_ordered(inner) for inner in value]
        return sorted(found, key=lambda each: json.dumps(each, sort_keys=True))
    return value


def document(value: Json) -> Json:
    """A policy or another JSON document that is written in a string, also URL-encoded as IAM does."""
    if isinstance(value, str) and len(value) > 1 and value[:1] in "{[%":
        return _parsed(value)
    return value


@remembered(256)
def _parsed(text: str) -> Json:
    plain = unquote(text) if text.startswith(("%7B", "%7b", "%5B", "%5b")) else text
    try:
        found: Json = json.loads(plain)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, dict | list) else text
