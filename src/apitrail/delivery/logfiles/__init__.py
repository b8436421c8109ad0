"""The log as CloudTrail delivers it: log files, digests, and copies in a bucket that stay.

It does not know how a trail stores, nor who reads what it delivers.
"""
