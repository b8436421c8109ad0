"""A trail of somebody who tries one operation after the other and is refused: one insight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cloudtrails
from apitrail.trail.rows import Draft

ADA = {"type": "IAMUser", "userName": "ada", "arn": "arn:aws:iam::123456789012:user/ada"}


def refused(number: int, **changes: Any) -> Draft:
    """One of the calls, a second after the one before."""
    about = {
        "eventName": f"List{number}", "readOnly": True, "errorCode": "AccessDenied",
        "userIdentity": ADA,
    }  # fmt: skip
    return cloudtrails.draft(cloudtrails.record(number, **about | changes))


def make(directory: Path, calls: int = 8) -> Path:
    """A trail of so many; the seventh completes the insight, which nobody has told yet."""
    return cloudtrails.make(directory, [refused(number) for number in range(calls)])
