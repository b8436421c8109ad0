"""Resources of the services whose identifiers no template and no pattern tells.

It does not know how members are matched in general.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from apitrail.aws.arn import looks_like
from apitrail.aws.call import Call, Redacted, Structure, Value
from apitrail.cloudtrail.resources.resource import Place, Resource, spelled
from apitrail.cloudtrail.resources.senders import senders

# The table of a PartiQL statement, by name or ARN, which may be quoted and followed by an index.
_TABLE = re.compile(
    r"\b(?:FROM|INTO|UPDATE)\b(?:\s|/\*.*?\*/|--[^\n]*\n)*\"?"
    r"(arn:[A-Za-z0-9:/_.-]+|[A-Za-z0-9_.-]{3,255})",
    re.IGNORECASE | re.DOTALL,
)

_KEY_MEMBERS = frozenset({"aliasname", "keyid", "targetkeyid"})


def special(call: Call, asked: list[tuple[str, str]], place: Place) -> Iterator[Resource]:
    """What the request of one of these services names; `asked` are its texts by member."""
    match call.service:
        case "s3":
            yield from _s3(call.parameters or {}, place)
        case "kms":
            yield from _aliases(asked, place)
        case "dynamodb":
            yield from _tables(asked, place)
        case "ses" | "sesv2" | "pinpoint-email":
            yield from senders(call, place)


def _aliases(asked: list[tuple[str, str]], place: Place) -> Iterator[Resource]:
    for member, text in asked:
        if member in _KEY_MEMBERS and text.startswith("alias/"):
            arn = place.arn("kms", text)
            yield Resource(arn=arn, type="AWS::KMS::Alias", name=text, account=place.account)


def _tables(asked: list[tuple[str, str]], place: Place) -> Iterator[Resource]:
    """Tables that are a map's keys, or in a statement."""
    for member, text in asked:
        names = [text] if member == "requestitems" and not looks_like(text) else []
        for name in _TABLE.findall(text) if member == "statement" else names:
            if (table := spelled(name)) is not None:
                yield table
                continue
            arn = place.arn("dynamodb", f"table/{name}")
            yield Resource(arn=arn, type="AWS::DynamoDB::Table", name=name, account=place.account)


def _s3(parameters: Structure, place: Place) -> Iterator[Resource]:
    """The objects, then the bucket, or the access point that stands for it."""
    bucket = _plain(parameters.get("Bucket"))
    if bucket is None:
        return
    point = looks_like(bucket)
    base = f"{bucket}/object" if point else place.s3(bucket)
    for key in _keys(parameters):
        yield Resource(arn=f"{base}/{key}", type="AWS::S3::Object", name=f"{bucket}/{key}")
    for name in _sources(parameters, bucket):
        yield Resource(arn=place.s3(name), type="AWS::S3::Object", name=name)
        source = name.partition("/")[0]
        if source != bucket:
            yield Resource(arn=place.s3(source), type="AWS::S3::Bucket", name=source)
    if not point:
        yield Resource(arn=base, type="AWS::S3::Bucket", name=bucket, account=place.account)


def _sources(parameters: Structure, bucket: str) -> Iterator[str]:
    """What CopyObject copies, and what RenameObject renames within the bucket."""
    copied = _plain(parameters.get("CopySource"))
    if copied is not None and "/" in copied and not looks_like(copied):
        yield unquote(copied).removeprefix("/").partition("?versionId=")[0]
    renamed = _plain(parameters.get("RenameSource"))
    if renamed is not None:
        yield f"{bucket}/{unquote(renamed).removeprefix('/')}"


def _keys(parameters: Structure) -> Iterator[str]:
    deleted = parameters.get("Delete")
    objects = deleted.get("Objects") if isinstance(deleted, dict) else None
    items = objects if isinstance(objects, list) else ()
    for value in (
        parameters.get("Key"),
        *(item.get("Key") for item in items if isinstance(item, dict)),
    ):
        key = _plain(value)
        if key is not None:
            yield key


def _plain(value: Value) -> str | None:
    """A text that is not a secret."""
    return value if isinstance(value, str) and not isinstance(value, Redacted) else None
