"""Recorded calls for whoever wants them again: what they asked, and what botocore takes for it."""

from apitrail.replay.recorded.recorded_call import REDACTED as REDACTED
from apitrail.replay.recorded.recorded_call import Recorded as Recorded
from apitrail.replay.recorded.recorded_call import in_order as in_order
from apitrail.replay.recorded.recorded_call import places as places
from apitrail.replay.recorded.recorded_call import read as read
from apitrail.replay.recorded.recorded_call import redactions as redactions
