"""`apitrail mcp`: the server on stdin and stdout, or on a port of this machine."""

from __future__ import annotations

import asyncio
import importlib.util
import signal
from collections.abc import Callable

from apitrail.address import Address, listen
from apitrail.errors import UsageError
from apitrail.web import host_check, listener
from apitrail.web.mcp.visible import Visible

PATH = "/mcp"


def check_installed() -> None:
    """Raises UsageError where the package that speaks the protocol is not there."""
    if importlib.util.find_spec("mcp") is None:
        raise UsageError("the package mcp is not installed", hint="pip install 'apitrail[mcp]'")


def over_stdio(seen: Visible) -> None:
    """Serve one client until it closes stdin. Nothing else is written to stdout."""
    # A thread waits for the next line and cannot be told to stop, so Python's own handler would wait with it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    asyncio.run(_over_stdio(seen))


async def _over_stdio(seen: Visible) -> None:
    from mcp.server.stdio import stdio_server

    from apitrail.web.mcp.agent_server import server

    serving = server(seen)
    async with stdio_server() as (reading, writing):
        await serving.run(reading, writing, serving.create_initialization_options())


def over_http(
    seen: Visible, address: Address, token: str | None, say: Callable[[str], None]
) -> None:
    """Serve clients on this machine that show the token, until asked to end.

    Raises:
        UsageError: others could reach this address.
    """
    if not address.is_loopback:
        raise UsageError(
            f"{address} can be reached from other machines", hint="127.0.0.1:PORT, and a tunnel where one is needed"
        )  # fmt: skip
    if token is None:
        token = host_check.new_token()
        say(f"the token, shown this once: {token}")
    from apitrail.web.mcp.agent_server import server

    listening = listen(address)
    url = f"http://{Address.of(listening)}{PATH}"
    app = server(seen).streamable_http_app(streamable_http_path=PATH)
    guarded = host_check.Guard(app, frozenset(), token, agents=True)
    listener.run(guarded, listening, ready=lambda: say(f"agents: {url}, with Authorization: Bearer and the token"))  # fmt: skip
