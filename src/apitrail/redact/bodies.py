"""Whether a body may be kept: it must have been decoded, and no secret may be in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote_to_bytes

from apitrail.aws.read import multipart
from apitrail.aws.read.unframing import unframed
from apitrail.errors import FormatError
from apitrail.exchange import Body, Request, Response
from apitrail.redact import unpacking
from apitrail.redact.finding import is_secret_query, lowered, telling
from apitrail.redact.secret_names import is_secret_member
from apitrail.redact.text import spans_told
from apitrail.remembered import remembered
from apitrail.valueclass import valueclass

# Doubts of the decoder that leave something of a body unread, or read as something else.
_UNREAD = re.compile(
    r"body|chunk|CBOR|XML|JSON|form field|list position|nested|was expected|without a key"
    r"|failed",
    re.IGNORECASE,
)
# Names with a value, in JSON, JSON inside of JSON, XML and forms. A name starts where no other
# could go on, and is taken whole, or long runs of letters would be read again from each letter.
_NAMED = re.compile(
    r"(?<![A-Za-z0-9_.\-])([A-Za-z][A-Za-z0-9_.\-]{1,63}+)"
    r"(?:\\?\"\s{0,9}:\s{0,9}\[?\s{0,9}\\?\"|(=)|>)(?=[^\s\"<&=>])"
)

# Short bodies that were found to tell nothing: many answers are the same again and again.
_harmless: set[str] = set()
_HARMLESS_MOST = 4096
_HARMLESS_LONGEST = 256

# SigV2's fields in a form body (SimpleDB, ImportExport, old query clients).
_SIGNED_FORM = re.compile(rb"(?:^|&)(?:Signature|SecurityToken)=([^&]+)")

# The size of a chunk is a number of at most 16 hex digits.
_CHUNK_HEAD = 64


def unread(problems: tuple[str, ...]) -> bool:
    """Does a doubt say that a body, or something in it, could not be read?"""
    return bool(problems) and any(_UNREAD.search(problem) for problem in problems)


@valueclass(frozen=True, slots=True)
class Unpacked:
    """A body as text to search in, its compression undone.

    `behind` says that more follows the end of what was compressed: the decoder has not seen it.
    """

    text: str
    behind: bool = False


def unpacked(message: Request | Response) -> Unpacked | None:
    """A body as text; None where its compression cannot be undone.

    An object may say that it is compressed, and not be.
    """
    data, behind = message.body.data, False
    for encoding in reversed(_encodings(message)):
        if encoding not in unpacking.ENCODINGS:
            return None
        try:
            data, rest = unpacking.unpacked(data, encoding)
        except unpacking.TooLargeError:
            return None
        except FormatError:
            break
        behind = behind or bool(rest)
        data += rest
    return Unpacked(data.decode("utf-8", "replace"), behind)


def _encodings(message: Request | Response) -> list[str]:
    # Headers of any other length are passed over without a look at their letters.
    named = [name for name, _ in message.headers if len(name) == 16]
    if "content-encoding" not in map(str.lower, named):
        return []
    tokens = ",".join(message.header_values("content-encoding")).lower().split(",")
    return [
        token.strip() for token in tokens if token.strip() not in ("", "identity", "aws-chunked")
    ]


def has_chunk_signatures(request: Request) -> bool:
    """Is it an upload in chunks that are signed one by one? (S3, "chunked upload" by SigV4)"""
    return b";chunk-signature=" in request.body.data[:_CHUNK_HEAD]


def without_chunk_signatures(request: Request) -> Request:
    """The request with the payload in the place of a body in signed chunks, if it can be had."""
    if not has_chunk_signatures(request):
        return request
    body = request.body
    payload = body.payload or (unframed(body.data) if body.whole else None)
    return request if payload is None else replace(request, body=payload)


def tells_secret(text: str) -> bool:
    """Is there a secret in the text of a body, or a telling name with a value?"""
    if text in _harmless:
        return False
    lower = lowered(text)
    told = telling(lower)
    if spans_told(text, lower, told) or (told and names_secret(text)):
        return True
    if len(text) <= _HARMLESS_LONGEST:
        if len(_harmless) >= _HARMLESS_MOST:
            _harmless.clear()
        _harmless.add(text)
    return False


def names_secret(text: str) -> bool:
    """Does a text name a secret with its value, whatever the decoder made of it?"""
    return any(_is_secret(*match.groups()) for match in _NAMED.finditer(text))


@remembered(16384)
def _is_secret(name: str, equals: str | None) -> bool:
    last = name.rpartition(".")[2]
    # `code=` in a form is OAuth's; `<Code>` and `"code":` are what every error has.
    return is_secret_member(last) or (
        is_secret_query(name) and (equals is not None or name.lower() != "code")
    )


def is_form_upload(request: Request) -> bool:
    """Is the body a multipart form, which carries its own signature?"""
    return (request.header("content-type") or "").lower().startswith("multipart/form-data")


def credentials(request: Request) -> Iterator[bytes]:
    """What authenticates a form: an upload's policy and signature, SigV2's fields.

    They are no parameters of the call, but a refusal may repeat them.
    """
    if not request.body.data:
        return
    if is_form_upload(request):
        fields = multipart.fields(request.header("content-type") or "", request.body.data)
        for name, value in fields.items():
            if name == "policy" or is_secret_query(name):
                yield value.encode("utf-8", "surrogatepass")
    elif b"Signature=" in request.body.data:
        yield from map(unquote_to_bytes, _SIGNED_FORM.findall(request.body.data))


def withheld(body: Body, sha256: bytes) -> Body:
    """A body of which only length and keyed digest are kept."""
    return Body(data=b"", length=body.length, sha256=sha256, redacted=True)
