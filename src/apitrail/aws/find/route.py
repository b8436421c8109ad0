"""The route of a request: the service and operation it calls, by the evidence it carries."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote

from apitrail.aws.find import customer_host, extra_operations, path, shared_endpoint, stand_in
from apitrail.aws.find.candidates import Evidence, Fields, Match, form, is_form
from apitrail.aws.find.index import Index, Service
from apitrail.aws.find.unmodelled import Unmodelled
from apitrail.aws.read import post_object
from apitrail.aws.read.scalars import Doubts
from apitrail.aws.sign import auth
from apitrail.aws.sign.credential import Credential
from apitrail.exchange import Request
from apitrail.valueclass import valueclass

_CBOR_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)/?$")


@valueclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a request goes, found once: `place` is None where no operation fits.

    `doubts` are what could not be told on the way, in the order in which it came up; `ambiguous`
    are those of them that let two readers see two calls.
    """

    place: Match | Unmodelled | None
    doubts: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()

    @property
    def match(self) -> Match | None:
        """The modelled operation, where it is one."""
        return self.place if isinstance(self.place, Match) else None

    @property
    def places(self) -> tuple[Match, ...]:
        """Every modelled operation that the request may call."""
        return (self.match, *self.match.others) if self.match else ()


# Headers that say who calls what, or how the body is to be read; AWS takes one value of each.
_DECIDING = (
    "authorization", "content-type", "smithy-protocol", "x-amz-content-sha256", "x-amz-date",
    "x-amz-region-set", "x-amz-s3session-token", "x-amz-security-token", "x-amz-target",
)  # fmt: skip


def find(
    request: Request, credential: Credential, index: Index, doubts: Doubts
) -> Match | Unmodelled | None:
    """What a request calls; None where nothing fits."""
    special = (
        customer_host.find(request)
        or stand_in.find(request, credential)
        or extra_operations.find(request, credential)
    )
    if special is not None:
        return special
    _check_deciding(request, credential, doubts)
    evidence = Evidence.of(request, credential, index, doubts)
    found = (
        _by_name(evidence, index, doubts)
        or _post_object(evidence)
        or path.find(evidence, request.method, evidence.fields, doubts)
        or _by_path_of_form(evidence, doubts)
        or customer_host.by_scope(request, credential)
    )
    if isinstance(found, Match) and _names_another(found, evidence):
        doubts.unclear(_TWO_WAYS)
    return found


_TWO_WAYS = "the operation is named in two ways"


def _names_another(found: Match, evidence: Evidence) -> bool:
    """Does the query name another operation of the service, which takes no such name?

    Stand-ins of any service go by it (moto, before X-Amz-Target and path); nobody sends both.
    """
    if found.protocol in ("query", "ec2"):
        return False  # asked by `_by_action`
    named = {value.lower() for key, value in evidence.fields if key == "Action"}
    return bool((named & found.service.operations.keys()) - {found.operation.lower()})


def _check_deciding(request: Request, credential: Credential, doubts: Doubts) -> None:
    if request.repeats:
        names = [name.lower() for name, _ in request.headers]
        for name in _DECIDING:
            if names.count(name) > 1:
                doubts.twice(name)
    if auth.TWO_CREDENTIALS in credential.problems:
        doubts.unclear(auth.TWO_CREDENTIALS)


def _by_name(evidence: Evidence, index: Index, doubts: Doubts) -> Match | None:
    """The operation that path, header or form call by its name."""
    named = [_by_cbor(evidence, index), _by_target(evidence, index, doubts)]
    if not any(named) or evidence.fields or is_form(evidence.request):
        named.append(_by_action(evidence, index, doubts))
    matches = [match for match in named if match is not None]
    if len({match.operation for match in matches}) > 1:
        doubts.unclear(_TWO_WAYS)
    return matches[-1 if doubts.turned else 0] if matches else None


