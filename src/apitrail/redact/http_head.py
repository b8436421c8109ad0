"""Headers and request targets without their credentials, the rest byte for byte."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import unquote, unquote_to_bytes

from apitrail.aws.sign.auth import signature_at
from apitrail.exchange import Headers
from apitrail.redact.finding import is_secret_query
from apitrail.redact.known_secrets import AUTHORIZATION_HEADERS, HEADERS, SIGNATURE_HEADER
from apitrail.redact.secret_names import is_secret_member
from apitrail.redact.text import Digest, scrub
from apitrail.remembered import remembered

# Digests and checksums of a body: they would confirm a guess of the secret in it.
_ORACLE = re.compile(
    r"(?:x-amz-content-sha256|content-md5|etag|digest|content-digest|repr-digest|x-amz-crc32"
    r"|x-amz-crc32c|x-amz-checksum-(?!algorithm|type|mode).*|x-amz-meta-.*(?:md5|sha\d+)"
    r"|x-amz-content-crc.*|x-amz-sha256-tree-hash|x-amz-tree-hash|want-digest)$"
)
_NOT_A_HASH = re.compile(r"UNSIGNED-PAYLOAD$|STREAMING-|required$")

# Scheme and parameters of AWS's signatures: AWS4-HMAC-SHA256, AWS4-ECDSA-P256-SHA256,
# AWS4-X509-RSA-SHA256, and the old AWS3 and AWS3-HTTPS.
_AWS_SCHEME = re.compile(r"AWS[34][A-Z0-9-]*$")
_AWS_FIELD = re.compile(r"(?P<name>[A-Za-z0-9-]+)=(?P<value>[^,\s]*)")
_AWS_OPEN = frozenset({"Credential", "SignedHeaders", "AWSAccessKeyId", "Algorithm"})
_SCHEMES = frozenset({"bearer", "basic", "digest", "negotiate", "aws"})


def headers(fields: Headers, digest: Digest) -> Headers:
    """Headers without their credentials."""
    return tuple(
        [
            field
            if field in _harmless
            else (scrub(field[0], digest), _value(field[0], field[1], digest))
            for field in fields
        ]
    )


# Headers that a client sends with every call, such as its name, and that were found to hold no
# credential.
_harmless: set[tuple[str, str]] = set()
_HARMLESS_MOST = 4096
_HARMLESS_LONGEST = 256


# Headers that have another value with each call, in a form that has no room for a credential:
# numbers, and times (RFC 9110, 5.6.7; SigV4).
_NUMBER = re.compile(r"\d{1,17}")
_TIME = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"\d{4} \d\d:\d\d:\d\d GMT"
)
_FORMS = {
    "content-length": _NUMBER,
    "date": _TIME,
    "last-modified": _TIME,
    "x-amz-crc32": _NUMBER,
    "x-amz-date": re.compile(r"\d{8}T\d{6}Z"),
}


def _value(name: str, value: str, digest: Digest) -> str:
    match _kind(name):
        case "authorization":
            return authorization(value, digest)
        case "secret":
            return digest(value.encode("latin-1", "replace")) if value else value
        case _:
            form = _FORMS.get(name.lower())
            if form is not None and form.fullmatch(value):
                return value
            told = scrub(value, digest)
            if told is value and len(name) + len(value) <= _HARMLESS_LONGEST:
                if len(_harmless) >= _HARMLESS_MOST:
                    _harmless.clear()
                _harmless.add((name, value))
            return told


@remembered(4096)
def _kind(name: str) -> Literal["authorization", "secret", "open"]:
    lower = name.lower()
    if lower in AUTHORIZATION_HEADERS:
        return "authorization"
    is_secret = lower in HEADERS or is_secret_member(lower) or SIGNATURE_HEADER.search(lower)
    return "secret" if is_secret else "open"


def authorization(value: str, digest: Digest) -> str:
    """Authorization with its scheme, credential scope and signed headers, but no signature."""
    # A client's requests differ in the digits of the signature, which is the last field as a rule.
    at = signature_at(value)
    if at is not None and _is_open(value[:at]):
        return value[:at] + digest(value[at:].encode())
    return _authorization(value, digest)


@remembered(1024, longest=512)
def _is_open(text: str) -> bool:
    """May all of this stay, which is in front of a signature's digits?"""
    known = text.startswith(("AWS3", "AWS4"))
    return known and _authorization(text + "0", lambda _: "-") == text + "-"


def _authorization(value: str, digest: Digest) -> str:
    scheme, space, rest = value.partition(" ")
    if not space:
        return digest(value.encode("latin-1", "replace")) if value else value
    if _AWS_SCHEME.match(scheme):
        return _aws(scheme + space, rest, digest)
    key, colon, signature = rest.partition(":")
    if scheme == "AWS" and colon:
        return f"{scheme} {key}:{digest(signature.encode('latin-1', 'replace'))}"
    secret = digest(rest.strip().encode("latin-1", "replace"))
    return f"{scheme} {secret}" if scheme.lower() in _SCHEMES else secret


def _aws(start: str, rest: str, digest: Digest) -> str:
    fields = _AWS_FIELD.split(rest)
    # Between the fields, which have a name and a value each.
    if any(between.strip(", \t") for between in fields[::3]):
        # This is not a field, and may be anything.
        return start + digest(rest.encode("latin-1", "replace"))
    for at in range(1, len(fields), 3):
        if fields[at] not in _AWS_OPEN:
            fields[at + 1] = digest(fields[at + 1].encode("latin-1", "replace"))
        fields[at] += "="
    return start + "".join(fields)


def target(text: str, digest: Digest) -> str:
    """A request target without credentials in its path or its query."""
    path, mark, query = text.partition("?")
    path = scrub(path, digest)
    if not mark:
        return path
    return path + mark + "&".join(_pair(pair, digest) for pair in query.split("&"))


def _pair(pair: str, digest: Digest) -> str:
    name, equals, value = pair.partition("=")
    if not value:
        return scrub(pair, digest)
    if is_secret_query(_unquoted(name)):
        return name + equals + digest(unquote_to_bytes(value))
    told = scrub(value, digest)
    if told is value and "+" in value:
        # In a form a plus is a blank.
        told = scrub(value.replace("+", " "), digest).replace(" ", "+")
        told = value if told == value else told
    return scrub(name, digest) + equals + told


def _unquoted(name: str) -> str:
    """A name without its percent-encoding, however often it was encoded."""
    while "%" in name and (plain := unquote(name)) != name:
        name = plain
    return name


def is_oracle(name: str, value: str) -> bool:
    """Is the header a hash or checksum of the body?"""
    return _ORACLE.match(name.lower()) is not None and _NOT_A_HASH.match(value) is None


def oracles(headers: Headers) -> set[str]:
    """The hashes and checksums of the body that the headers tell."""
    return {value for name, value in headers if value and is_oracle(name, value)}


def exact(text: str, secrets: frozenset[bytes], digest: Digest) -> str:
    """A target whose path segments or query values are secrets too short to search for."""
    path, mark, query = text.partition("?")
    path = "/".join(_known(segment, secrets, digest) for segment in path.split("/"))
    pairs = []
    for pair in query.split("&") if mark else ():
        name, equals, value = pair.partition("=")
        pairs.append(name + equals + _known(value, secrets, digest))
    return path + mark + "&".join(pairs)


def _known(text: str, secrets: frozenset[bytes], digest: Digest) -> str:
    raw = unquote_to_bytes(text) if text else b""
    if raw in secrets:
        return digest(raw)
    spaced = raw.replace(b"+", b" ")
    return digest(spaced) if spaced in secrets else text
