"""The mitmproxy add-on that decides where a connection may go and whether it is looked into."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mitmproxy import http
from mitmproxy.connection import Client, Server
from mitmproxy.proxy import mode_specs

from apitrail.aside import in_thread
from apitrail.aws import decode
from apitrail.aws.find import api_host
from apitrail.aws.find import host as aws_host
from apitrail.recording.proxy import messages
from apitrail.recording.proxy.authentication import Logins, Unknown, challenge, is_to_proxy
from apitrail.recording.proxy.destination import Address, Destinations
from apitrail.recording.proxy.fail_closed import closed

if TYPE_CHECKING:
    from mitmproxy import tls
    from mitmproxy.proxy import server_hooks
    from mitmproxy.tcp import TCPFlow

logger = logging.getLogger("apitrail")


# How many destinations a heartbeat names; the rest are counted together, so that a client that
# asks for ever new names fills neither the memory nor the log.
NAMED = 256
# Where a flow's metadata has the name of its operator.
OPERATOR = "apitrail.operator"
OTHERS = "others"
# Marks a CONNECT whose destination is reached without the proxy behind us.
DIRECT = "apitrail-direct"


class Refused(Exception):  # noqa: N818 - it is one
    """Why nothing may connect there."""


async def _refuse(_: Guard, flow: http.HTTPFlow, error: Exception) -> None:
    """A request that cannot be judged is answered here."""
    logger.error("cannot judge a request: %s", messages.safe(error))
    flow.response = refusal(502, f"cannot judge this request: {messages.safe(error)}")


async def _cut_tls(guard: Guard, data: tls.ClientHelloData, error: Exception) -> None:
    """A TLS connection that cannot be judged is not connected to anything."""
    logger.error("cannot judge a TLS connection: %s", messages.safe(error))
    data.ignore_connection = False
    guard.cut(data.context.client)


async def _cut_bytes(guard: Guard, flow: TCPFlow, error: Exception) -> None:
    """The same for a connection that does not speak HTTP."""
    logger.error("cannot judge a connection: %s", messages.safe(error))
    guard.cut(flow.client_conn)


class Guard:
    """Destinations checked at every door: CONNECT, plain request, ClientHello, connect."""

    def __init__(
        self,
        destinations: Destinations,
        logins: Logins | None = None,
        *,
        listed_only: bool = False,
    ) -> None:
        """`listed_only` lets nothing pass unread but to hosts that `--tunnel` lists."""
        self.destinations = destinations
        self.listed_only = listed_only
        self.logins = logins or Logins()
        self.tunnelled: Counter[str] = Counter()
        # Names of AWS's that are no API's, to which something was tunnelled.
        self.passed: set[str] = set()
        self.runs: dict[str, str] = {}
        self._cut: set[str] = set()
        self._pinned: dict[str, tuple[str, int]] = {}

    def forget(self, told: Mapping[str, int]) -> None:
        """What was tunnelled is written down; count on from there."""
        self.tunnelled.subtract(told)
        self.tunnelled += Counter()  # removes counts of zero

    def count(self, host: str) -> None:
        """Something is tunnelled to `host`."""
        if len(self.passed) < NAMED and aws_host.parse(host).partition is not None:
            self.passed.add(host)
        known = host in self.tunnelled or len(self.tunnelled) < NAMED
        self.tunnelled[host if known else OTHERS] += 1

    def shut(self, host: str, addresses: Sequence[Address] = ()) -> str | None:
        """Why nothing may pass there unread, or None where it may."""
        if not self.listed_only or self.destinations.tunnels.lists(host, addresses):
            return None
        return f"{host} is not listed, and a guard lets nothing pass that is not read"

    def cut(self, client: Client) -> None:
        """Connect this client to nothing any more."""
        self._cut.add(client.id)

    def client_disconnected(self, client: Client) -> None:
        """What is remembered of a connection goes with it."""
        self.runs.pop(client.id, None)
        self.logins.leave(client)
        self._cut.discard(client.id)

    async def client_connected(self, _: Client) -> None:
        """The first client waits until AWS's names are known; they are slow to load."""
        if not decode.is_ready():
            await in_thread(decode.prepare)

    @closed(_refuse)
    async def http_connect(self, flow: http.HTTPFlow) -> None:
        """A CONNECT: refused here rather than after a 200, so that the client hears why."""
        if not await self._login(flow):
            return
        host, port = flow.request.host, flow.request.port
        past_proxy = _by_proxy(flow.client_conn) and self.destinations.is_direct(host, port)
        if past_proxy:
            flow.metadata[DIRECT] = True
        if self.destinations.intercepts(host, port):
            return
        if _by_proxy(flow.client_conn) and not past_proxy:
            if (reason := self.shut(host)) is not None:
                flow.response = refusal(403, reason)
            return
        try:
            await self._judged(host, port)
        except Refused as refused:
            flow.response = refusal(403, str(refused))

    @closed(_refuse)
    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """A request: malformed in ways mitmproxy lets pass, or to where nothing may go."""
        if flow.error or flow.response:
            return
        if not await self._login(flow):
            return
        if (reason := malformed(flow.request)) is not None:
            flow.response = refusal(400, reason)
            return
        if flow.server_conn.via is not None and self.destinations.is_direct(
            flow.request.host, flow.request.port
        ):
            flow.server_conn = Server(address=None)

    async def _login(self, flow: http.HTTPFlow) -> bool:
        """Is it known who asks, as far as it must be? Else the flow is answered here."""
        client, to_proxy = flow.client_conn, _to_proxy(flow)
        shown = _taken_out(flow.request, to_proxy=to_proxy)
        if to_proxy and shown is None:
            self.logins.forget(client)  # each request to a proxy says who asks
        try:
            run = await self.logins.judge(client, shown)
        except Unknown as unknown:
            flow.response = challenge(str(unknown))
            return False
        if run is not None:
            self.runs[client.id] = run
        flow.metadata[OPERATOR] = self.logins.operator(client)
        return True

    @closed(_cut_tls)
    async def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Look into TLS only where calls are recorded; the rest passes as it is."""
        server = data.context.server
        reverse = isinstance(data.context.client.proxy_mode, mode_specs.ReverseMode)
        if reverse or is_to_proxy(data.context):
            return
        names = [name for name in (data.client_hello.sni, (server.address or ("",))[0]) if name]
        port = (server.address or ("", 443))[1]
        own = api_host.is_device(data.client_hello.alpn_protocols)
        if not own and any(self.destinations.intercepts(name, port) for name in names):
            return
        # The destination decides, not the name in the client's TLS, which may be any name.
        if own and self.shut((server.address or ("?",))[0]) is not None:
            self.cut(data.context.client)
            return
        self.count((server.address or ("?",))[0])
        data.ignore_connection = True

    def tls_established_client(self, data: tls.TlsData) -> None:
        """Keep what the client has shown to the proxy itself; mitmproxy forgets it in a tunnel."""
        client = data.context.client
        if is_to_proxy(data.context) and client.certificate_list:
            self.logins.meet(client, client.certificate_list[0])

    @closed(_cut_bytes)
    async def tcp_start(self, flow: TCPFlow) -> None:
        """Bytes that are no HTTP, to a host whose calls are recorded: they would pass unseen."""
        address = flow.server_conn.address
        host, port = address[:2] if address else ("", 443)
        names = {flow.client_conn.sni or "", host} - {""}
        if flow.server_conn.timestamp_start is not None:
            return  # a recorded call has changed protocols; its bytes belong to it
        if any(self.destinations.intercepts(name, port) for name in names):
            # mitmproxy opens the connection after this hook, even if the flow is killed.
            self.cut(flow.client_conn)
        else:
            self.count(host or "?")

    def tcp_message(self, flow: TCPFlow) -> None:
        """mitmproxy would keep all that passes in memory."""
        flow.messages.clear()

    async def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        """The last door, for every mode: nothing private is connected to by name or number."""
        server = data.server
        if server.address is None or server.error:
            return
        if not self.logins.is_admitted(data.client):
            server.error = "nobody knows who asks"
        elif data.client.id in self._cut:
            server.error = "what is sent there is not HTTP, and would pass unrecorded"
        elif server.via is None:
            await self._pin(server)

    def server_connected(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Call the server by its name again: mitmproxy finds open connections by it."""
        if (address := self._pinned.pop(data.server.id, None)) is not None:
            object.__setattr__(data.server, "address", address)

    server_connect_error = server_connected

    async def _pin(self, server: Server) -> None:
        """Refuse, or connect to the very address that was judged.

        A name could stand for another address when it is asked for again. AWS's own names are
        not in a stranger's hands, and keep the resolver's way from address to address.
        """
        host, port = server.address[:2] if server.address else ("", 0)
        try:
            addresses = await self._judged(host, port)
        except Refused as error:
            server.error = str(error)
        except Exception as error:  # noqa: BLE001 - mitmproxy would connect
            server.error = f"cannot tell where {host!r} is: {messages.safe(error)}"
        else:
            if addresses and not self.destinations.intercepts(host, port):
                self._pinned[server.id] = (host, port)
                # The address is the only one tried, so IPv4 is preferred: IPv6 may be
                # unreachable.
                server.address = (str(min(addresses, key=lambda each: each.version)), port)

    async def _judged(self, host: str, port: int) -> list[Address]:
        """The addresses of a destination, none for a configured one; Refused if one is private."""
        if (host.lower(), port) in self.destinations.targets:
            return []
        try:
            addresses = await resolve(host, port)
        except OSError as error:
            raise Refused(f"cannot resolve {host}: {error.strerror}") from error
        unread = not self.destinations.intercepts(host, port)
        if unread and (reason := self.shut(host, addresses)) is not None:
            raise Refused(reason)
        for address in addresses:
            if (reason := self.destinations.refusal(host, port, address)) is not None:
                raise Refused(reason)
        return addresses


