"""Exchanges and calls without their secrets: each replaced by a keyed digest of itself."""

from apitrail.redact.redactor import Redactor

__all__ = ["Redactor"]
