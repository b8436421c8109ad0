"""The edge to mitmproxy: flows become exchanges, and what cannot be recorded does not pass.

Nothing in here knows SQL or CloudTrail's fields. mitmproxy itself is imported only in this package.
"""