def _taken_out(request: http.Request, *, to_proxy: bool) -> str | None:
    """The login that a request shows to this proxy alone; it goes neither up nor to the disk."""
    headers = request.headers
    # Most requests have none, and mitmproxy takes long to find that a name is not there.
    if not any(name[:6].lower() == b"proxy-" for name, _ in headers.fields):
        return None
    shown: str | None = headers.get("proxy-authorization")
    headers.pop("proxy-authorization", None)
    if not to_proxy:
        return None  # within a tunnel, whose CONNECT was judged
    headers.pop("proxy-connection", None)
    return shown


def malformed(request: http.Request) -> str | None:
    """Two readers of such a request could see two different calls (RFC 9112 sections 3.2, 5.2)."""
    fields = request.headers.fields
    if sum([len(name) == 4 and name.lower() == b"host" for name, _ in fields]) > 1:
        return "a request with more than one Host header"
    values = b"".join([value for _, value in fields])
    if b"\r" in values or b"\n" in values:
        return "a request with a folded header line"
    return None


def refusal(status: int, reason: str) -> http.Response:
    """A refusal in plain words: the client is no SDK, or not talking to AWS."""
    text = f"apitrail: {reason}\n"
    if status == 403:
        text += "hint: --tunnel HOST|CIDR admits a private destination\n"
    return http.Response.make(status, text, {"Content-Type": "text/plain; charset=utf-8"})


async def resolve(host: str, port: int) -> list[Address]:
    """Every address a name stands for; raises OSError where it stands for none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _to_proxy(flow: http.HTTPFlow) -> bool:
    """Was the request said to a proxy, rather than to an origin through one?"""
    return flow.server_conn.address is None and isinstance(
        flow.client_conn.proxy_mode, mode_specs.RegularMode | mode_specs.UpstreamMode
    )


def _by_proxy(client: Client) -> bool:
    """Does a second proxy resolve names for this client?"""
    return isinstance(client.proxy_mode, mode_specs.UpstreamMode)
