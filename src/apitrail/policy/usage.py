"""What the calls of a trail needed, of millions in seconds.

Most calls differ from earlier ones in nothing that IAM looks at: an item, a body, an id. A call is read
only as far as it takes to see that, and counted; what it needed is found out once. A long trail is read
by several processes.
"""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import batched
from multiprocessing import get_context
from pathlib import Path

import orjson

from apitrail.codec import Json, Object
from apitrail.event import RECORD_TAGS, WITHHOLDING, statement
from apitrail.evidence.opening import open_source
from apitrail.policy.kept_call import KeptCall, Memory
from apitrail.policy.needed import SHOWN, Needs, Use, Wanted, is_refused, wanted
from apitrail.query import Filter
from apitrail.source import Source

# Calls that are read at once, and by one process. Starting one takes half a second.
BATCH = 2_048
PIECE = 50_000
PARALLEL = 100_000
# So many different calls are remembered before they are counted up.
REMEMBERED = 50_000

# Members that hold a customer's data, in which IAM is not interested (API references of each
# service); a blob is none either, wherever it is.
_DATA = {
    "dynamodb": frozenset({
        "AttributeUpdates", "ExclusiveStartKey", "Expected", "ExpressionAttributeValues", "Item",
        "Key", "KeyConditions", "Keys", "QueryFilter", "ScanFilter",
    }),
    "s3": frozenset({"ContentLength", "ContentMD5", "Range"}),
    "sqs": frozenset({"MessageBody", "ReceiptHandle"}),
}  # fmt: skip
_NONE: frozenset[str] = frozenset()
# A key of an object that an ARN has as it stands; others are looked at one by one.
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_./=-]{1,512}")
_SOME_KEY = "apitrail0some0key"
_NOTHING: Object = {}
_NO_USE = Wanted((), {}, ())
# Of a call, what is between its protocol and its status.
_TIMES = re.compile(rb',"started":\d+(?:,"ended":\d+)?')


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
        # What calls needed that were counted up before, and for some object of S3.
        self._known: dict[object, Wanted] = {}
        self._of_objects: dict[object, Wanted] = {}
        self._accounts: dict[bytes, str | None] = {}

    def add(self, index: int, facets: dict[str, bytes]) -> None:
        """One call more."""
        same = _same(facets)
        found = self._same.get(same)
        if found is None:
            if len(self._same) >= REMEMBERED or len(self._alike) >= REMEMBERED:
                self.count_up()
            self._same[same] = found = self._looked_at(facets)
        found.count += 1
        if len(found.entries) < SHOWN:
            found.entries.append(index)

    def _looked_at(self, facets: dict[str, bytes]) -> _Alike:
        """The calls that this one is like."""
        what = _read(facets, "what")
        if what.get("standIn") is True:
            return self._aside
        facts = _object(what.get("call"))
        error = facts.get("error")
        withheld = _object(what.get("decision")).get("effect") in WITHHOLDING
        refused = is_refused(error if isinstance(error, str) else None, withheld=withheld)
        if refused and not self._denied:
            return self._refused
        service, operation = facts.get("service"), facts.get("operation")
        asked = _read(facets, "request").get("parameters")
        touched = None if isinstance(asked, dict) else orjson.dumps(what.get("resources"))
        key, name = self._key(service, asked)
        alike = (
            service, operation, facts.get("region"), self._account(facets.get("who")), touched, key,
            name, _named_keys(facets.get("response")),
        )  # fmt: skip
        found = self._alike.get(alike)
        if found is None:
            if (needed := self._known.get(alike)) is None:
                needed = self._new(facets, alike, name)
                if len(self._known) < REMEMBERED:
                    self._known[alike] = needed
            self._alike[alike] = found = _Alike(needed, [])
        return found

    def count_up(self) -> Needs:
        """All calls so far."""
        for each in self._alike.values():
            self.needs.add(each.wanted, each.entries, each.count)
        self.needs.denied += self._refused.count
        self._refused.count = 0
        self._alike.clear()
        self._same.clear()
        return self.needs

    def take(self) -> Needs:
        """All calls so far, which are forgotten; what they needed is known from then on."""
        found, self.needs = self.count_up(), Needs()
        return found

    @staticmethod
    def _key(service: Json, asked: Json) -> tuple[bytes, str | None]:
        """The parameters without data, and the key of an object, which only ARNs have."""
        if not isinstance(asked, dict):
            return b"", None
        data = _DATA.get(service, _NONE) if isinstance(service, str) else _NONE
        name = asked.get("Key") if service == "s3" else None
        plain = name if isinstance(name, str) and _PLAIN_KEY.fullmatch(name) else None
        if plain is not None and "CopySource" not in asked:
            asked = {**asked, "Key": _SOME_KEY}
        else:
            plain = None
        return orjson.dumps(_without(asked, data), default=str), plain

    def _new(self, facets: dict[str, bytes], alike: tuple[object, ...], name: str | None) -> Wanted:
        kept = KeptCall.parse(facets)
        if name is None or not isinstance(kept.call.parameters, dict):
            return self._wanted(kept)
        # What the call would need for some object, and then for this one.
        one = (*alike[:6], alike[7])
        if (general := self._of_objects.get(one)) is None:
            some = {**kept.call.parameters, "Key": _SOME_KEY}
            general = self._wanted(replace(kept, call=kept.call.changed(parameters=some)))
            if len(self._of_objects) < REMEMBERED:
                self._of_objects[one] = general
        return _on(general, name)

    def _wanted(self, kept: KeptCall) -> Wanted:
        return wanted(kept.call, self._memory.actions(kept))

    def _account(self, who: bytes | None) -> str | None:
        """The caller's; the same bytes say the same."""
        if who is None:
            return None
        if who in self._accounts:
            return self._accounts[who]
        account = _object(statement(who).get("identity")).get("account")
        found = account if isinstance(account, str) else None
        if len(self._accounts) < REMEMBERED:
            self._accounts[who] = found
        return found


