"""From a request to the service and operation it calls, by the evidence it carries.

It does not know shapes; what it leaves to be read is in the Match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from apitrail.aws import host, query, s3
from apitrail.aws.credential import Credential
from apitrail.aws.index import Index, Node, Route, Service
from apitrail.aws.scalars import Doubts
from apitrail.exchange import Request

type Fields = list[tuple[str, str]]

_CBOR_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)/?$")
_LABEL = re.compile(r"\{([^}]+?)\+?\}")
_MOST_SEGMENTS = 256
_LARGEST_FORM = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Where a request goes: `labels` are raw, `fields` are the query's or the form's, decoded."""

    service: Service
    operation: str
    protocol: str
    labels: dict[str, str] = field(default_factory=dict)
    fields: Fields = field(default_factory=list)
    host_labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a request says about where it goes, gathered once."""

    request: Request
    name: host.Host
    address: s3.Address | None
    candidates: tuple[Service, ...]
    fields: Fields

    @classmethod
    def of(cls, request: Request, credential: Credential, index: Index, doubts: Doubts) -> Evidence:
        name = host.parse(request.host)
        return cls(
            request=request,
            name=name,
            address=s3.address(request.host),
            candidates=tuple(_candidates(name, credential, index)),
            fields=_query_fields(request, doubts),
        )


# Names that signatures add to a query; they are not the operation's.
_SIGNING_FIELDS = frozenset(
    {
        "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signature",
        "x-amz-signedheaders", "x-amz-security-token", "x-amz-region-set", "x-amz-s3session-token",
    }
)  # fmt: skip
_SIGV2_FIELDS = frozenset({"AWSAccessKeyId", "Signature", "Expires"})


def _query_fields(request: Request, doubts: Doubts) -> Fields:
    if not request.query:
        return []
    fields = query.pairs(request.query, doubts)
    names = {key for key, _ in fields}
    dropped = _SIGV2_FIELDS if names >= {"AWSAccessKeyId", "Signature"} else frozenset[str]()
    return [
        (key, value)
        for key, value in fields
        if key not in dropped and key.lower() not in _SIGNING_FIELDS
    ]


def _candidates(name: host.Host, credential: Credential, index: Index) -> list[Service]:
    signed = index.signing.get(credential.service or "", [])
    named = _by_host(name, index) if name.partition or name.local else []
    both = [service for service in signed if service in named]
    return both or named or signed


def _by_host(name: host.Host, index: Index) -> list[Service]:
    """The services of the longest tail of labels that any has."""
    for start in range(min(len(name.labels), 16)):
        found = index.hosts.get(".".join(name.labels[start:]))
        if found:
            return found
    return []


def find(request: Request, credential: Credential, index: Index, doubts: Doubts) -> Match | None:
    """The operation a request calls; None where nothing fits."""
    evidence = Evidence.of(request, credential, index, doubts)
    return (
        _by_cbor(evidence, index)
        or _by_target(evidence, index)
        or _by_action(evidence, index, doubts)
        or _by_path(evidence, index)
        or _by_path_of_form(evidence, index, doubts)
    )


def _preferred(services: list[Service], evidence: Evidence) -> list[Service]:
    """Those among the candidates first, current versions first, larger services first."""
    return sorted(
        services,
        key=lambda s: (s in evidence.candidates, s.current, len(s.operations)),
        reverse=True,
    )


def _named(services: list[Service], operation: str) -> Iterator[tuple[Service, str]]:
    for service in services:
        name = service.operations.get(operation.lower())
        if name is not None:
            yield service, name


def _by_cbor(evidence: Evidence, index: Index) -> Match | None:
    if not (evidence.request.header("smithy-protocol") or "").lower().startswith("rpc-v2"):
        return None
    found = _CBOR_PATH.search(evidence.request.path)
    if found is None:
        return None
    services = _preferred(index.targets.get(unquote(found[1]).lower(), []), evidence)
    for service, name in _named(services or list(evidence.candidates), unquote(found[2])):
        return Match(service=service, operation=name, protocol="smithy-rpc-v2-cbor")
    return None


def _by_target(evidence: Evidence, index: Index) -> Match | None:
    target = evidence.request.header("x-amz-target")
    if not target:
        return None
    prefix, _, operation = target.strip().rpartition(".")
    services = _preferred(index.targets.get(prefix.lower(), []), evidence)
    for service, name in _named(services or list(evidence.candidates), operation):
        return Match(service=service, operation=name, protocol="json")
    return None


def _is_form(request: Request) -> bool:
    return "x-www-form-urlencoded" in (request.header("content-type") or "").lower()


def _form(request: Request, doubts: Doubts) -> Fields:
    data = request.body.data[:_LARGEST_FORM]
    if not request.body.whole:
        doubts.add("body was not kept whole")
        # The last field may be cut off.
        data = data.rpartition(b"&")[0]
    return query.pairs(data.decode("utf-8", "replace"), doubts)


def _by_action(evidence: Evidence, index: Index, doubts: Doubts) -> Match | None:
    request = evidence.request
    if evidence.candidates and not any(_takes_actions(s) for s in evidence.candidates):
        return None
    fields = evidence.fields
    if _is_form(request) or (request.method == "POST" and request.body.data[:7] == b"Action="):
        fields = fields + _form(request, doubts)
    action = next((value for key, value in fields if key == "Action"), None)
    if action is None:
        return None
    version = next((value for key, value in fields if key == "Version"), None)
    services = index.actions.get(action.lower(), [])
    among = [s for s in services if s in evidence.candidates] or services
    if not among:
        among = [s for s in evidence.candidates if _takes_actions(s)]
    ranked = sorted(
        among,
        key=lambda s: (s.api_version == version, s.current, len(s.operations)),
        reverse=True,
    )
    for service, name in _named(ranked, action):
        protocol = "ec2" if "ec2" in service.protocols else "query"
        rest = [(k, v) for k, v in fields if k not in ("Action", "Version")]
        return Match(service=service, operation=name, protocol=protocol, fields=rest)
    return None


def _takes_actions(service: Service) -> bool:
    return service.is_query or service.name == "sqs"


def _by_path_of_form(evidence: Evidence, index: Index, doubts: Doubts) -> Match | None:
    """Clients turn long GETs into POSTs of a form (cloudsearchdomain Search)."""
    request = evidence.request
    if request.method != "POST" or not _is_form(request):
        return None
    fields = evidence.fields + _form(request, doubts)
    return _by_path(evidence, index, method="GET", fields=fields)


def _by_path(
    evidence: Evidence, index: Index, *, method: str | None = None, fields: Fields | None = None
) -> Match | None:
    services = evidence.candidates or tuple(index.unsigned) + tuple(index.signing["s3"])
    method = method or evidence.request.method
    fields = evidence.fields if fields is None else fields
    for lenient in (False, True):
        found = [
            (rank, service, route, labels)
            for service in services
            for rank, route, labels in _routes(evidence, service, method, fields, lenient=lenient)
        ]
        if found:
            _, service, route, values = max(found, key=lambda item: item[0])
            return _match(evidence, service, route, values, fields)
    return None


def _match(
    evidence: Evidence, service: Service, route: Route, values: tuple[str, ...], fields: Fields
) -> Match:
    names = _LABEL.findall(route.template)
    labels = dict(zip(names, values, strict=True))
    literals = {key for key, _ in route.literals}
    return Match(
        service=service,
        operation=route.operation,
        protocol="rest-json" if "rest-json" in service.protocols else "rest-xml",
        labels=labels,
        fields=[(k, v) for k, v in fields if k not in literals],
        host_labels=_host_labels(evidence, route),
    )


def _host_labels(evidence: Evidence, route: Route) -> dict[str, str]:
    if not route.host_prefix or "{" not in route.host_prefix:
        return {}
    parts = re.split(r"\{(\w+)\}", route.host_prefix)
    pattern = "".join(
        f"(?P<{part}>[^.]+?)" if position % 2 else re.escape(part)
        for position, part in enumerate(parts)
    )
    found = re.match(pattern, host.bare(evidence.request.host))
    return found.groupdict() if found else {}


def _routes(
    evidence: Evidence, service: Service, method: str, fields: Fields, *, lenient: bool
) -> Iterator[tuple[tuple[object, ...], Route, tuple[str, ...]]]:
    path = evidence.request.path
    if service.name == "s3" and evidence.address and evidence.address.bucket:
        path = "/" + evidence.address.bucket.replace("/", "%2F") + path
    segments = path[1:].split("/", _MOST_SEGMENTS)
    given = dict(fields)
    for route, values, literal in _walk(service.routes, segments, 0, (), 0, lenient=lenient):
        if route.method == method and all(
            key in given and value in (None, given[key])
            for key, value in route.literals
            if key != "x-id"
        ):
            yield _rank(evidence, service, route, given, literal), route, values


def _rank(
    evidence: Evidence, service: Service, route: Route, given: dict[str, str], literal: int
) -> tuple[object, ...]:
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
        not route.deprecated,
        service.current,
        len(service.operations),
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
        if lenient and len(rest) > 1:
            for route in child.routes:
                yield route, (*values, "/".join(rest)), literal
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
