"""The S3 that stock tools need to read a tree: where a bucket is, what is in it, one object.

Amazon S3 API Reference: GetBucketLocation, HeadBucket, ListObjects, ListObjectsV2, GetObject,
HeadObject.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import quote
from xml.sax.saxutils import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from apitrail import when
from apitrail.delivery.logfiles.tree import Tree

XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"
# S3 lists at most this many keys at once.
MAX_KEYS = 1000

# Code → status and message, as S3 answers.
_ERRORS: Mapping[str, tuple[int, str]] = {
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "InvalidArgument": (400, "Argument maxKeys must be an integer between 0 and 2147483647"),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "NotImplemented": (501, "A header or query you provided implies functionality that is not implemented"),
}  # fmt: skip

# Sub-resources that are not served. They are refused: the plain object would be taken for an
# answer.
_SUBRESOURCES = frozenset(
    (
        "accelerate", "acl", "analytics", "attributes", "cors", "encryption", "inventory",
        "legal-hold", "lifecycle", "logging", "metrics", "notification", "object-lock",
        "ownershipControls", "policy", "policyStatus", "publicAccessBlock", "replication",
        "requestPayment", "retention", "tagging", "torrent", "uploads", "versionId", "versioning",
        "versions", "website",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bucket:
    """A tree under the name that its digests give their bucket."""

    name: str
    tree: Tree


def routes(bucket: Callable[[], Bucket]) -> list[Route]:
    """Routes for path-style requests, to be mounted after all others; `bucket` is asked each time."""

    async def answer(request: Request) -> Response:
        return await run_in_threadpool(respond, bucket(), request)

    methods = ["GET", "HEAD", "PUT", "POST", "DELETE"]
    return [
        Route("/{bucket}", answer, methods=methods),
        Route("/{bucket}/{key:path}", answer, methods=methods),
    ]


def respond(bucket: Bucket, request: Request) -> Response:
    """The answer to one request, whose path parameters are `bucket` and `key`."""
    key = str(request.path_params.get("key", ""))
    if request.method not in ("GET", "HEAD"):
        return _error("MethodNotAllowed", request)
    if request.path_params["bucket"] != bucket.name:
        return _error("NoSuchBucket", request)
    if not _SUBRESOURCES.isdisjoint(request.query_params):
        return _error("NotImplemented", request)
    if key:
        return _object(bucket.tree, key, request)
    if "location" in request.query_params:
        # An empty location means us-east-1, where the digests say that they are.
        return _xml(f'<LocationConstraint xmlns="{XMLNS}"/>')
    return _listing(bucket, request)


def _object(tree: Tree, key: str, request: Request) -> Response:
    data = None if key.endswith("/") else tree.read(key)
    if data is None:
        return _error("NoSuchKey", request)
    headers = {
        "ETag": _etag(data),
        "Last-Modified": formatdate(tree.modified(key), usegmt=True),
        "Content-Type": "application/json" if key.endswith(".json.gz") else "text/plain",
    } | {f"x-amz-meta-{name}": value for name, value in tree.metadata(key).items()}
    if key.endswith(".json.gz"):
        headers["Content-Encoding"] = "gzip"
    if request.method == "HEAD":
        return Response(headers=headers | {"Content-Length": str(len(data))})
    return Response(data, headers=headers)


@dataclass(frozen=True, slots=True)
class _Page:
    """One page of a listing: keys and common prefixes, and the name it goes on after."""

    keys: tuple[str, ...]
    prefixes: tuple[str, ...]
    after: str | None


def _listing(bucket: Bucket, request: Request) -> Response:
    asked = request.query_params
    second = asked.get("list-type") == "2"
    limit = asked.get("max-keys", str(MAX_KEYS))
    if not limit.isdecimal() or len(limit) > 10:
        return _error("InvalidArgument", request)
    after = asked.get("marker", "")
    if second:
        token = asked.get("continuation-token")
        after = asked.get("start-after", "") if token is None else _untoken(token)
    prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "")
    page = _page(bucket.tree.objects(), prefix, delimiter, after, min(int(limit), MAX_KEYS))

    def spell(text: str) -> str:
        return quote(text, safe="/") if asked.get("encoding-type") == "url" else escape(text)

    more = page.after is not None
    fields = {
        "Name": escape(bucket.name),
        "Prefix": spell(prefix),
        "MaxKeys": limit,
        "IsTruncated": str(more).lower(),
        "Delimiter": spell(delimiter) or None,
        "EncodingType": escape(asked.get("encoding-type", "")) or None,
        "KeyCount": str(len(page.keys) + len(page.prefixes)) if second else None,
        "NextContinuationToken": _token(page.after or "") if second and more else None,
        "Marker": None if second else spell(after),
        "NextMarker": spell(page.after or "") if more and not second else None,
    }
    parts = [f"<{name}>{text}</{name}>" for name, text in fields.items() if text is not None]
    parts += _contents(bucket.tree, page.keys, spell)
    parts += [
        f"<CommonPrefixes><Prefix>{spell(each)}</Prefix></CommonPrefixes>" for each in page.prefixes
    ]
    return _xml(f'<ListBucketResult xmlns="{XMLNS}">{"".join(parts)}</ListBucketResult>')


def _page(keys: Iterator[str], prefix: str, delimiter: str, after: str, limit: int) -> _Page:
    found: list[str] = []
    groups: list[str] = []
    last: str | None = None
    for key in keys:
        if not key.startswith(prefix):
            continue
        head, split, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
        name = f"{prefix}{head}{delimiter}" if split else key
        if name.encode() <= after.encode() or (groups and groups[-1] == name):
            continue
        if len(found) + len(groups) >= limit:
            return _Page(tuple(found), tuple(groups), last)
        (groups if split else found).append(name)
        last = name
    return _Page(tuple(found), tuple(groups), None)


def _contents(tree: Tree, keys: tuple[str, ...], spell: Callable[[str], str]) -> Iterator[str]:
    for key in keys:
        if (data := tree.read(key)) is not None:
            modified = when.iso(int(tree.modified(key)) * 1000)
            yield (
                f"<Contents><Key>{spell(key)}</Key>"
                f"<LastModified>{modified}</LastModified>"
                f"<ETag>{escape(_etag(data))}</ETag><Size>{len(data)}</Size>"
                "<StorageClass>STANDARD</StorageClass></Contents>"
            )


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode("ascii")


def _untoken(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except ValueError:
        return token


def _etag(data: bytes) -> str:
    """What S3 gives an object that came in one piece; nothing rests on this hash."""
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def _xml(content: str, status: int = 200) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{content}'
    return Response(text, status, media_type="application/xml")


def _error(code: str, request: Request) -> Response:
    status, message = _ERRORS[code]
    if request.method == "HEAD":
        return Response(status_code=status)
    resource = escape(request.url.path)
    return _xml(
        f"<Error><Code>{code}</Code><Message>{message}</Message>"
        f"<Resource>{resource}</Resource></Error>",
        status,
    )
