"""The last answer on a client's connection: it says `Connection: close`, so that the client comes anew.

It does not know why that is wanted. The log tells the answer as the upstream has sent it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mitmproxy import http
from mitmproxy.proxy import layer
from mitmproxy.proxy.layers.http import SendHttp, _events

from apitrail.recording.proxy import flows

# Key of a flow's metadata: its answer is the last one on its connection.
_LAST = "apitrail: last on its connection"
# What follows an answer of this status is another protocol.
SWITCHING = 101


@dataclass(slots=True)
class Farewell:
    """Whose answers are the last ones; `number` is how many there are still to be.

    A connection of HTTP/2 is not ended by a header, and goes on.
    """

    number: int = 0

    def choose(self, flow: http.HTTPFlow) -> None:
        """Have an answer that is here, or begins, be the last one, if one is wanted and it can be."""
        if not self.number or flow.response is None or _LAST in flow.metadata:
            return
        if flow.response.status_code != SWITCHING and not flows.is_framed(flow.client_conn):
            flow.metadata[_LAST] = True
            self.number -= 1

    def say(self, flow: http.HTTPFlow) -> None:
        """Have one whose entry is written say so, where it is the last."""
        self.choose(flow)
        if flow.response is not None and _LAST in flow.metadata:
            flow.response.headers["Connection"] = "close"


def said(flow: http.HTTPFlow, sent: layer.CommandGenerator[None]) -> layer.CommandGenerator[None]:
    """The beginning of an answer whose entry will be written at its end, of what the upstream has sent."""
    for command in sent:
        if _LAST in flow.metadata and isinstance(command, SendHttp):
            assert isinstance(command.event, _events.ResponseHeaders)
            command.event.response = shown = command.event.response.copy()
            shown.headers["Connection"] = "close"
        yield command
