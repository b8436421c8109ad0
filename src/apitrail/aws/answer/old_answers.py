"""Answers to clients that speak SQS's former query protocol, renamed to today's model.

`old_clients` does the same for requests.
"""

from __future__ import annotations

from apitrail.aws.read.xml import Element

# The SQS API reference's elements before its JSON protocol (2023), by today's member names.
_RENAMED = {
    "Attribute": "Attributes",
    "BatchResultErrorEntry": "Failed",
    "ChangeMessageVisibilityBatchResultEntry": "Successful",
    "DeleteMessageBatchResultEntry": "Successful",
    "ListMessageMoveTasksResultEntry": "Results",
    "Message": "Messages",
    "MessageAttribute": "MessageAttributes",
    "SendMessageBatchResultEntry": "Successful",
    "Tag": "Tags",
}
# In these alone `QueueUrl` is one of many.
_QUEUE_URLS = {"ListDeadLetterSourceQueues": "queueUrls", "ListQueues": "QueueUrls"}

_MAPS = frozenset({"Attributes", "MessageAttributes", "Tags"})
_ENTRY = {"Name": "key", "Key": "key", "Value": "value"}


def rename(operation: str, root: Element) -> Element:
    """The same tree, its elements renamed in place as the model of `operation` has them."""
    for result in root.children:
        if result.tag.endswith("Result"):
            _rename_members(operation, result)
    return root


def _rename_members(operation: str, parent: Element) -> None:
    for child in parent.children:
        # The text of an error is a `Message`, too, but has no elements in it.
        if child.children:
            child.tag = _RENAMED.get(child.tag, child.tag)
        elif child.tag == "QueueUrl":
            child.tag = _QUEUE_URLS.get(operation, child.tag)
        if child.tag in _MAPS:
            for part in child.children:
                part.tag = _ENTRY.get(part.tag, part.tag)
        elif child.tag == "Messages":
            _rename_members(operation, child)
