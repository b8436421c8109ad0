"""From method, path and query to the most specific REST operation of all candidates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial

from apitrail.aws.call import Value
from apitrail.aws.find import customer_host, host, shared_endpoint
from apitrail.aws.find.candidates import Evidence, Fields, Match
from apitrail.aws.find.index import Node, Route, Service
from apitrail.aws.read import old_clients
from apitrail.aws.read.scalars import Doubts
from apitrail.valueclass import valueclass

_LABEL = re.compile(r"\{([^}]+?)\+?\}")
_ARN = re.compile(r"/arn(?::|%3A)", re.IGNORECASE)
_MOST_SEGMENTS = 256

# "Bucket naming rules" of general purpose buckets; an ARN may stand in a bucket's place.
_BUCKET = re.compile(
    r"(?!\d+(?:\.\d+){3}$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|arn(?::|%3A).+"
)


@valueclass(frozen=True, slots=True)
class _Found:
    rank: tuple[Value, ...]
    service: Service
    route: Route
    values: tuple[str, ...]


def find(evidence: Evidence, method: str, fields: Fields, doubts: Doubts) -> Match | None:
    """The operation at the request's path by `method` and with `fields` as its query."""
    given = dict(reversed(fields) if doubts.turned else fields)
    best = _best(evidence, method, given)
    if not best:
        return None
    for key in {"x-id", *(key for key, _ in best[0].route.literals)}:
        if sum(name == key for name, _ in fields) > 1:
            doubts.twice(key)
    services = [found.service for found in best]
    claimed = shared_endpoint.prefer(services, evidence.request) if len(set(services)) > 1 else None
    best.sort(key=lambda found: _last_resort(found, claimed), reverse=True)
    others = () if claimed else tuple(_match(evidence, found, fields) for found in best[1:])
    return replace(_match(evidence, best[0], fields), others=others)


def _last_resort(found: _Found, claimed: Service | None) -> tuple[bool, bool, bool, int]:
    service = found.service
    return (
        service is claimed,
        not found.route.deprecated,
        service.current,
        len(service.operations),
    )


def _best(evidence: Evidence, method: str, given: dict[str, str]) -> list[_Found]:
    """The most specific routes, more than one where services share them."""
    for services in dict.fromkeys((evidence.preferred, evidence.candidates)):
        for paths, lenient in _attempts(evidence):
            found: list[_Found] = []
            for service in services:
                for path in paths(service):
                    found.extend(_routes(evidence, service, path, method, given, lenient=lenient))
            if found:
                top = max(item.rank for item in found)
                return [item for item in found if item.rank == top]
    return []


def _attempts(evidence: Evidence) -> Iterator[tuple[Callable[[Service], list[str]], bool]]:
    """Ways to read the path, the exact one first."""
    path = evidence.request.path
    yield partial(_paths, evidence), False
    if _ARN.search(path):
        # Some clients leave the slashes of an ARN as they are.
        yield partial(_paths, evidence), True
    yield (lambda service: list(old_clients.redated(path, service.dates))[:1]), False


def _paths(evidence: Evidence, service: Service) -> list[str]:
    path = evidence.request.path
    address = evidence.address
    if service.name == "apigatewaymanagementapi":
        connection = customer_host.connection(evidence.request)
        return [] if connection is None else [connection]
    if service.name != "s3" or address is None or address.bucket is None:
        return [path]
    bucket = "/" + address.bucket.replace("/", "%2F")
    # `{RequestRoute}.localhost` is no bucket, but looks like one.
    return [bucket + path, path] if evidence.name.partition is None else [bucket + path]


def _match(evidence: Evidence, found: _Found, fields: Fields) -> Match:
    service, route = found.service, found.route
    labels = dict(zip(_LABEL.findall(route.template), found.values, strict=True))
    literals = {key for key, _ in route.literals} | {"x-id"}
    return Match(
        service=service,
        operation=route.operation,
        protocol="rest-json" if "rest-json" in service.protocols else "rest-xml",
        labels=labels,
        fields=[(key, value) for key, value in fields if key not in literals],
        host_labels=_host_labels(evidence, route),
    )


def _host_labels(evidence: Evidence, route: Route) -> dict[str, str]:
    if not route.host_prefix or "{" not in route.host_prefix:
        return {}
    found = _prefix_pattern(route.host_prefix).match(host.bare(evidence.request.host))
    return found.groupdict() if found else {}


