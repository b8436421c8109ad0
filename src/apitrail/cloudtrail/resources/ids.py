"""Resources that a call tells by an id, in whatever member that is called one.

IAM knows no resource for many of the operations that make one, since its id is not there when IAM
decides: it stands in the answer. So every id counts, but for those of what is no resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from apitrail.aws.call import Call, Map, Structure, Value
from apitrail.cloudtrail.resources import iam_types
from apitrail.cloudtrail.resources.named_members import LONGEST, of_operation, with_template
from apitrail.cloudtrail.resources.resource import Place, Resource, plain_name
from apitrail.cloudtrail.resources.texts import DEEPEST, ITEM_MEMBERS, TAG_MEMBERS
from apitrail.remembered import remembered

# `GroupId`, `WebACLId`, `SAMLProviderUUID`, `TableUuid`, `SourceIdsList`, `IdentityIdsToDelete`.
_ID = re.compile(
    r"(?:Id|ID|Identifier|Uid|Uuid|Guid)s?(?:List|Set|Updates?|To[A-Z]\w*)?$"
    r"|^(?:id|identifier|uid|uuid)s?$|_ids?$"
)
# The ids that are the whole name of a member say no kind: their structure's name does.
_BARE = frozenset({"id", "ids", "identifier", "identifiers", "uid", "uuid"})

# Members whose ids are of no resource.
OTHERS = {
    "requests and their traces": (
        "clientRequestId", "creatorRequestId", "eventId", "invocationId", "requestId", "spanId",
        "traceId",
    ),
    "messages and who sent them": ("inReplyToMessageId", "messageId", "senderId"),
    "uploads, until they are complete": ("uploadId",),
    "transactions": ("transactionId",),
    "states of a resource that has an id of its own": ("versionId",),
    "places": ("availabilityZoneId", "localeId", "physicalZoneId"),
}  # fmt: skip
_OTHERS = frozenset(
    form
    for names in OTHERS.values()
    for name in names
    for form in (name.lower(), f"{name.lower()}s")
)
# Whose something is; the caller's own account is no resource of a call either.
_OWNER = re.compile(r"owner(?:account)?ids?$")

# Services whose calls hold customers' data, and name by an id nothing but keys of KMS: `special`
# finds the rest.
KEYS_ALONE = frozenset({"dynamodb", "s3"})
_KMS_KEY = re.compile(r"kms(?:master)?keyid$", re.IGNORECASE)
SILENT = frozenset({"sts"})


def by_id(call: Call, value: Structure, place: Place) -> Iterator[Resource]:
    """What the parameters or the result of a call tell, typed where the members' names say how."""
    if call.service in SILENT:
        return
    if call.service in KEYS_ALONE:
        yield from _keys(value, place)
        return
    for parent, member, text in _ids(value):
        if not _is_resource(member) or text == place.account:
            continue
        name = plain_name(call.service, text)
        template = _template(call, parent) if member.lower() in _BARE else None
        if template is not None:
            yield from with_template(template, member.lower(), name, place)
        else:
            yield Resource(arn=None, type=None, name=name, account=place.account)


def _keys(value: Structure, place: Place) -> Iterator[Resource]:
    named = {name: inner for name, inner in value.items() if name not in ITEM_MEMBERS}
    for _, member, text in _ids(named):
        if _KMS_KEY.search(member) and not text.startswith("alias/"):
            yield Resource(arn=None, type="AWS::KMS::Key", name=text, account=place.account)


type _Ids = list[tuple[str, str, str]]
"""Texts, each with its member's name before it, and before that the name of the member around."""


def _ids(value: Value) -> _Ids:
    found: _Ids = []
    _gather(found, value, "", 0)
    return found


def _gather(found: _Ids, value: Value, name: str, depth: int) -> None:
    if depth > DEEPEST:
        return
    if isinstance(value, dict) and not isinstance(value, Map):
        for member, inner in value.items():
            if _names_id(member):
                found += [(name, member, text) for text in _texts(inner)]
            if isinstance(inner, _AROUND) and member not in TAG_MEMBERS:
                _gather(found, inner, member, depth + 1)
        return
    for inner in value.values() if isinstance(value, Map) else value:
        if isinstance(inner, _AROUND):
            _gather(found, inner, name, depth + 1)


_AROUND = (dict, list)


def _texts(value: Value) -> list[str]:
    return [
        text
        for text in (value if isinstance(value, list) else (value,))
        # ARNs are found as such, whatever their member.
        if type(text) is str and 0 < len(text) <= LONGEST and not text.startswith("arn:")
    ]


@remembered(16_384)
def _names_id(member: str) -> bool:
    return _ID.search(member) is not None


@remembered(16_384)
def _is_resource(member: str) -> bool:
    lower = member.lower()
    return lower not in _OTHERS and _OWNER.search(lower) is None


def _template(call: Call, parent: str) -> iam_types.Template | None:
    """The kind of what stands in `HostedZone: {Id}`, or at the top of CreateHostedZone's answer."""
    assert call.service is not None
    assert call.operation is not None
    return _kind(
        call.service, call.operation, call.signing_name, call.endpoint_prefix, parent.lower()
    )


@remembered(4096)
def _kind(
    service: str, operation: str, signing_name: str | None, endpoint_prefix: str | None, parent: str
) -> iam_types.Template | None:
    prefix = iam_types.service_of(service, operation, signing_name, endpoint_prefix).prefix
    if not parent:
        return next(iter(of_operation(prefix, operation)), None)
    kinds = [kind for kind in iam_types.templates(prefix) if parent.startswith(kind.noun)]
    return max(kinds, key=lambda kind: len(kind.noun), default=None)
