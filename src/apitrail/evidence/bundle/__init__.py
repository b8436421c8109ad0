"""A bundle: entries, proofs, opened content and a checkpoint in a zip, the evidence handed over.

Nothing in here knows SQLite, recording, or which keys a user trusts. What verifies a bundle is
imported when it is asked for: most commands only want to know whether a path is one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apitrail.evidence.bundle.archive import is_archive
    from apitrail.evidence.bundle.bundle_check import BundleReport, verify, verify_file
    from apitrail.evidence.bundle.bundle_reader import Bundle

__all__ = ["Bundle", "BundleReport", "is_archive", "verify", "verify_file"]

_AT = {
    "Bundle": "bundle_reader",
    "BundleReport": "bundle_check",
    "is_archive": "archive",
    "verify": "bundle_check",
    "verify_file": "bundle_check",
}


def __getattr__(name: str) -> object:
    if name not in _AT:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_AT[name]}"), name)
