"""A response made ready for reading, and the form that the steps of reading it have."""

from __future__ import annotations

from collections.abc import Callable

from apitrail.aws.call import Structure, Value
from apitrail.aws.read.scalars import Doubts
from apitrail.exchange import Headers, Response
from apitrail.valueclass import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response made ready: header values by lower-case name, the body uncompressed.

    `content` is None where the body was not kept whole or cannot be uncompressed, `tree` what
    was made of it where it is structured.
    """

    response: Response
    headers: dict[str, str]
    doubts: Doubts
    content: bytes | None = None
    tree: Value = None


type Step = Callable[[Answer, Structure], None]
"""Reads one part of an answer into the result."""


def joined(headers: Headers) -> dict[str, str]:
    """Values by lower-case name, repeated ones joined as RFC 9110, 5.2 says."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found
