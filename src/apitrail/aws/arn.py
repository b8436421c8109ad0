"""Amazon Resource Names: their parts, and the partition a region is in.

It does not know which services exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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

_PATTERN = re.compile(r"arn:(aws[a-z-]*):([a-zA-Z0-9-]+):([a-z0-9-]*):([a-z0-9]*):(.+)", re.DOTALL)
LONGEST = 2048
"""Characters; AWS's own limit on ARNs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arn:
    """`arn:partition:service:region:account:resource`; region and account may be empty."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn | None:
        """The ARN, or None where the text is not one."""
        if len(text) > LONGEST:
            return None
        found = _PATTERN.fullmatch(text)
        if found is None:
            return None
        partition, service, region, account, resource = found.groups()
        return cls(
            partition=partition, service=service, region=region, account=account, resource=resource
        )

    def __str__(self) -> str:
        place = f"{self.service}:{self.region}:{self.account}"
        return f"arn:{self.partition}:{place}:{self.resource}"


def partition(region: str | None) -> str:
    """The partition of a region; `aws` where it is not known."""
    for prefix, name in PARTITIONS:
        if region is not None and region.startswith(prefix):
            return name
    return "aws"
