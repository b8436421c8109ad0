"""The identities of SES that a message is sent as: its sender's address, and that address's domains.

Which of them is verified, and so used, nothing tells: all that may be are named. A message that the
client wrote itself tells its sender in its own headers ("Sending raw email").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from apitrail.aws.call import Call, Redacted, Structure, Value
from apitrail.cloudtrail.resources.resource import Place, Resource, spelled

# Member with an address -> the member that names its identity by an ARN instead.
_ADDRESSES = {
    "BounceSender": "BounceSenderArn",
    "FeedbackForwardingEmailAddress": "FeedbackForwardingEmailAddressIdentityArn",
    "FromEmailAddress": "FromEmailAddressIdentityArn",
    "ReturnPath": "ReturnPathArn",
    "Source": "SourceArn",
}
# Where a message stands that was written whole.
_MESSAGES = (("RawMessage", "Data"), ("Content", "Raw", "Data"))
# Bytes of a message that are searched for the end of its headers.
_HEADERS = 65_536

_SENDING = re.compile(r"(?:Send\w*Email|SendBounce)$")
_FIELD = re.compile(r"^([!-9;-~]+):[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)
_IN_ANGLES = re.compile(r"<([^\s<>@]+@[^\s<>@]+)>")
_BARE = re.compile(r"[^\s<>@,;:\"()]+@[A-Za-z0-9.-]+")
_ARN_FIELDS = ("x-ses-source-arn", "x-ses-from-arn", "x-ses-return-path-arn")


def senders(call: Call, place: Place) -> Iterator[Resource]:
    """The identities that a call to SES may send as, and what else its message names."""
    if _SENDING.match(call.operation or "") is None:
        return
    parameters = call.parameters or {}
    for member, by_arn in _ADDRESSES.items():
        if not parameters.get(by_arn):
            yield from _identities(parameters.get(member), place)
    fields = _fields(_message(parameters))
    arns = [spelled(fields[name]) for name in _ARN_FIELDS if name in fields]
    yield from filter(None, arns)
    if not (parameters.get("FromArn") or "x-ses-from-arn" in fields):
        yield from _identities(fields.get("from"), place)
    if (name := fields.get("x-ses-configuration-set")) is not None:
        yield _made("configuration-set", "AWS::SES::ConfigurationSet", name, place)


def _identities(told: Value, place: Place) -> Iterator[Resource]:
    """Of `Mary <mary@mail.example.com>` the address, `mail.example.com` and `example.com`."""
    if not isinstance(told, str) or isinstance(told, Redacted):
        return
    for address in _IN_ANGLES.findall(told) or _BARE.findall(told):
        names = [address]
        domain = address.rpartition("@")[2].lower()
        while "." in domain:
            names.append(domain)
            domain = domain.partition(".")[2]
        for name in names:
            yield _made("identity", "AWS::SES::Identity", name, place)


def _made(kind: str, type_: str, name: str, place: Place) -> Resource:
    arn = place.arn("ses", f"{kind}/{name}")
    return Resource(arn=arn, type=type_, name=name, account=place.account)


def _message(parameters: Structure) -> bytes:
    for path in _MESSAGES:
        value: Value = parameters
        for member in path:
            value = value.get(member) if isinstance(value, dict) else None
        if isinstance(value, bytes):
            return value[:_HEADERS]
    return b""


def _fields(message: bytes) -> dict[str, str]:
    """The headers of a message (RFC 5322), by names in lower case; of several the last."""
    head = message.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("latin-1")
    return {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(head)}
