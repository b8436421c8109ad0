"""What a request says about where it goes: the services it may mean, in order of belief.

The signature outranks the host, because AWS holds the caller to its credential scope. The host only
chooses among the services with that scope.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import field

from apitrail.aws.find import handed_out, host, s3_host
from apitrail.aws.find.index import Index, Service
from apitrail.aws.read import form_body
from apitrail.aws.read.scalars import Doubts
from apitrail.aws.sign.credential import Credential
from apitrail.exchange import Request
from apitrail.remembered import remembered
from apitrail.valueclass import valueclass

type Fields = list[tuple[str, str]]

_LARGEST_FORM = 32 * 1024 * 1024


@valueclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Where a request goes: `labels` are raw, `fields` are the query's or the form's, decoded.

    `others` are places that it may go as well, if its body turns out not to fit this one.
    """

    service: Service
    operation: str
    protocol: str
    labels: dict[str, str] = field(default_factory=dict)
    fields: Fields = field(default_factory=list)
    host_labels: dict[str, str] = field(default_factory=dict)
    others: tuple[Match, ...] = ()


@valueclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a request says about where it goes, gathered once.

    `candidates` are all the services it may mean; `preferred` are those of them that the host
    names as well. `strict` says that nothing else can be meant. `vague` says that neither a
    signature nor a name tells anything.
    """

    request: Request
    name: host.Host
    address: s3_host.Address | None
    candidates: tuple[Service, ...]
    preferred: tuple[Service, ...]
    strict: bool
    vague: bool
    fields: Fields
    express: bool
    signed: bool

    @classmethod
    def of(cls, request: Request, credential: Credential, index: Index, doubts: Doubts) -> Evidence:
        name = host.parse(request.host)
        signed = index.signing.get(credential.service or "", [])
        candidates, preferred = _candidates(
            request.host, credential.service, credential.scheme, index
        )
        return cls(
            request=request,
            name=name,
            address=s3_host.address(request.host),
            candidates=candidates,
            preferred=preferred,
            strict=bool(signed) or name.partition is not None,
            vague=credential.scheme == "none" and name.partition is None and not name.local,
            fields=_query_fields(request, doubts),
            express=credential.service == "s3express" or "s3express-control" in name.labels,
            signed=credential.service is not None,
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
    fields = form_body.pairs(request.query, doubts)
    names = Counter(key for key, _ in fields)
    for key, count in names.items():
        if count > 1 and key.lower() in _SIGNING_FIELDS:
            doubts.twice(key)
    dropped = _SIGV2_FIELDS if names.keys() >= {"AWSAccessKeyId", "Signature"} else frozenset[str]()
    return [
        (key, value)
        for key, value in fields
        if key not in dropped and key.lower() not in _SIGNING_FIELDS
    ]


_ACCOUNT = re.compile(r"[0-9]{12}\.")


@remembered(4096)
def _candidates(
    header: str, scope: str | None, scheme: str, index: Index
) -> tuple[tuple[Service, ...], tuple[Service, ...]]:
    """All that may be meant, and those of them that the host prefers."""
    found, preferred = _told(host.parse(header), scope, scheme, index)
    return tuple(found), tuple(preferred)


def _told(
    name: host.Host, scope: str | None, scheme: str, index: Index
) -> tuple[list[Service], list[Service]]:
    signed = index.signing.get(scope or "", [])
    named = _by_host(name, index) if name.partition or name.local else []
    if not signed:
        found = named or _of_scheme(name, scope, scheme, index)
        return found, found
    both = [service for service in signed if service in named]
    # S3 Control has the account in front: what is new there is no object of S3's.
    own = _ACCOUNT.sub("", ".".join(name.labels))
    if both and name.partition and own in index.hosts:
        return both, both  # a name of AWS's own serves these and no others
    return signed, both or signed


def _of_scheme(name: host.Host, scope: str | None, scheme: str, index: Index) -> list[Service]:
    """Where neither a known scope nor a host names a service."""
    if scope is not None or name.partition is not None:
        return []
    if scheme == "bearer":
        return index.bearer
    # Without any name, only what may go unsigned: sign-in services and S3.
    return [*index.unsigned, *index.signing.get("s3", ())]


def _by_host(name: host.Host, index: Index) -> list[Service]:
    """The services of a name that a describe call hands out, or of the longest tail of labels."""
    service = handed_out.service(name)
    if service is not None:
        return index.versions.get(service, [])
    for start in range(min(len(name.labels), 16)):
        found = index.hosts.get(".".join(name.labels[start:]))
        if found:
            return found
    return []


def is_form(request: Request) -> bool:
    """Does the client say that the body is a form?"""
    return "x-www-form-urlencoded" in (request.header("content-type") or "").lower()


def form(request: Request, doubts: Doubts) -> Fields:
    """The fields of a form in the body, decoded."""
    data = request.body.data[:_LARGEST_FORM]
    if not request.body.whole:
        doubts.add("body was not kept whole")
        # The last field may be cut off.
        data = data.rpartition(b"&")[0]
    return form_body.pairs(data.decode("utf-8", "replace"), doubts)
