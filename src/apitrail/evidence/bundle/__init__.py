"""A bundle: entries, proofs, opened content and a checkpoint in a zip, the evidence handed over.

Nothing in here knows SQLite, recording, or which keys a user trusts.
"""

from apitrail.evidence.bundle.archive import is_archive
from apitrail.evidence.bundle.bundle_check import BundleReport, verify, verify_file
from apitrail.evidence.bundle.bundle_reader import Bundle

__all__ = ["Bundle", "BundleReport", "is_archive", "verify", "verify_file"]
