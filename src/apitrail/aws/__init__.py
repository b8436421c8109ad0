"""From an HTTP exchange to the AWS call it means.

Nothing in here knows CloudTrail, entries, storage, settings or the time, and nothing raises:
doubt is recorded on the Call.
"""
