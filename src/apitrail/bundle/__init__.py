"""A bundle: entries, proofs, opened content and a checkpoint in a zip, the evidence handed over.

Nothing in here knows SQLite, recording, or which keys a user trusts.
"""

from apitrail.bundle.archive import is_archive
from apitrail.bundle.check import BundleReport, verify, verify_file
from apitrail.bundle.reader import Bundle

__all__ = ["Bundle", "BundleReport", "is_archive", "verify", "verify_file"]
