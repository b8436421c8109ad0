"""A request that no model of botocore's describes, although it can be told what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from apitrail.aws.call import Value

PROTOCOL = "http"
"""`Call.protocol` of such a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmodelled:
    """What the request is.

    `customers` says that a customer's own code answers. `stand_in` says that it goes to a
    stand-in for AWS and is about the stand-in itself, so that there is no service. Without an
    operation it is known only that AWS has none there. `reads_body` says that parameters stand in
    the body.
    """

    service: str | None = None
    operation: str | None = None
    parameters: Mapping[str, Value] = field(default_factory=dict)
    customers: bool = False
    stand_in: bool = False
    reads_body: bool = False
