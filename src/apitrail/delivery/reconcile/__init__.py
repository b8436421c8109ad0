"""A trail and CloudTrail's own log files, held against each other."""

from apitrail.delivery.reconcile.aws_logs import read
from apitrail.delivery.reconcile.compare import Reconciliation, lines, reconcile

__all__ = ["Reconciliation", "lines", "read", "reconcile"]
