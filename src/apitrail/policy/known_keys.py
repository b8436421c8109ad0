"""Context keys that can be known before a call leaves. A guard with any other is refused."""

from __future__ import annotations

from apitrail.errors import UsageError
from apitrail.iam.context_keys import MEMBER_KEYS
from apitrail.policy.budget import PREFIX, Budget

# "AWS global condition context keys", as far as a call alone tells them; and our own.
KEYS = MEMBER_KEYS | {
    "aws:currenttime", "aws:epochtime", "aws:multifactorauthpresent", "aws:principalaccount",
    "aws:principalarn", "aws:principaltype", "aws:requestedregion", "aws:resourceaccount",
    "aws:securetransport", "aws:sourceidentity", "aws:sourceip", "aws:tagkeys", "aws:useragent",
    "aws:userid", "aws:username",
    "apitrail:accesslevel", "apitrail:actselsewhere", "apitrail:deletes", "apitrail:known",
    "apitrail:operation", "apitrail:operator", "apitrail:plainselect", "apitrail:service",
}  # fmt: skip
PREFIXES = ("aws:requesttag/", "apitrail:label/")


def check_key(key: str) -> str:
    """The key in lower case, as keys are compared.

    Raises:
        UsageError: nobody here can know it, so that nothing can be decided by it.
    """
    lower = key.lower()
    if lower.startswith(PREFIX):
        return Budget.parse(key).key
    if lower in KEYS or (lower.startswith(PREFIXES) and lower not in PREFIXES):
        return lower
    raise UsageError(
        f"condition key {key!r} cannot be known before the call leaves",
        hint="docs/guardrails.md lists the keys that can",
    )
