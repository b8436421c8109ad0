"""Values that an endpoint makes up, told by the name they stand under and by their look."""

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
    r"|VersionId|Fingerprint|Secret|Revision|Owner|HostedZone"
    # Of a message or a record in a queue or stream.
    r"|SequenceNumber)$|^(?:id|arn|token|url|etag)$"
)


# Members that hold a point in time though the model types them as a number or a text: creationTime
# of logs, CreatedTimestamp of SQS, lastModifiedDate of iot, expires of appsync.
_MOMENT = re.compile(
    r"(?:Time|time|Timestamp|timestamp|Date|date|DateTime|At|_at|On|Epoch|epoch)$"
    r"|^(?:expires|expiration|expiry|since|created|updated|modified|lastSeen)$",
)
# 2001 to 2100, in seconds, milliseconds, microseconds or nanoseconds since 1970.
_EPOCHS = tuple((10**9 * unit, 4_102_444_800 * unit) for unit in (1, 10**3, 10**6, 10**9))


def is_moment(member: str, value: object) -> bool:
    """Is it a point in time, as the number or text that some services make of one?"""
    if _MOMENT.search(member) is None or isinstance(value, bool):
        return False
    if isinstance(value, str):
        if is_time(value):
            return True
        try:
            value = float(value)
        except ValueError:
            return False
    return isinstance(value, int | float) and any(low <= value <= high for low, high in _EPOCHS)


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
