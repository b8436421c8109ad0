"""CloudTrail's limits on a record's fields, and what stands for what exceeds them.

The trail keeps the whole beside the record.
"""

from __future__ import annotations

import json

import orjson

from apitrail.aws.call import Structure

PARAMETERS = 100 * 1024
"""Bytes of JSON in requestParameters and responseElements, each."""
ADDITIONAL = 28 * 1024
"""Bytes of JSON in additionalEventData."""
TEXT = 1024
"""Bytes in userAgent, errorCode, errorMessage and requestID, each."""


def limited(field: str, value: Structure | None, limit: int) -> Structure | None:
    """The value, or CloudTrail's notice that the field was too large."""
    if not value:
        return value
    if _is_small(value, limit):
        return value
    size = len(json.dumps(value, separators=(",", ":")))
    if size <= limit:
        return value
    return {"reason": f"{field} too large", "omitted": True, "originalSize": size}


def _is_small(value: Structure, limit: int) -> bool:
    """Is it below the limit by far? Nearly all are, and this is told soonest."""
    if any(type(each) is str and 6 * len(each) > limit for each in value.values()):
        return False  # where there is no memory for it, orjson 3 would end the process
    try:
        # An escape takes six times the bytes of its character at the most (U+007F).
        return 6 * len(orjson.dumps(value)) <= limit
    except TypeError:
        return False  # half a surrogate pair, or a number of more than 64 bits


def cut(text: str | None) -> str | None:
    """A text cut to a kilobyte of UTF-8, at a character's edge."""
    if text is None or len(text) * 4 <= TEXT:
        return text
    return text.encode(errors="surrogatepass")[:TEXT].decode(errors="ignore")
