"""Names that clients and the proxy agree on.

It does not import mitmproxy, so that commands which only speak of a recorder start fast.
"""

RUN_USER = "run-"
"""A proxy user name that starts so says which run a client belongs to."""
