"""API Gateway's management: its IAM actions are HTTP's methods, its resources are paths.

From "Actions, resources, and condition keys for Amazon API Gateway Management".
"""

from __future__ import annotations

import re
from functools import cache

from apitrail.aws.call import Structure
from apitrail.aws.find import index
from apitrail.cloudtrail.resources.resource import Place

SERVICES = frozenset({"apigateway", "apigatewayv2"})

_LABEL = re.compile(r"\{(\w+)\+?\}")


def method(service: str, operation: str) -> str | None:
    """The method of an operation; None where there is no such operation."""
    found = _routes(service).get(operation)
    return None if found is None else found[0]


def arn(service: str, operation: str, parameters: Structure, place: Place) -> str | None:
    """The ARN of the path that a call is on; `*` stands for a label that it does not fill."""
    found = _routes(service).get(operation)
    if found is None:
        return None
    values = {name.lower(): value for name, value in parameters.items() if isinstance(value, str)}
    path = _LABEL.sub(
        lambda label: values.get(label[1].replace("_", "").lower(), "*"), found[1]
    ).removeprefix("/v2")
    return f"arn:{place.partition}:apigateway:{place.region or '*'}::{path}"


@cache
def _routes(service: str) -> dict[str, tuple[str, str]]:
    """Method and path of each operation, as the newest model has them."""
    return {
        row[0]: (row[1], row[2])
        for version in index.load().versions.get(service, ())
        for row in version.rows
    }
