"""Recording for people who already run mitmdump:  mitmdump -s addons/record.py --set apitrail=DIR

It does not know how recording works; it is the same recorder, in somebody else's mitmproxy.
"""

from apitrail.recording.mitmdump import Recording

addons = [Recording()]
