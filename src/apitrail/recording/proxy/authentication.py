"""Who is at the other end of a proxy connection: the login in `Proxy-Authorization`, judged."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mitmproxy import http
from mitmproxy.certs import Cert
from mitmproxy.connection import Client
from mitmproxy.proxy import mode_specs

from apitrail import places
from apitrail.address import is_loopback
from apitrail.aside import in_thread
from apitrail.errors import UsageError
from apitrail.recording.clients.environment import RUN_USER
from apitrail.recording.operators import Login, Operators
from apitrail.recording.proxy.modes import listens_here

if TYPE_CHECKING:
    from mitmproxy.proxy.context import Context

# Each scrypt takes 16 MiB and a processor.
AT_ONCE = 2

CHALLENGE = {"Proxy-Authenticate": 'Basic realm="apitrail"', "Connection": "close"}


class Unknown(Exception):  # noqa: N818 - it is one
    """The client must say who it is."""


@dataclass(slots=True)
class Logins:
    """Judges the logins of clients; `operators` None asks for none, as in somebody else's proxy.

    A listener that other machines can reach demands a login of every client; on loopback one that
    is shown must be right. A run's user name needs no secret from this machine: whoever began the
    run through the trail's control socket owns the trail. `ports` names the operator of a
    listener, by its mode: for reverse listeners, since SigV4 owns `Authorization`.

    A client that speaks TLS with the proxy itself may show a certificate instead of a secret. TLS
    has proved that it has the key; whose certificate it is, the list of operators says.
    """

    operators: Operators | None = None
    runs: Container[str] = ()
    insecure: bool = False
    ports: dict[str, str] = field(default_factory=dict)
    clock: Callable[[], int] = places.clock
    _shown: dict[str, Cert] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _admitted: set[str] = field(default_factory=set)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def is_admitted(self, client: Client) -> bool:
        """May this connection be used, as far as is known?"""
        return not self._is_demanded(client) or client.id in self._admitted

    def meet(self, client: Client, certificate: Cert) -> None:
        """The client has shown this certificate to the proxy itself, and proved that it is its."""
        self._shown[client.id] = certificate

    def leave(self, client: Client) -> None:
        """The connection is over."""
        self.forget(client)
        self._shown.pop(client.id, None)

    def forget(self, client: Client) -> None:
        """The next request says anew who asks."""
        self._names.pop(client.id, None)
        self._admitted.discard(client.id)

    def operator(self, client: Client) -> str | None:
        """Who has logged in on this connection, or whose listener it came to."""
        return self._names.get(client.id) or self.ports.get(client.proxy_mode.full_spec)

    async def judge(self, client: Client, header: str | None) -> str | None:
        """The run that the client says it belongs to; afterwards `operator` knows who it is.

        Raises:
            Unknown: it must say who it is, or what it says is wrong.
        """
        login = _login(header)
        if (login is None or login.operator is None) and client.id in self._shown:
            if (name := self._certified(self._shown[client.id])) is not None:
                self._admitted.add(client.id)
                self._names[client.id] = name
                return None if login is None else login.run
            if self.operators is not None and self.operators.names():
                self.forget(client)
                raise Unknown("not the certificate of an operator of this trail")
        if login is None:
            if self.is_admitted(client):
                return None
            raise Unknown("this proxy asks for an operator's name and secret")
        if login.operator is None:
            if self.is_admitted(client) or (is_local(client) and login.run in self.runs):
                self._admitted.add(client.id)
                return login.run
            raise Unknown("this proxy asks for an operator's name and secret")
        if self.operators is None or (not self._is_demanded(client) and not self.operators.names()):
            return login.run
        if not await self._is_right(self.operators, login.operator, login.secret):
            self.forget(client)
            raise Unknown("not an operator of this trail, or not the secret")
        self._admitted.add(client.id)
        self._names[client.id] = login.operator
        return login.run

    def _certified(self, certificate: Cert) -> str | None:
        begins, ends = certificate.notbefore.timestamp(), certificate.notafter.timestamp()
        if self.operators is None or not begins <= self.clock() / 1000 <= ends:
            return None
        return self.operators.certified(certificate.fingerprint().hex())

    async def _is_right(self, operators: Operators, name: str, secret: str) -> bool:
        known = operators.knows(name, secret)
        if known is not None:
            return known
        async with self._slots:
            return await in_thread(operators.check, name, secret)

    def _is_demanded(self, client: Client) -> bool:
        return (
            self.operators is not None and not self.insecure and not listens_here(client.proxy_mode)
        )


def check_doors(modes: Iterable[mode_specs.ProxyMode], operators: Operators) -> None:
    """Raise UsageError for a listener that would let strangers in."""
    for mode in modes:
        if listens_here(mode):
            continue
        if not isinstance(mode, mode_specs.RegularMode | mode_specs.UpstreamMode):
            raise UsageError(
                f"{mode.full_spec!r} lets other machines in, and cannot ask who they are",
                hint="listen on 127.0.0.1, or say --insecure-listen where the network keeps strangers out",
            )
        if not operators.names():
            raise UsageError(
                f"{mode.full_spec!r} lets other machines in, and the trail has no operator",
                hint="apitrail operator add NAME, or --insecure-listen to ask nobody who they are",
            )


def is_to_proxy(context: Context) -> bool:
    """Is it the proxy itself that the client speaks TLS with, rather than an origin through it?"""
    explicit = mode_specs.RegularMode | mode_specs.UpstreamMode
    return isinstance(context.client.proxy_mode, explicit) and context.server.address is None


def is_local(client: Client) -> bool:
    """Does the client run on this machine?"""
    return is_loopback(client.peername[0])


def challenge(reason: str) -> http.Response:
    """407 (RFC 9110 section 15.5.8)."""
    text = f"apitrail: {reason}\nhint: HTTPS_PROXY=http://NAME:SECRET@HOST:PORT\n"
    headers = {**CHALLENGE, "Content-Type": "text/plain; charset=utf-8"}
    return http.Response.make(407, text, headers)


def _login(header: str | None) -> Login | None:
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, secret = base64.b64decode(encoded).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Login.of(user, secret, RUN_USER) if colon or user else None
