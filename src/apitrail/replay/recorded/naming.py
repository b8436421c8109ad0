"""Texts that an endpoint makes up, told by the name they stand under and by their look.

It does not know calls or shapes.
"""

from __future__ import annotations

import re

from apitrail.replay.recorded.recorded_call import REDACTED

SHORTEST = 6
"""Characters a name must have to be looked for inside longer texts."""

_ACCOUNT = re.compile(r"\d{12}")
_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d.*|\d{4}-\d\d-\d\d(?: \d\d:\d\d.*)?|[A-Z][a-z]{2}, \d\d .* GMT"
)
# Members whose texts an endpoint makes up, in the words of AWS's models.
_NAMING = re.compile(
    r"(?:Ids?|ID|Arns?|ARNs?|Token|Handle|ETag|Etag|Url|URL|Uri|Endpoint|Address|Marker|DnsName"
    r"|VersionId|Fingerprint|Secret|Revision|Owner|HostedZone)$|^(?:id|arn|token|url|etag)$"
)


def is_identifier(member: str, text: str) -> bool:
    """May `text`, the value of a member of this name, be made up by the endpoint?"""
    if REDACTED.search(text):
        return True
    if _NAMING.search(member) and len(text) >= 3:
        return True
    if text.isdigit() and _ACCOUNT.fullmatch(text) is None:
        return False
    return len(text) >= SHORTEST and any(letter.isdigit() for letter in text)


def is_time(text: str) -> bool:
    """Is it a point in time, as text?"""
    return _TIME.fullmatch(text) is not None
