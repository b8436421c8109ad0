"""A trust policy in a file."""

from __future__ import annotations

from pathlib import Path

from apitrail.errors import FormatError, UsageError
from apitrail.tlog.policy import Policy


def read(path: Path) -> Policy:
    """A policy from a file; raises UsageError where it cannot be read, or is none."""
    try:
        return Policy.parse(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read the policy {str(path)!r}: {error.strerror}") from error
    except FormatError as error:
        raise UsageError(
            f"{str(path)!r}: {error}",
            hint="docs/anchors.md shows one; the format is C2SP tlog-policy",
        ) from error
