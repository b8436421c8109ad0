"""The mitmproxy add-on that decides where a connection may go and whether it is looked into.

It does not know about recording; it runs before the recorder and leaves nothing open.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
import socket
from collections import Counter
from collections.abc import Mapping

from mitmproxy import http, tls
from mitmproxy.connection import Client
from mitmproxy.proxy import mode_specs, server_hooks
from mitmproxy.tcp import TCPFlow

from apitrail.proxy.destination import Address, Destinations
from apitrail.proxy.names import RUN_USER


class Guard:
    """Destinations checked at every door: CONNECT, plain request, ClientHello, connect."""

    def __init__(self, destinations: Destinations) -> None:
        self.destinations = destinations
        self.tunnelled: Counter[str] = Counter()
        self.runs: dict[str, str] = {}

    def forget(self, told: Mapping[str, int]) -> None:
        """What was tunnelled is written down; count on from there."""
        self.tunnelled.subtract(told)
        self.tunnelled += Counter()  # drops what is zero

    def client_disconnected(self, client: Client) -> None:
        self.runs.pop(client.id, None)

    async def http_connect(self, flow: http.HTTPFlow) -> None:
        """A CONNECT: refused here rather than after a 200, so that the client hears why."""
        self.runs.update(_run(flow))
        host, port = flow.request.host, flow.request.port
        if self.destinations.intercepts(host, port) or _by_proxy(flow.client_conn):
            return
        if (reason := await self._refusal(host, port)) is not None:
            flow.response = refusal(403, reason)

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """A request: malformed in ways mitmproxy lets pass, or to where nothing may go."""
        if flow.error or flow.response:
            return
        self.runs.update(_run(flow))
        # They are for this proxy; upstream they would be noise, or a leak.
        for name in ("proxy-authorization", "proxy-connection"):
            flow.request.headers.pop(name, None)
        if (reason := malformed(flow.request)) is not None:
            flow.response = refusal(400, reason)

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Look into TLS only where calls are recorded; the rest passes as it is."""
        server = data.context.server
        if isinstance(data.context.client.proxy_mode, mode_specs.ReverseMode):
            return
        names = [name for name in (data.client_hello.sni, (server.address or ("",))[0]) if name]
        port = (server.address or ("", 443))[1]
        if any(self.destinations.intercepts(name, port) for name in names):
            return
        self.tunnelled[names[0] if names else "?"] += 1
        data.ignore_connection = True

    def tcp_start(self, flow: TCPFlow) -> None:
        """Bytes that are no HTTP, to a host whose calls are recorded: they would pass unseen."""
        address = flow.server_conn.address
        name = flow.client_conn.sni
        if isinstance(flow.client_conn.proxy_mode, mode_specs.ReverseMode) or any(
            host and self.destinations.intercepts(host, address[1] if address else 443)
            for host in (name, address[0] if address else None)
        ):
            flow.kill()
        else:
            self.tunnelled[address[0] if address else "?"] += 1

    async def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        """The last door, for every mode: nothing private is connected to by name or number."""
        server = data.server
        if server.address is None or server.via is not None or server.error:
            return
        host, port = server.address[0], server.address[1]
        if (host.lower(), port) in self.destinations.targets:
            return
        try:
            addresses = await resolve(host, port)
        except OSError as error:
            server.error = f"cannot resolve {host}: {error}"
            return
        for address in addresses:
            if (reason := self.destinations.refusal(host, port, address)) is not None:
                server.error = reason
                return

    async def _refusal(self, host: str, port: int) -> str | None:
        try:
            addresses = await resolve(host, port)
        except OSError:
            return None  # connecting will say so
        reasons = (self.destinations.refusal(host, port, address) for address in addresses)
        return next((reason for reason in reasons if reason is not None), None)


def malformed(request: http.Request) -> str | None:
    """Two readers of such a request could see two different calls (RFC 9112 sections 3.2, 5.2)."""
    names = [name.lower() for name, _ in request.headers.fields]
    if names.count(b"host") > 1:
        return "a request with more than one Host header"
    if any(b"\r" in value or b"\n" in value for _, value in request.headers.fields):
        return "a request with a folded header line"
    return None


def refusal(status: int, reason: str) -> http.Response:
    """A refusal in plain words: the client is no SDK, or not talking to AWS."""
    text = f"apitrail: {reason}\nhint: --tunnel HOST|CIDR admits a private destination\n"
    if status == 400:
        text = f"apitrail: {reason}\n"
    return http.Response.make(status, text, {"Content-Type": "text/plain; charset=utf-8"})


async def resolve(host: str, port: int) -> list[Address]:
    """Every address a name stands for; raises OSError where it stands for none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _by_proxy(client: Client) -> bool:
    """Does a second proxy resolve names for this client?"""
    return isinstance(client.proxy_mode, mode_specs.UpstreamMode)


def _run(flow: http.HTTPFlow) -> dict[str, str]:
    """The run a client says it belongs to, by the user name in its proxy URL."""
    header = flow.request.headers.get("proxy-authorization", "")
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        user = base64.b64decode(encoded).decode("utf-8").partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return {}
    if not user.startswith(RUN_USER):
        return {}
    return {flow.client_conn.id: user.removeprefix(RUN_USER)}
