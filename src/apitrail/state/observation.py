"""What one answer shows of resources: their states, in the shape that the service answers in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from apitrail.codec import Json, Object
from apitrail.state import readings
from apitrail.state.alias import names_of
from apitrail.state.readings import Reading

# Parameters that choose which members an answer tells.
PROJECTING = (
    "AttributeNames",
    "include",
    "Include",
    "Attributes",
    "ProjectionExpression",
    "Expand",
)
# Parameters that do not change what is shown.
_NEUTRAL = frozenset(
    {
        "MaxItems", "MaxResults", "Limit", "limit", "PageSize", "maxResults", "ExpectedBucketOwner",
        "ChecksumMode", "ChecksumAlgorithm", "RequestPayer", "ClientToken", "DryRun", "Marker",
        "NextToken", "nextToken",
    }
)  # fmt: skip
# Services with one set of names for all regions of an account.
_GLOBAL = frozenset({"iam", "route53", "cloudfront", "s3", "organizations"})
_AWS = re.compile(
    r"^https?://[^/]*\.(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)(?::\d+)?(?:/|$)"
)
_TOKENS = ("Marker", "NextToken", "nextToken", "StartRecordName", "NextMarker")
# Codes that say that what was asked for does not exist. A refusal never says that.
_ABSENT = re.compile(r"NotFound|NoSuch|DoesNotExist|NonExistent|^404$|NotExist", re.IGNORECASE)
# Those that are about something else than what was read.
_NOT_ABSENT = re.compile(
    r"NoSuch(?:Upload|Version|Key)|VersionNotFound|EndpointNotFound|AccessPoint"
)
# Of a value that is longer, as JSON, nothing is kept.
LARGEST = 256_000

# Members of a result that say that it worked, and nothing of a state.
ACKNOWLEDGEMENTS = frozenset(
    {"Return", "return", "ResponseMetadata", "RequestId", "requestId", "IsTruncated", "MaxItems"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an observation is read from: a call in the service model's own words."""

    service: str
    operation: str
    region: str = ""
    account: str = ""
    upstream: str = ""
    parameters: Object
    result: Json
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A resource, or a part of one, as an answer shows it.

    `value` is None where the answer says that it does not exist. `key` tells parts of one sort
    apart, such as the inline policies of a role. `source` says which members the answer tells:
    two of one source can be compared member by member.
    """

    service: str
    place: str
    aspect: str
    names: tuple[str, ...]
    key: str
    value: Json
    source: str

    @property
    def subject(self) -> tuple[str, ...]:
        """The same for all observations of one thing."""
        return (self.service, self.place, self.aspect, self.names[0], self.key)

    @property
    def title(self) -> str:
        """`SecurityGroup sg-0a1b…`, `RolePolicy app inline`."""
        return " ".join(filter(None, (self.aspect, self.names[0], self.key)))


def observations(answer: Answer) -> Iterator[Observation]:
    """Every state that the table of readings finds in an answer."""
    reading = readings.find(answer.service, answer.operation)
    if reading is None:
        return
    if answer.error:
        yield from _absence(reading, answer)
    elif isinstance(answer.result, dict):
        yield from _shown(reading, answer)


def _shown(reading: Reading, answer: Answer) -> Iterator[Observation]:
    if not reading.is_item and not reading.path and _is_page(answer):
        return  # a page is not the whole list
    source = _source(answer)
    for item in _items(answer.result, reading.path):
        names = _names(reading, item, answer.parameters)
        if names and isinstance(item, dict):
            value = _without_acknowledgements(item) if not reading.path else item
            yield _observed(reading, answer, names, value, source)


def _absence(reading: Reading, answer: Answer) -> Iterator[Observation]:
    """The call that names one thing was told that there is none."""
    code = answer.error
    if not reading.is_read or not _ABSENT.search(code) or _NOT_ABSENT.search(code):
        return
    names = _asked_for(reading, answer.parameters)
    if len(names) == 1:
        yield _observed(reading, answer, tuple(names), None, _source(answer))


def _observed(
    reading: Reading, answer: Answer, names: tuple[str, ...], value: Json, source: str
) -> Observation:
    return Observation(
        service=reading.service, place=place(answer), aspect=reading.aspect, names=names,
        key=_version(reading, value) or _key(reading, answer.parameters), value=value, source=source,
    )  # fmt: skip


def place(answer: Answer) -> str:
    """Where names mean the same thing: a stand-in or AWS, the account, the region."""
    upstream = "" if _AWS.match(answer.upstream) else answer.upstream
    region = "" if answer.service in _GLOBAL else answer.region
    return f"{upstream} {answer.account} {region}"


def _items(value: Json, path: tuple[str, ...]) -> Iterator[Json]:
    if not path:
        yield value
    elif path[0] == "[]":
        for inner in value if isinstance(value, list) else ():
            yield from _items(inner, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _items(value[path[0]], path[1:])


def _names(reading: Reading, item: Json, parameters: Object) -> tuple[str, ...]:
    if reading.is_item:
        found = [item.get(name) for name in reading.names] if isinstance(item, dict) else []
    else:
        found = [parameters.get(name) for name in reading.asked]
    texts = [text for text in found if isinstance(text, str) and text]
    return tuple(_plain(text) for text in texts)


def _plain(text: str) -> str:
    """One name for one thing, however the request wrote it."""
    return names_of(text)[-1] if text.startswith(("http", "/hostedzone/")) else text


# Operation's parameters that name what it reads, for answers that name it themselves.
_ASKED = re.compile(r"(?:Id|Ids|Name|Names|Identifier|Arn|ARN|arn|s)$")


def _asked_for(reading: Reading, parameters: Object) -> list[str]:
    """The things that the request names, where it names one."""
    if not reading.is_item:
        found = [parameters.get(name) for name in reading.asked]
        return [_plain(each) for each in found if isinstance(each, str) and each]
    named = {name: each for name, each in parameters.items() if name not in reading.by}
    if any(name in ("Filters", "filters") for name in named):
        return []
    texts: list[str] = []
    for name, value in named.items():
        if name in _NEUTRAL or name in PROJECTING or not _ASKED.search(name):
            continue
        if name.lower() in ("cluster", "eventbusname"):
            continue
        texts += [
            each
            for each in (value if isinstance(value, list) else [value])
            if isinstance(each, str)
        ]
    return [_plain(text) for text in texts]


def _key(reading: Reading, parameters: Object) -> str:
    """What tells this part of the resource from others of the sort."""
    told = {name: parameters[name] for name in reading.by if parameters.get(name)}
    if not reading.is_item and not reading.path:
        own = {*reading.asked, *reading.by, *PROJECTING, *_NEUTRAL}
        told |= {name: value for name, value in parameters.items() if name not in own and value}
    return _short(told)


def _version(reading: Reading, value: Json) -> str:
    """Which version or alias of a thing it is, where one name stands for several: of Lambda's
    functions the end of the ARN, of parameters the selector that was asked with."""
    if not isinstance(value, dict):
        return ""
    if reading.aspect == "Function":
        parts = str(value.get("FunctionArn") or "").split(":")
        return parts[7] if len(parts) > 7 and parts[7] != "$LATEST" else ""
    return str(value.get("Selector") or "")


def _short(told: Mapping[str, Json]) -> str:
    if not told:
        return ""
    if len(told) == 1:
        [value] = told.values()
        if isinstance(value, str):
            return value
    return json.dumps(told, sort_keys=True, default=str)


def _source(answer: Answer) -> str:
    told = {name: answer.parameters[name] for name in PROJECTING if answer.parameters.get(name)}
    return (
        f"{answer.operation} {json.dumps(told, sort_keys=True, default=str)}"
        if told
        else answer.operation
    )


def _is_page(answer: Answer) -> bool:
    """Is it only a part of a list?"""
    result = answer.result if isinstance(answer.result, dict) else {}
    more = result.get("IsTruncated") is True or any(result.get(each) for each in _TOKENS)
    return more or any(answer.parameters.get(each) for each in _TOKENS)


def _without_acknowledgements(value: Object) -> Json:
    return {name: inner for name, inner in value.items() if name not in ACKNOWLEDGEMENTS}
