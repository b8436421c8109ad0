"""Amazon Resource Names: parsed, found in texts, made of their parts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apitrail.valueclass import valueclass

# Region prefix -> partition (botocore's partitions.json); the first that fits.
PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("eusc-", "aws-eusc"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
)

PREFIX = "arn:"
LONGEST = 2048
"""Characters; AWS's own limit on ARNs."""

_HEAD = r"arn:(aws[a-z-]*):([a-zA-Z0-9-]+):([a-z0-9-]*):([a-z0-9]*):"
_WHOLE = re.compile(_HEAD + "(.+)", re.DOTALL)
# Inside a text an ARN ends at what no resource's name has: a space, a quote, a comma, a query.
_WITHIN = re.compile(_HEAD + r"([\w./:@+=*-]+)", re.ASCII)


@valueclass(frozen=True, slots=True, kw_only=True)
class Arn:
    """`arn:partition:service:region:account:resource`; region and account may be empty."""

    partition: str = "aws"
    service: str
    region: str = ""
    account: str = ""
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn | None:
        """The ARN, or None where the text is not one."""
        found = _WHOLE.fullmatch(text) if len(text) <= LONGEST else None
        return None if found is None else cls._of(found)

    @classmethod
    def within(cls, text: str) -> Iterator[Arn]:
        """The ARNs in a longer text, such as a message or a URL's path."""
        return map(cls._of, _WITHIN.finditer(text))

    @classmethod
    def _of(cls, found: re.Match[str]) -> Arn:
        partition, service, region, account, resource = found.groups()
        return cls(
            partition=partition, service=service, region=region, account=account, resource=resource
        )

    @property
    def owner(self) -> str | None:
        """The account, None where the ARN has none of twelve digits (`aws`, `cloudfront`)."""
        return self.account if len(self.account) == 12 and self.account.isdecimal() else None

    def __str__(self) -> str:
        place = f"{self.service}:{self.region}:{self.account}"
        return f"{PREFIX}{self.partition}:{place}:{self.resource}"


def looks_like(text: str) -> bool:
    """Does the text begin as an ARN, well formed or not?"""
    return text.startswith(PREFIX)


def partition(region: str | None) -> str:
    """The partition of a region; `aws` where it is not known."""
    for prefix, name in PARTITIONS:
        if region is not None and region.startswith(prefix):
            return name
    return "aws"
