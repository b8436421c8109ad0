"""What clients older than today's models send, and how it maps onto them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apitrail.aws.call import Value
from apitrail.aws.read import form_body
from apitrail.aws.read.shapes import Compiler

# Services whose clients spoke the query protocol until their models became JSON only.
FORMERLY_QUERY = frozenset({"sqs"})

# Host names that no ruleset has any more: `queue.amazonaws.com`, `{region}.queue.amazonaws.com`, and
# that of botocore's `endpoints.json` for Signer's GetRevocationStatus.
HOSTS = {"queue": "sqs", "verification.signer": "signer"}

# The SQS API reference's query names before its JSON protocol (2023), by today's member names.
_SQS = {
    "Attributes": ("Attribute",),
    "MessageAttributes": ("MessageAttribute",),
    "MessageSystemAttributes": ("MessageSystemAttribute",),
    "tags": ("Tag", "Tags"),
    "Tags": ("Tags", "Tag"),
    "AttributeNames": ("AttributeName",),
    "MessageAttributeNames": ("MessageAttributeName",),
    "MessageSystemAttributeNames": ("MessageSystemAttributeName",),
    "TagKeys": ("TagKey",),
    "AWSAccountIds": ("AWSAccountId",),
    "Actions": ("ActionName",),
    "StringListValues": ("StringListValue",),
    "BinaryListValues": ("BinaryListValue",),
}

_DATE = re.compile(r"/(\d{4}-\d{2}-\d{2})(/.*)")


def sqs_compiler() -> Compiler:
    """Readers of SQS's old forms."""
    return form_body.compiler(_sqs_names)


def _sqs_names(name: str, member: Value) -> tuple[str, ...]:
    if name == "Entries":
        # `SendMessageBatchRequestEntry.1.Id`: the element's own name.
        return (str(member.member.name), name)
    return (*_SQS.get(name, ()), name)


def redated(path: str, dates: list[str]) -> Iterator[str]:
    """A dated path under the dates that today's models have, those soonest after it first.

    CloudFront, Route 53, Lambda and others put the API version in front of the path.
    """
    found = _DATE.fullmatch(path)
    if found is None:
        return
    for date in sorted(dates, key=lambda date: (date < found[1], date)):
        if date != found[1]:
            yield f"/{date}{found[2]}"
