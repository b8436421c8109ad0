"""Recomputes a request's SigV4 signature from a secret and says whether it is the one sent.

It does not know where secrets come from, what time it is, or whether the key may do what it asks.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import quote, unquote_to_bytes

from apitrail.aws.read import multipart
from apitrail.aws.sign import auth, signedchunks
from apitrail.aws.sign.credential import Credential, Scheme
from apitrail.exchange import Request

type Outcome = Literal["valid", "invalid", "unverifiable"]

# Services that take the path as it was sent; all others normalize it and encode it once more.
# "Create a signed AWS API request", step 1.
PATH_AS_SENT = frozenset({"s3", "s3express", "s3-outposts", "s3-object-lambda"})

_UNSIGNED = "UNSIGNED-PAYLOAD"
_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_SIGNED_CHUNKS_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"

_IN_HEADER: frozenset[Scheme] = frozenset({"sigv4", "express"})
_NOT_RECOMPUTED: dict[Scheme, str] = {
    "sigv4a": "SigV4A needs the public key that AWS derives",
    "sigv4a-query": "SigV4A needs the public key that AWS derives",
    "sigv2": "SigV2 is not recomputed",
    "sigv2-query": "SigV2 is not recomputed",
    "x509": "signed with a certificate",
    "bearer": "a bearer token signs nothing",
    "none": "nothing is signed",
}

_SPACES = re.compile(r"[ \t\r\n]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TIMESTAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`valid`, `invalid` or `unverifiable`, and why; a valid one's reason says what it left out."""

    outcome: Outcome
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """What is to be recomputed: the signature sent, its time, its key, its payload hash."""

    signature: str
    timestamp: str
    scope: str
    key: bytes
    signed_headers: tuple[str, ...]
    payload: str
    presigned: bool


def verify(
    request: Request, credential: Credential, secret: str, *, session_token: str | None = None
) -> Verdict:
    """Say whether `secret` made the signature of `request`, which `auth.read` read as `credential`.

    With `session_token`, the token in the request must be that one. Expiry is not looked at.
    """
    if credential.scheme in _NOT_RECOMPUTED:
        return _unverifiable(_NOT_RECOMPUTED[credential.scheme])
    if not (credential.date and credential.region and credential.service):
        return _unverifiable("malformed credential scope")
    if session_token is not None and session_token not in _tokens(request):
        return _invalid("another session token")
    if credential.scheme == "post-policy":
        return _verify_policy(request, credential, secret)
    claim = _claim(request, credential, secret)
    if isinstance(claim, Verdict):
        return claim
    if not any(
        _same(_signature(claim, _string_to_sign(claim, canonical)), claim.signature)
        for canonical in _canonical_requests(request, claim, credential.service)
    ):
        return _invalid("the signature is another one")
    return _verify_body(request, claim)


def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The 32-byte key that SigV4 derives for a day, a region and a service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = _hmac(key, part.encode("utf-8", "surrogateescape"))
    return key


# --- claim


def _claim(request: Request, credential: Credential, secret: str) -> _Claim | Verdict:
    query = dict(_query(request.query))
    header = request.header("authorization")
    presigned = not (credential.scheme in _IN_HEADER and header is not None)
    if presigned:
        signature = query.get(b"X-Amz-Signature", b"").decode("latin-1")
    else:
        signature = auth.parameters((header or "").partition(" ")[2]).get("Signature", "")
    timestamp = _timestamp(request, query.get(b"X-Amz-Date", b"") if presigned else b"")
    if not signature:
        return _unverifiable("signature missing")
    if timestamp is None:
        return _unverifiable("no date that could have been signed")
    date, region, service = credential.date or "", credential.region or "", credential.service or ""
    if timestamp[:8] != date:
        return _invalid("the date is not the scope's")
    return _Claim(
        signature=signature,
        timestamp=timestamp,
        scope=f"{date}/{region}/{service}/aws4_request",
        key=signing_key(secret, date, region, service),
        signed_headers=credential.signed_headers,
        payload=_payload(request, query, service, presigned=presigned),
        presigned=presigned,
    )


def _timestamp(request: Request, in_query: bytes) -> str | None:
    text = in_query.decode("latin-1") or request.header("x-amz-date") or ""
    if _TIMESTAMP.fullmatch(text):
        return text
    if text or (date := request.header("date")) is None:
        return None
    if _TIMESTAMP.fullmatch(date):
        return date
    try:
        return parsedate_to_datetime(date).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, OverflowError):
        return None


def _payload(request: Request, query: dict[bytes, bytes], service: str, *, presigned: bool) -> str:
    declared = request.header("x-amz-content-sha256")
    if declared is None and presigned:
        declared = query.get(b"X-Amz-Content-Sha256", b"").decode("latin-1") or None
        if declared is None and service in PATH_AS_SENT:
            return _UNSIGNED
    return request.body.sha256.hex() if declared is None else declared


def _tokens(request: Request) -> tuple[str | None, ...]:
    query = dict(_query(request.query))
    fields = _form(request) if request.method == "POST" else {}
    in_query = (query.get(name) for name in (b"X-Amz-Security-Token", b"X-Amz-S3session-Token"))
    return (
        request.header("x-amz-security-token"),
        request.header("x-amz-s3session-token"),
        fields.get("x-amz-security-token"),
        *(None if token is None else token.decode("latin-1") for token in in_query),
    )


# --- canonical request


