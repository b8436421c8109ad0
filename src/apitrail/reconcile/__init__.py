"""A trail and CloudTrail's own log files, held against each other."""

from apitrail.reconcile.compare import Reconciliation, lines, reconcile
from apitrail.reconcile.logfiles import read

__all__ = ["Reconciliation", "lines", "read", "reconcile"]
