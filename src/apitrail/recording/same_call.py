"""When two requests make the same call: a keyed digest of who asks and what is asked.

A client that makes a call again sends another date, another signature and another idempotency token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from apitrail.aws import models
from apitrail.aws.call import Call
from apitrail.codec import Json
from apitrail.event import plain
from apitrail.exchange import Request

# URLs that SDKs sign for a time, and put among the parameters.
_SIGNED_ANEW = re.compile(r"Pre[Ss]ignedUrl")
# What tells a body that has not come yet.
_BODY_HEADERS = (
    "content-length", "content-md5", "transfer-encoding", "x-amz-content-sha256",
    "x-amz-decoded-content-length",
)  # fmt: skip


def same_call(
    request: Request,
    call: Call,
    who: str,
    operator: str | None,
    digest: Callable[[bytes], bytes],
    *,
    streamed: bool,
) -> str:
    """Hex; equal for the same call by the same caller. `digest` is keyed: secrets go in.

    `streamed` says that the body is yet to come, so that its headers must tell it.
    """
    asked = plain(call.parameters)
    told = {
        "service": call.service, "operation": call.operation, "region": call.region,
        "host": request.host, "who": who, "operator": operator,
        "parameters": _lasting(call, asked) if isinstance(asked, dict) else asked,
        "body": {name: request.header(name) for name in _BODY_HEADERS} if streamed else None,
    }  # fmt: skip
    return digest(json.dumps(told, sort_keys=True, default=str).encode()).hex()


def _lasting(call: Call, parameters: Mapping[str, Json]) -> dict[str, Json]:
    """The parameters without what is made anew for each attempt."""
    try:
        shape = models.operation(call.service or "", call.operation or "").input_shape
    except KeyError:
        shape = None
    members = {} if shape is None else shape.members
    return {
        name: value
        for name, value in parameters.items()
        if not _SIGNED_ANEW.fullmatch(name)
        and not (name in members and members[name].metadata.get("idempotencyToken"))
    }
