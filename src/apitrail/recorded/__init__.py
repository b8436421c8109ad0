"""Recorded calls for whoever wants them again: what they asked, and what botocore takes for it.

It does not know what is done with them.
"""

from apitrail.recorded.call import REDACTED as REDACTED
from apitrail.recorded.call import Recorded as Recorded
from apitrail.recorded.call import in_order as in_order
from apitrail.recorded.call import places as places
from apitrail.recorded.call import read as read
from apitrail.recorded.call import redactions as redactions
