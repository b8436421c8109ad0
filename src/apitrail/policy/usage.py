"""What the calls of a trail needed, of millions in seconds.

Most calls differ from earlier ones in nothing that IAM looks at: an item, a body, an id. A call is read
only as far as it takes to see that, and counted; what it needed is found out once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched
from pathlib import Path

import orjson

from apitrail.codec import Json, Object
from apitrail.event import WITHHOLDING
from apitrail.policy import alike, shares
from apitrail.policy.kept_call import ASKED, TOGETHER, KeptCall, Memory
from apitrail.policy.needed import SHOWN, Needs, Use, Wanted, is_refused, wanted
from apitrail.policy.weighed import KEYED, answered, weighed
from apitrail.query import Filter
from apitrail.remembered import Bounded
from apitrail.source import Source

# So many different calls are remembered before they are counted up.
REMEMBERED = 50_000

# A key of an object that an ARN has as it stands; others are looked at one by one.
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_./=-]{1,512}")
_SOME_KEY = "apitrail0some0key"
_NOTHING: Object = {}
_NO_USE = Wanted((), {}, ())


@dataclass(slots=True)
class _Alike:
    """Calls that needed the same."""

    wanted: Wanted
    entries: list[int]
    count: int = 0


class Usage:
    """Counts up calls."""

    def __init__(self, *, denied: bool) -> None:
        self.needs = Needs()
        self._denied = denied
        self._memory = Memory()
        # By what IAM looks at, and by the very bytes.
        self._alike: dict[object, _Alike] = {}
        self._same: dict[object, _Alike] = {}
        self._aside, self._refused = _Alike(_NO_USE, []), _Alike(_NO_USE, [])
        # What calls needed that were counted up before; for objects of S3, on some object.
        self._known = Bounded[object, Wanted](REMEMBERED)
        self._keyed = Bounded[bytes, bool](REMEMBERED)
        self._accounts = Bounded[bytes, str | None](REMEMBERED)

    def add(self, source: Source, indexes: Sequence[int]) -> None:
        """The calls at these entries, whose answers are read only where they may matter."""
        asked = [(*call, alike.same(call[1])) for call in source.many(indexes, ASKED)]
        keyed = [index for index, _, same in asked if self._may_be_keyed(same)]
        answers = dict(source.many(keyed, ("response",))) if keyed else {}
        for index, facets, same in asked:
            answer = answers.get(index, {}).get("response")
            if answer is None or b"kms" not in answer.lower():
                self._add(index, facets, same)
            else:
                self._add(index, {**facets, "response": answer}, (*same, answer))

    def _may_be_keyed(self, same: alike.Same) -> bool:
        """May the answer name a key of KMS? Where nobody knows the service, it may."""
        known = self._keyed.get(same[1])
        if known is None:
            service = alike.service(same)
            known = self._keyed.keep(same[1], service is None or service in KEYED)
        return known

    def _add(self, index: int, facets: Mapping[str, bytes], same: object) -> None:
        found = self._same.get(same)
        if found is None:
            if len(self._same) >= REMEMBERED or len(self._alike) >= REMEMBERED:
                self.count_up()
            self._same[same] = found = self._looked_at(facets)
        found.count += 1
        if len(found.entries) < SHOWN:
            found.entries.append(index)

    def _looked_at(self, facets: Mapping[str, bytes]) -> _Alike:
        """The calls that this one is like."""
        what = alike.what(facets)
        if what.get("standIn") is True:
            return self._aside
        facts = _object(what.get("call"))
        error = facts.get("error")
        withheld = _object(what.get("decision")).get("effect") in WITHHOLDING
        refused = is_refused(error if isinstance(error, str) else None, withheld=withheld)
        if refused and not self._denied:
            return self._refused
        asked = alike.parameters(facets)
        touched = orjson.dumps(what.get("resources")) if asked is None else None
        key, name = _key(_text(facts.get("service")), asked)
        one = (
            facts.get("service"), facts.get("operation"), facts.get("region"),
            self._account(facets.get("who")), touched, key, _named_keys(facets.get("response")),
        )  # fmt: skip
        found = self._alike.get((one, name))
        if found is None:
            self._alike[one, name] = found = _Alike(self._needed(facets, one, name), [])
        return found

    def _needed(self, facets: Mapping[str, bytes], one: object, name: str | None) -> Wanted:
        """What such a call needs; on an object of S3, it is what one on any object would, but for the name."""
        general = self._known.get(one)
        if general is None:
            general = self._known.keep(one, self._new(facets, some=name is not None))
        return general if name is None else _on(general, name)

    def _new(self, facets: Mapping[str, bytes], *, some: bool) -> Wanted:
        kept = KeptCall.parse(facets)
        if some:
            parameters = {**(kept.call.parameters or {}), "Key": _SOME_KEY}
            kept = replace(kept, call=kept.call.changed(parameters=parameters))
        return wanted(kept.call, self._memory.actions(kept))

    def count_up(self) -> Needs:
        """All calls so far, of which none is remembered any more."""
        self._count()
        self._alike.clear()
        self._same.clear()
        return self.needs

    def take(self) -> Needs:
        """All calls so far, which are counted no more; what they needed is known from then on."""
        self._count()
        found, self.needs = self.needs, Needs()
        return found

    def _count(self) -> None:
        for each in self._alike.values():
            if each.count:
                self.needs.add(each.wanted, each.entries, each.count)
                each.entries, each.count = [], 0
        self.needs.denied += self._refused.count
        self._refused.count = 0

    def _account(self, who: bytes | None) -> str | None:
        """The caller's; the same bytes say the same."""
        if who is None:
            return None
        if who in self._accounts:
            return self._accounts[who]
        account = _object(alike.object_of(who).get("identity")).get("account")
        return self._accounts.keep(who, account if isinstance(account, str) else None)


def _key(service: str | None, asked: Object | None) -> tuple[bytes, str | None]:
    """The parameters that matter, and the key of an object, which only ARNs have."""
    if asked is None:
        return b"", None
    name = asked.get("Key") if service == "s3" and "CopySource" not in asked else None
    plain = name if isinstance(name, str) and _PLAIN_KEY.fullmatch(name) else None
    if plain is not None:
        asked = {**asked, "Key": _SOME_KEY}
    return orjson.dumps(weighed(service, asked), default=str), plain


def _named_keys(answer: bytes | None) -> bytes:
    """What of an answer that may name one matters."""
    if answer is None:
        return b""
    return orjson.dumps(answered(_object(alike.object_of(answer).get("result"))), default=str)


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _object(value: Json) -> Object:
    return value if isinstance(value, dict) else _NOTHING


def _on(general: Wanted, name: str) -> Wanted:
    uses = tuple(
        (Use(use.action, use.resource.replace(_SOME_KEY, name), use.region), shared)
        for use, shared in general.uses
    )
    return replace(general, uses=uses)


def usage(
    path: Path, where: Filter, *, denied: bool = False, processes: int | None = None
) -> Needs:
    """What the calls that match needed, in a trail or a bundle."""
    found = Needs()
    for each in shares.totals(path, where, partial(Usage, denied=denied), processes=processes):
        found.join(each)
    return found


def usage_of(source: Source, where: Filter, *, denied: bool = False) -> Needs:
    """What the calls that match needed, in a log that is open, by this process alone."""
    counting = Usage(denied=denied)
    for some in batched(source.select(where, ascending=True), TOGETHER, strict=False):
        counting.add(source, some)
    return counting.take()
