"""Exchanges and calls without their secrets: each replaced by a keyed digest of itself.

It does not know where they are stored, nor where the key comes from.
"""

from apitrail.redact.redactor import Redactor

__all__ = ["Redactor"]
