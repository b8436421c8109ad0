"""The edge to mitmproxy: flows become exchanges, and what cannot be recorded does not pass.

mitmproxy itself is imported only in this package.
"""

from apitrail.recording.proxy import deferred

deferred.install()
