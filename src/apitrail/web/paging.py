"""Pages: how many events one has, and the token of the next."""

from __future__ import annotations

import base64
import hashlib
import json

from apitrail.web import members
from apitrail.web.api_error import Fault
from apitrail.web.members import Members


def most(given: Members, page: int) -> int:
    """How many events were asked for; raises Fault."""
    wanted = members.integer(given, "MaxResults")
    if wanted is None:
        return page
    if not 1 <= wanted <= page:
        raise Fault("InvalidMaxResultsException", f"MaxResults is from 1 to {page}.")
    return wanted


def digest(given: Members) -> str:
    """What a token is bound to: everything but itself and the size of a page."""
    asked = {k: v for k, v in given.items() if k not in ("NextToken", "MaxResults")}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


def token(last: int, asked: str) -> str:
    """The token of the page after entry `last`."""
    return base64.urlsafe_b64encode(f"{asked}{last:x}".encode()).decode("ascii")


def before(given: str | None, asked: str) -> int | None:
    """The entry that a token's page ends before; raises Fault."""
    if given is None:
        return None
    try:
        found = base64.b64decode(given, altchars=b"-_", validate=True).decode("ascii")
        if found[:32] == asked and 0 <= (index := int(found[32:], 16)) < 1 << 63:
            return index
    except ValueError:
        pass
    raise Fault("InvalidNextTokenException", "NextToken is not one of this request's.")
