"""From a decoded call to a CloudTrail record, with CloudTrail's measured quirks.

It does not know how calls are decoded, nor that anything is stored.
"""
