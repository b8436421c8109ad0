"""A trail over HTTP, as AWS's own clients ask: CloudTrail's API and its bucket.

It does not know SQL, nor anything about recording.
"""
