"""Calls in a region where there were none before."""

from __future__ import annotations

from dataclasses import dataclass, field

from apitrail.reading.rules.alert_rule import About, Hit
from apitrail.reading.rules.looked_at import LookedAt

# Services of no region: CloudTrail writes the region of their one endpoint (IAM User Guide,
# "Managing AWS STS in an AWS Region", and each service's endpoints in the AWS General Reference).
GLOBAL = frozenset(
    f"{name}.amazonaws.com"
    for name in (
        "account", "billing", "budgets", "ce", "cloudfront", "cur", "fms", "globalaccelerator",
        "health", "iam", "networkmanager", "organizations", "pricing", "route53", "route53domains",
        "shield", "signin", "sso", "sts", "support", "trustedadvisor", "waf",
    )
)  # fmt: skip


@dataclass(slots=True)
class NewRegion:
    """`known` are the regions that were seen; the first one is nothing new."""

    about: About
    known: set[str] = field(default_factory=set)
    span: int = field(default=0, init=False)

    def find(self, seen: LookedAt) -> Hit | None:
        """The first call in a region."""
        region = seen.record.get("awsRegion")
        if seen.insight is not None or not isinstance(region, str):
            return None
        if region in self.known or seen.record.get("eventSource") in GLOBAL:
            return None
        is_first = not self.known
        self.known.add(region)
        return None if is_first else Hit(self.about, (seen.index,))
