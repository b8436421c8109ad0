"""A trail of somebody who tries one operation after the other and is refused: one insight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cloudtrails
import trails
from apitrail import durable
from apitrail.insights.thresholds import Thresholds
from apitrail.trail import statements
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.statements import Insight
from apitrail.trail.telling import Teller

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


def told(directory: Path) -> Insight:
    """The insight, as a recorder would tell it."""
    with Reader(directory) as reader:
        [said] = Teller(0, Thresholds()).read(reader, reader.size)
    return said


def unusual(directory: Path) -> Insight:
    """Make a trail with the insight as an entry and the log's key beside it; gives the insight."""
    said = told(make(directory))
    trails.write(directory, lambda opened: opened.append(statements.draft(said)))
    keep_key(directory)
    return said


def keep_key(directory: Path) -> None:
    """Put the log's key beside a trail, so that commands can write to it."""
    (directory / "keys").mkdir(mode=0o700)
    durable.write(directory / "keys" / "log.key", f"{trails.SIGNER}\n".encode())
