"""Handing a recording out: exports, CloudTrail's log files, and copies in a bucket."""
