"""Reads the credential off a request, in every form AWS takes one.

Whether the signature is right is not asked here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote, unquote_plus

from apitrail.aws.read import multipart
from apitrail.aws.sign import accesskey
from apitrail.aws.sign.credential import Credential, Scheme
from apitrail.exchange import Request
from apitrail.remembered import remembered

# Signing algorithm → (scheme, does its scope name a region?). SigV4 and SigV4A: "Signature
# Version 4 for API requests"; the X.509 ones: "IAM Roles Anywhere, signing process".
ALGORITHMS: dict[str, tuple[Scheme, bool]] = {
    "AWS4-HMAC-SHA256": ("sigv4", True),
    "AWS4-ECDSA-P256-SHA256": ("sigv4a", False),
    "AWS4-X509-RSA-SHA256": ("x509", True),
    "AWS4-X509-ECDSA-SHA256": ("x509", True),
}
_IN_QUERY: dict[Scheme, Scheme] = {"sigv4": "sigv4-query", "sigv4a": "sigv4a-query"}

# Names are case-sensitive here, unlike header names.
_QUERY_NAMES = frozenset(
    {
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature",
        "X-Amz-Security-Token", "X-Amz-Region-Set", "X-Amz-S3session-Token",
        "AWSAccessKeyId", "Signature", "SignatureVersion", "SecurityToken",
        "x-amz-security-token",
    }
)  # fmt: skip

TWO_CREDENTIALS = "a credential in the header and another in the query"
"""A problem of a credential: either may be the one that counts."""

_SCHEME_WORD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,39})\s+\S")
_SEPARATOR = re.compile(r"[,\s]+")
_KEY_ID = re.compile(r"[\x21-\x7e]{1,128}")
_DATE = re.compile(r"[0-9]{8}")
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


def read(request: Request) -> Credential:
    """Tell who claims to have signed `request`; never raises.

    Looked for in this order: Authorization header, query string, form fields. What is
    malformed comes back as far as it could be read, with a problem.
    """
    query = _query_fields(request.query)
    if (authorization := request.header("authorization")) is not None:
        found = _from_header(request, authorization)
        if len(list(request.header_values("authorization"))) > 1:
            found = _doubt(found, "more than one authorization header")
        if "X-Amz-Credential" in query or "AWSAccessKeyId" in query:
            found = _doubt(found, TWO_CREDENTIALS)
    else:
        found = _from_query(request, query) or _from_form(request) or Credential(scheme="none")
    return found


def parameters(text: str) -> dict[str, str]:
    """`Name=value` pairs of an Authorization header, commas and spaces between them as they may."""
    parts = (part.partition("=") for part in _SEPARATOR.split(text) if part)
    return {name: value for name, _, value in parts}


def _doubt(credential: Credential, problem: str) -> Credential:
    return replace(credential, problems=(*credential.problems, problem))


# --- Authorization header


def _from_header(request: Request, authorization: str) -> Credential:
    text = authorization.strip()
    algorithm, _, rest = text.partition(" ")
    if algorithm in ALGORITHMS:
        return _sigv4_header(request, algorithm, rest)
    if algorithm == "AWS" and rest:
        return _sigv2_header(request, rest.strip())
    if algorithm.lower() == "bearer" and rest.strip():
        token = rest.strip().encode("latin-1", "replace")
        return Credential(scheme="bearer", bearer_sha256=hashlib.sha256(token).hexdigest())
    # Without a scheme word in front, the text itself may be the secret: it is not repeated.
    word = _SCHEME_WORD.match(text)
    what = f"unknown authorization scheme {word[1]!r}" if word else "authorization without a scheme"
    return Credential(scheme="none", problems=(what,))


def _sigv4_header(request: Request, algorithm: str, rest: str) -> Credential:
    return _sigv4(
        algorithm,
        _without_digits(rest),
        request.header("x-amz-s3session-token") is not None,
        request.header("x-amz-security-token") is not None,
        request.header("x-amz-region-set"),
    )


def _without_digits(rest: str) -> str:
    """With `0` for the digits of a signature at the end: only that they are there counts, and they
    are all that differs in the requests of one client."""
    at = signature_at(rest)
    return rest if at is None else rest[:at] + "0"


_MARK = "Signature="
_HEX = "0123456789abcdef"


def signature_at(text: str) -> int | None:
    """Where the digits of a signature begin that a text ends with."""
    at = text.rfind(_MARK)
    # It is a field of its own.
    if at < 1 or not (text[at - 1] == "," or text[at - 1].isspace()):
        return None
    at += len(_MARK)
    return None if at == len(text) or text[at:].strip(_HEX) else at


@remembered(1024, longest=512)
def _sigv4(
    algorithm: str, rest: str, session: bool, token: bool, region_set: str | None
) -> Credential:
    fields = parameters(rest)
    scheme, regional = ALGORITHMS[algorithm]
    return _scoped(
        "express" if session and scheme == "sigv4" else scheme,
        fields.get("Credential"),
        regional=regional,
        signed_headers=fields.get("SignedHeaders"),
        signature=fields.get("Signature"),
        region_set=None if regional else region_set,
        temporary=session or token,
    )


def _sigv2_header(request: Request, rest: str) -> Credential:
    name, colon, signature = rest.rpartition(":")
    key, problems = _key_id(name if colon else rest)
    if not signature or not colon:
        problems = (*problems, "signature missing")
    return Credential(
        scheme="sigv2",
        access_key_id=key,
        temporary=request.header("x-amz-security-token") is not None,
        account=_account(key),
        problems=problems,
    )


# --- query string


def _from_query(request: Request, query: Mapping[str, str]) -> Credential | None:
    if "X-Amz-Algorithm" in query or "X-Amz-Credential" in query:
        return _sigv4_query(request, query)
    if "AWSAccessKeyId" in query and ("Signature" in query or "SignatureVersion" in query):
        return _sigv2_fields(query)
    return None


def _sigv4_query(request: Request, query: Mapping[str, str]) -> Credential:
    algorithm = query.get("X-Amz-Algorithm", "")
    scheme, regional = ALGORITHMS.get(algorithm, ("sigv4", True))
    session = (
        "X-Amz-S3session-Token" in query or request.header("x-amz-s3session-token") is not None
    )
    found = _scoped(
        "express" if session and scheme == "sigv4" else _IN_QUERY.get(scheme, scheme),
        query.get("X-Amz-Credential"),
        regional=regional,
        signed_headers=query.get("X-Amz-SignedHeaders"),
        signature=query.get("X-Amz-Signature"),
        region_set=query.get("X-Amz-Region-Set") or request.header("x-amz-region-set"),
        temporary=session
        or "X-Amz-Security-Token" in query
        or request.header("x-amz-security-token") is not None,
    )
    return found if algorithm in ALGORITHMS else _doubt(found, "unknown signing algorithm")


def _sigv2_fields(fields: Mapping[str, str]) -> Credential:
    key, problems = _key_id(fields["AWSAccessKeyId"])
    return Credential(
        scheme="sigv2-query",
        access_key_id=key,
        temporary="SecurityToken" in fields or "x-amz-security-token" in fields,
        account=_account(key),
        problems=problems if "Signature" in fields else (*problems, "signature missing"),
    )


def _query_fields(text: str, *, plus: bool = False) -> dict[str, str]:
    return dict(_first(_pairs(text, plus=plus))) if text else {}


def _pairs(text: str, *, plus: bool) -> Iterator[tuple[str, str]]:
    decode = unquote_plus if plus else unquote
    for part in text.split("&"):
        name, _, value = part.partition("=")
        if "%" in name:
            name = unquote(name)
        if name in _QUERY_NAMES:
            yield name, decode(value)


def _first(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    seen = set()
    for name, value in pairs:
        if name not in seen:
            seen.add(name)
            yield name, value


# --- form fields in the body


def _from_form(request: Request) -> Credential | None:
    if request.method != "POST":
        return None
    content_type = (request.header("content-type") or "").strip()
    if content_type.lower().startswith(_MULTIPART):
        return _post_policy(multipart.fields(content_type, request.body.data))
    if content_type.lower().startswith(_FORM) and b"AWSAccessKeyId" in request.body.data:
        fields = _query_fields(request.body.data.decode("latin-1"), plus=True)
        if "AWSAccessKeyId" in fields and "SignatureVersion" in fields:
            return _sigv2_fields(fields)
    return None


def _post_policy(fields: Mapping[str, str]) -> Credential | None:
    temporary = "x-amz-security-token" in fields
    if "x-amz-credential" in fields or "x-amz-algorithm" in fields:
        algorithm = fields.get("x-amz-algorithm", "AWS4-HMAC-SHA256")
        _, regional = ALGORITHMS.get(algorithm, ("sigv4", True))
        return _scoped(
            "post-policy",
            fields.get("x-amz-credential"),
            regional=regional,
            signed_headers="",
            signature=fields.get("x-amz-signature"),
            temporary=temporary,
        )
    if "awsaccesskeyid" in fields:
        key, problems = _key_id(fields["awsaccesskeyid"])
        return Credential(
            scheme="post-policy",
            access_key_id=key,
            temporary=temporary,
            account=_account(key),
            problems=problems,
        )
    return None


# --- what they share


def _scoped(
    scheme: Scheme,
    credential: str | None,
    *,
    regional: bool,
    signed_headers: str | None,
    signature: str | None,
    region_set: str | None = None,
    temporary: bool = False,
) -> Credential:
    """A credential of `KEY/date[/region]/service/aws4_request`, the missing told as problems."""
    missing = [
        f"{name} missing"
        for name, is_missing in (
            ("credential", credential is None),
            ("signed headers", signed_headers is None),
            ("signature", not signature),
        )
        if is_missing
    ]
    key, scope, doubts = _split(credential, regional=regional)
    # A certificate's serial number stands where others have their key id.
    key_id = None if scheme == "x509" else key
    return Credential(
        scheme=scheme,
        access_key_id=key_id,
        date=scope.get("date"),
        region=scope.get("region"),
        service=scope.get("service"),
        signed_headers=tuple(filter(None, (signed_headers or "").split(";"))),
        region_set=_region_set(region_set),
        temporary=temporary,
        account=_account(key_id),
        problems=(*missing, *doubts),
    )


@remembered(1024)
def _split(
    credential: str | None, *, regional: bool
) -> tuple[str | None, dict[str, str], tuple[str, ...]]:
    """Key id, the parts of the scope by name as far as they are there, and problems."""
    if credential is None:
        return None, {}, ()
    names = ("date", "region", "service", "end") if regional else ("date", "service", "end")
    # From the right: S3-compatible stores hand out key ids with slashes.
    key, *parts = credential.rsplit("/", len(names))
    problems = []
    if len(parts) != len(names):
        key, *parts = credential.split("/")
        problems.append("malformed credential scope")
    scope = {name: part for name, part in zip(names, parts, strict=False) if part}
    if scope.pop("end", None) != "aws4_request" and not problems:
        problems.append("credential scope does not end in aws4_request")
    if "date" in scope and not _DATE.fullmatch(scope["date"]):
        problems.append("malformed date in credential scope")
        del scope["date"]
    key_id, doubts = _key_id(key)
    return key_id, scope, (*problems, *doubts)


def _key_id(text: str) -> tuple[str | None, tuple[str, ...]]:
    if not text:
        return None, ("access key id missing",)
    if not _KEY_ID.fullmatch(text):
        return text[:128], ("malformed access key id",)
    return text, ()


def _account(key_id: str | None) -> str | None:
    return None if key_id is None else accesskey.account(key_id)


def _region_set(text: str | None) -> tuple[str, ...]:
    return tuple(region.strip() for region in (text or "").split(",") if region.strip())
