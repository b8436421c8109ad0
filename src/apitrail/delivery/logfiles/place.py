"""Names of log files and digests, as CloudTrail gives them.

It does not know what is in them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from apitrail.aws.arn import Arn

TRAIL = "apitrail"
# The folders of log files: of calls, and of Insights events.
CALLS = "CloudTrail"
INSIGHTS = "CloudTrail-Insight"
# The account when a call's own is not known. The AWS CLI wants twelve digits in a trail's ARN.
NO_ACCOUNT = "000000000000"
NO_REGION = "unknown"

# Both become part of file names, and clients choose the region.
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z][a-z0-9]{1,15}(-[a-z0-9]{1,15}){0,5}")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Whose log files, and of which region: each such pair has a chain of digests of its own."""

    account: str
    region: str

    @classmethod
    def of(cls, record: Mapping[str, object]) -> Place:
        """Where CloudTrail delivers this record."""
        account = str(record.get("recipientAccountId"))
        region = str(record.get("awsRegion"))
        return cls(
            account if _ACCOUNT.fullmatch(account) else NO_ACCOUNT,
            region if _REGION.fullmatch(region) else NO_REGION,
        )

    @property
    def arn(self) -> str:
        """The ARN of the trail whose digests these are.

        The AWS CLI validates the region of the ARN unless it is told otherwise, so every region
        has a trail of its own: nothing is left out by who forgets an option.
        """
        trail = f"trail/{TRAIL}"
        return str(
            Arn(service="cloudtrail", region=self.region, account=self.account, resource=trail)
        )

    def log_key(self, prefix: str, time: int, unique: str, *, folder: str = CALLS) -> str:
        """The key of a log file delivered at `time`, Unix seconds; `unique` is 16 alphanumerics.

        CloudTrail User Guide, "CloudTrail log file names".
        """
        moment = datetime.fromtimestamp(time, UTC)
        name = f"{self.account}_{folder}_{self.region}_{moment:%Y%m%dT%H%MZ}_{unique}.json.gz"
        return under(prefix, f"AWSLogs/{self.account}/{folder}/{self.region}", moment, name)

    def digest_key(self, prefix: str, end: int) -> str:
        """The key of the digest that ends at `end`, Unix seconds.

        CloudTrail User Guide, "CloudTrail digest file structure".
        """
        moment = datetime.fromtimestamp(end, UTC)
        name = (
            f"{self.account}_CloudTrail-Digest_{self.region}_{TRAIL}_{self.region}_"
            f"{moment:%Y%m%dT%H%M%SZ}.json.gz"
        )
        folder = f"AWSLogs/{self.account}/CloudTrail-Digest/{self.region}"
        return under(prefix, folder, moment, name)


def under(prefix: str, folder: str, moment: datetime, name: str) -> str:
    """A key below a trail's prefix, which may be empty, in the folder of its day."""
    return join(prefix, f"{folder}/{moment:%Y/%m/%d}/{name}")


def join(prefix: str, key: str) -> str:
    """A key below a prefix, which may be empty."""
    return f"{prefix}/{key}" if prefix else key