def _match_named(
    services: list[Service],
    operation: str,
    evidence: Evidence,
    *,
    protocol: str | None = None,
    version: str | None = None,
    fields: Fields | None = None,
) -> Match | None:
    """The one of `services`, or of the candidates, that has an operation of that name."""
    wanted = operation.lower()
    having = [service for service in services if wanted in service.operations]
    if evidence.strict and evidence.candidates:
        # An operation that signature and host rule out did not happen, whatever a header says.
        having = [service for service in having if service in evidence.candidates]
    having = having or [
        s for s in evidence.candidates if wanted in s.operations and _speaks(s, protocol)
    ]
    if len(having) > 1:
        having = _narrowed(having, evidence, version)
    matches = [
        Match(
            service=service,
            operation=service.operations[wanted],
            protocol=protocol or ("ec2" if "ec2" in service.protocols else "query"),
            fields=fields or [],
        )
        for service in having
    ]
    if len(matches) < 2:
        return matches[0] if matches else None
    return replace(matches[0], others=tuple(matches[1:]))


def _speaks(service: Service, protocol: str | None) -> bool:
    """Does the service take operations that are named in this protocol's way?"""
    if protocol is None:
        return service.is_query
    return service.target_prefix is not None and protocol in (*service.protocols, "json")


def _narrowed(services: list[Service], evidence: Evidence, version: str | None) -> list[Service]:
    """Those that the host, the signature and the version point to, the likeliest first."""

    def rank(service: Service) -> tuple[bool, bool, bool]:
        return (
            service in evidence.preferred,
            version in (service.api_version, service.version),
            service.current,
        )

    top = max(map(rank, services))
    best = [service for service in services if rank(service) == top]
    claimed = shared_endpoint.prefer(best, evidence.request) if len(best) > 1 else None
    best.sort(key=lambda service: len(service.operations), reverse=True)
    return [claimed] if claimed else best


def _by_cbor(evidence: Evidence, index: Index) -> Match | None:
    if not (evidence.request.header("smithy-protocol") or "").lower().startswith("rpc-v2"):
        return None
    found = _CBOR_PATH.search(evidence.request.path)
    if found is None:
        return None
    services = index.targets.get(unquote(found[1]).lower(), [])
    return _match_named(services, unquote(found[2]), evidence, protocol="smithy-rpc-v2-cbor")


def _by_target(evidence: Evidence, index: Index, doubts: Doubts) -> Match | None:
    targets = list(evidence.request.header_values("x-amz-target"))
    if not any(targets):
        return None
    target = doubts.one("x-amz-target", targets)
    prefix, _, operation = target.strip().rpartition(".")
    services = index.targets.get(prefix.lower(), [])
    return _match_named(services, operation, evidence, protocol="json")


# What Signature Version 2 adds to a form.
_SIGV2_FORM = frozenset(
    {
        "AWSAccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SecurityToken",
        "Timestamp", "Expires",
    }
)  # fmt: skip


def _by_action(evidence: Evidence, index: Index, doubts: Doubts) -> Match | None:
    request = evidence.request
    # A form uploaded to S3 is data, whatever it says.
    if evidence.signed and not any(service.is_query for service in evidence.candidates):
        return None
    fields = evidence.fields
    if is_form(request) or request.body.data[:7] == b"Action=":
        fields = fields + form(request, doubts)
    values = dict(fields if doubts.turned else reversed(fields))
    action = values.get("Action")
    if action is None:
        return None
    for name in ("Action", "Version"):
        if sum(key == name for key, _ in fields) > 1:
            doubts.twice(name)
    not_ours = {"Action", "Version"} | (_SIGV2_FORM if "SignatureVersion" in values else set())
    rest = [(key, value) for key, value in fields if key not in not_ours]
    services = index.actions.get(action.lower(), [])
    return _match_named(services, action, evidence, version=values.get("Version"), fields=rest)


def _post_object(evidence: Evidence) -> Match | None:
    """A browser's upload to a bucket: no model has it, CloudTrail calls it PostObject."""
    request = evidence.request
    kind = (request.header("content-type") or "").lower()
    if request.method != "POST" or not kind.startswith("multipart/form-data"):
        return None
    service = next((s for s in evidence.candidates if s.name == "s3" and s.current), None)
    if service is None:
        return None
    bucket = evidence.address.bucket if evidence.address else None
    labels = {"Bucket": bucket or unquote(request.path.strip("/").partition("/")[0])}
    return Match(
        service=service, operation=post_object.OPERATION, protocol="rest-xml", labels=labels
    )


def _by_path_of_form(evidence: Evidence, doubts: Doubts) -> Match | None:
    """Clients turn long GETs into POSTs of a form (cloudsearchdomain Search)."""
    request = evidence.request
    if request.method != "POST" or not is_form(request):
        return None
    return path.find(evidence, "GET", evidence.fields + form(request, doubts), doubts)