def _canonical_requests(request: Request, claim: _Claim, service: str) -> Iterator[bytes]:
    """The canonical request, and other forms of it where signers differ."""
    method = request.method.encode("latin-1", "replace")
    query = _canonical_query(request.query, presigned=claim.presigned)
    names = ";".join(claim.signed_headers).encode("latin-1", "replace")
    payload = claim.payload.encode("latin-1", "replace")
    for host in dict.fromkeys((request.host, _folded(request))):
        headers = [_canonical_header(request, name, host) for name in claim.signed_headers]
        for path in dict.fromkeys(_canonical_paths(request.whole_path, service)):
            yield b"\n".join((method, path, query, *headers, b"", names, payload))


def _folded(request: Request) -> str:
    """The host as SDKs sign it: in lower case, without the scheme's own port."""
    port = {"https": ":443", "http": ":80"}.get(request.scheme, "")
    return request.host.lower().removesuffix(port)


def _canonical_paths(path: str, service: str) -> Iterator[bytes]:
    sent = _bytes(path) or b"/"
    once = _quoted(unquote_to_bytes(sent))
    if service in PATH_AS_SENT:
        yield sent
        yield once
    else:
        yield _quoted(_normalized(sent))
        # What was sent unencoded is signed encoded once.
        yield _normalized(once)


def _normalized(path: bytes) -> bytes:
    """Without empty and dot segments (RFC 3986, 5.2.4, and duplicate slashes)."""
    kept: list[bytes] = []
    segments = path.split(b"/")
    for segment in segments:
        if segment == b"..":
            del kept[-1:]
        elif segment not in (b"", b"."):
            kept.append(segment)
    slash = b"/" if kept and segments[-1] in (b"", b".", b"..") else b""
    return b"/" + b"/".join(kept) + slash


def _canonical_query(query: str, *, presigned: bool) -> bytes:
    pairs = (
        (_quoted(name, safe=""), _quoted(value, safe=""))
        for name, value in _query(query)
        if not (presigned and name == b"X-Amz-Signature")
    )
    return b"&".join(name + b"=" + value for name, value in sorted(pairs))


def _query(query: str) -> Iterator[tuple[bytes, bytes]]:
    # A plus sign is a plus sign here.
    for part in _bytes(query).split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            yield unquote_to_bytes(name), unquote_to_bytes(value)


def _canonical_header(request: Request, name: str, host: str) -> bytes:
    # HTTP/2 says :authority where HTTP/1.1 says Host; `Request.host` is either.
    values = [host] if name == "host" else list(request.header_values(name))
    joined = ",".join(_SPACES.sub(" ", value.strip(" \t\r\n")) for value in values)
    return f"{name}:{joined}".encode("latin-1", "replace")


def _quoted(data: bytes, *, safe: str = "/") -> bytes:
    return quote(data, safe=safe).encode("ascii")


def _bytes(text: str) -> bytes:
    """Targets are bytes read as latin-1; other characters can only have been typed in."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


# --- signature


def _string_to_sign(claim: _Claim, canonical: bytes) -> bytes:
    digest = hashlib.sha256(canonical).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{claim.timestamp}\n{claim.scope}\n{digest}"
    return text.encode("utf-8", "surrogateescape")


def _signature(claim: _Claim, string_to_sign: bytes) -> str:
    return _hmac(claim.key, string_to_sign).hex()


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode("utf-8", "replace"))


# --- body


def _verify_body(request: Request, claim: _Claim) -> Verdict:
    payload = claim.payload
    if payload in (_UNSIGNED, _UNSIGNED_TRAILER):
        return Verdict(outcome="valid", reason="the payload is not signed")
    if payload in (_SIGNED_CHUNKS, _SIGNED_CHUNKS_TRAILER):
        return _verify_chunks(request, claim)
    if not _SHA256.fullmatch(payload):
        return _unverifiable(f"payload signed in a way not checked here: {payload[:60]!r}")
    if payload != request.body.sha256.hex():
        return _invalid("the payload is another one")
    return Verdict(outcome="valid")


def _verify_chunks(request: Request, claim: _Claim) -> Verdict:
    if not request.body.whole:
        return _unverifiable("chunk signatures need the whole body, which was not kept")
    seed = signedchunks.Seed(
        key=claim.key, timestamp=claim.timestamp, scope=claim.scope, signature=claim.signature
    )
    trailer = claim.payload == _SIGNED_CHUNKS_TRAILER
    problem = signedchunks.problem(request.body.data, seed, trailer=trailer)
    return Verdict(outcome="valid") if problem is None else _invalid(problem)


def _verify_policy(request: Request, credential: Credential, secret: str) -> Verdict:
    """S3's POST policy: the signature is over the policy document, and over nothing else."""
    fields = _form(request)
    if "policy" not in fields or "x-amz-signature" not in fields:
        return _unverifiable("policy or signature missing")
    key = signing_key(
        secret, credential.date or "", credential.region or "", credential.service or ""
    )
    expected = _hmac(key, fields["policy"].encode("utf-8", "replace")).hex()
    if not _same(expected, fields["x-amz-signature"]):
        return _invalid("the signature is another one")
    return Verdict(outcome="valid", reason="only the policy is signed")


def _form(request: Request) -> dict[str, str]:
    return multipart.fields(request.header("content-type") or "", request.body.data)


def _invalid(reason: str) -> Verdict:
    return Verdict(outcome="invalid", reason=reason)


def _unverifiable(reason: str) -> Verdict:
    return Verdict(outcome="unverifiable", reason=reason)