@lru_cache(maxsize=1024)
def _prefix_pattern(prefix: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", prefix)
    return re.compile(
        "".join(
            f"(?P<{part}>[^.]+?)" if position % 2 else re.escape(part)
            for position, part in enumerate(parts)
        )
    )


def _routes(
    evidence: Evidence,
    service: Service,
    path: str,
    method: str,
    given: dict[str, str],
    *,
    lenient: bool,
) -> Iterator[_Found]:
    segments = path[1:].split("/", _MOST_SEGMENTS)
    rewritten = path is not evidence.request.path
    for route, values, literal in _walk(service.routes, segments, 0, (), 0, lenient=lenient):
        if route.method != method or not _has_literals(route, given):
            continue
        if service.name == "s3" and not rewritten and not _is_bare(evidence, route):
            continue
        if service.name == "s3" and evidence.vague and not _says_s3(evidence, route, given, values):
            continue
        rank = _rank(evidence, route, given, literal)
        yield _Found(rank, service, route, values)


def _says_s3(
    evidence: Evidence, route: Route, given: dict[str, str], values: tuple[str, ...]
) -> bool:
    """Does an unsigned request to an unknown name look like this operation of S3's?"""
    if not all(name in given for name in route.query):
        return False
    if any(evidence.request.header(name) is None for name in route.headers):
        return False
    labels = dict(zip(_LABEL.findall(route.template), values, strict=True))
    return _BUCKET.fullmatch(labels.get("Bucket", "")) is not None


def _is_bare(evidence: Evidence, route: Route) -> bool:
    """May the route's path be taken as it is, although the host names a bucket?"""
    bucket = evidence.address.bucket if evidence.address else None
    return bucket is None or "{Bucket}" not in route.template


def _has_literals(route: Route, given: dict[str, str]) -> bool:
    return all(
        key in given and value in (None, given[key])
        for key, value in route.literals
        if key != "x-id"
    )


def _rank(
    evidence: Evidence, route: Route, given: dict[str, str], literal: int
) -> tuple[Value, ...]:
    """More specific is greater; what callers may forget weighs less than what they cannot."""
    headers = [evidence.request.header(name) is not None for name in route.headers]
    required = [name in given for name in route.query] + headers
    return (
        len(route.literals),
        literal,
        "+}" not in route.template,
        given.get("x-id") == route.operation,
        -required.count(False),
        required.count(True),
        evidence.request.path.endswith("/") == route.template.endswith("/"),
        _has_prefix(evidence, route),
        route.express == evidence.express,
    )


def _has_prefix(evidence: Evidence, route: Route) -> bool:
    if not route.host_prefix:
        return False
    literal = re.sub(r"\{\w+\}", "", route.host_prefix)
    return literal.strip(".") in evidence.name.name


def _walk(
    node: Node,
    segments: list[str],
    position: int,
    values: tuple[str, ...],
    literal: int,
    *,
    lenient: bool,
) -> Iterator[tuple[Route, tuple[str, ...], int]]:
    rest = segments[position:]
    if not rest or rest == [""]:
        for route in node.routes:
            yield route, values, literal
        return
    child = node.children.get(rest[0])
    if child is not None:
        yield from _walk(child, segments, position + 1, values, literal + 1, lenient=lenient)
    child = node.children.get(None)
    if child is not None and rest[0]:
        step = (*values, rest[0])
        yield from _walk(child, segments, position + 1, step, literal, lenient=lenient)
        if lenient and len(rest) > 1 and _ARN.match("/" + rest[0]):
            yield from _greedy(child, segments, position, values, literal, lenient=lenient)
    child = node.children.get("+")
    if child is not None:
        yield from _greedy(child, segments, position, values, literal, lenient=lenient)


def _greedy(
    node: Node,
    segments: list[str],
    position: int,
    values: tuple[str, ...],
    literal: int,
    *,
    lenient: bool,
) -> Iterator[tuple[Route, tuple[str, ...], int]]:
    for route in node.routes:
        yield route, (*values, "/".join(segments[position:])), literal
    if node.children:
        for end in range(position + 1, len(segments)):
            step = (*values, "/".join(segments[position:end]))
            yield from _walk(node, segments, end, step, literal, lenient=lenient)