def _same(facets: dict[str, bytes]) -> object:
    """What calls have in common that are written alike, but for ids and times.

    Members are written in one order. Where one is not found, more is compared, and nothing is
    taken for the same that is not.
    """
    what, request, answer = (
        facets.get("what", b""),
        facets.get("request", b""),
        facets.get("response"),
    )
    call = what.find(b'"call":{')
    times = what.find(b',"started":', call)
    status = what.find(b',"status":', times)
    if not (0 <= call < times < status and _TIMES.fullmatch(what, times, status)):
        call, times, status = 0, len(what), len(what)
    asked = max(request.find(b'"parameters":'), 0)
    http = request.rfind(b',"http":{')
    keys = answer if answer is not None and b"kms" in answer.lower() else None
    return (
        facets.get("who"), what[call:times], what[status:],
        request[asked : http if http > asked else len(request)], keys,
    )  # fmt: skip


def _on(general: Wanted, name: str) -> Wanted:
    uses = tuple(
        (Use(use.action, use.resource.replace(_SOME_KEY, name), use.region), shared)
        for use, shared in general.uses
    )
    return replace(general, uses=uses)


def _named_keys(answer: bytes | None) -> bytes:
    """What of the answer counts: the key of KMS that it names."""
    if answer is None or b"kms" not in answer.lower():
        return b""
    result = _object(statement(answer).get("result"))
    return orjson.dumps({name: each for name, each in result.items() if "kms" in name.lower()}, default=str)  # fmt: skip


def _without(value: Json, data: frozenset[str]) -> Json:
    if isinstance(value, dict):
        if len(value) == 2 and "sha256" in value and "length" in value:
            return None
        return {
            name: each if type(each) is str else _without(each, data)
            for name, each in value.items()
            if name not in data
        }
    if isinstance(value, list):
        return [each if type(each) is str else _without(each, data) for each in value]
    return value


def _read(facets: dict[str, bytes], tag: str) -> Object:
    facet = facets.get(tag)
    if facet is None:
        return _NOTHING
    try:
        found: object = orjson.loads(facet)
    except ValueError:
        return statement(facet)
    return found if isinstance(found, dict) else statement(facet)


def _object(value: Json) -> Object:
    return value if isinstance(value, dict) else _NOTHING


def usage(
    path: Path, where: Filter, *, denied: bool = False, processes: int | None = None
) -> Needs:
    """What the calls that match needed, in a trail or a bundle."""
    with open_source(path) as source:
        chosen = array("q", source.select(where, ascending=True))
        workers = processes or os.process_cpu_count() or 1
        if len(chosen) < PARALLEL or workers < 2:
            return _of(source, chosen, Usage(denied=denied))
    pieces = [chosen[start : start + PIECE] for start in range(0, len(chosen), PIECE)]
    found = Needs()
    with ProcessPoolExecutor(min(workers, len(pieces)), mp_context=get_context("spawn")) as pool:
        for each in pool.map(_piece, [path] * len(pieces), pieces, [denied] * len(pieces)):
            found.join(each)
    return found


def usage_of(source: Source, where: Filter, *, denied: bool = False) -> Needs:
    """What the calls that match needed, in a log that is open, by this process alone."""
    return _of(source, array("q", source.select(where, ascending=True)), Usage(denied=denied))


# Of a process of the pool: the next piece has calls like those of the last one.
_USAGES: dict[bool, Usage] = {}


def _piece(path: Path, chosen: Sequence[int], denied: bool) -> Needs:  # of `map`
    with open_source(path) as source:
        return _of(source, chosen, _USAGES.setdefault(denied, Usage(denied=denied)))


def _of(source: Source, chosen: Sequence[int], counting: Usage) -> Needs:
    for index, facets in _facets(source, chosen):
        counting.add(index, facets)
    return counting.take()


def _facets(source: Source, chosen: Sequence[int]) -> Iterator[tuple[int, dict[str, bytes]]]:
    for some in batched(chosen, BATCH, strict=False):
        for index, facets in source.many(some, RECORD_TAGS):
            yield index, dict(facets)
