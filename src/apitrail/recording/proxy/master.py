"""mitmproxy, embedded with only the add-ons that recording needs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mitmproxy import exceptions, http, master, options, tls
from mitmproxy.addons import (
    core,
    disable_h2c,
    dns_resolver,
    next_layer,
    proxyserver,
    upstream_auth,
)
from mitmproxy.proxy import mode_specs

from apitrail import last_resort
from apitrail.recording.limits import Limits
from apitrail.recording.proxy import layer, silence
from apitrail.recording.proxy.certificates import Certificates
from apitrail.recording.proxy.lookups import Lookups
from apitrail.recording.proxy.modes import LOOPBACK, Listener, apart, listen_error, mode_error
from apitrail.recording.proxy.patience import Doors
from apitrail.recording.proxy.wanted_hooks import Addons


class _Ready:
    """Tells when the servers are up."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def running(self) -> None:
        self.event.set()


class _ReverseName:
    """Makes a reverse listener's own TLS name stay its own: the upstream has another."""

    def tls_start_server(self, data: tls.TlsData) -> None:
        reverse = isinstance(data.context.client.proxy_mode, mode_specs.ReverseMode)
        if reverse and data.context.server.address is not None:
            data.context.server.sni = data.context.server.address[0]


class _ProxyCredentials(upstream_auth.UpstreamAuth):
    """Credentials for a corporate proxy, which are no reverse listener's business.

    mitmproxy would put them in the place of the client's Authorization there.
    """

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if isinstance(flow.client_conn.proxy_mode, mode_specs.UpstreamMode):
            super().requestheaders(flow)


class _Master(master.Master):
    """mitmproxy, and the doors through which its clients come."""

    def __init__(self, confdir: Path, limits: Limits) -> None:
        super().__init__(options.Options(confdir=str(confdir), listen_host=LOOPBACK))
        self.addons = Addons(self)
        self.doors = Doors(limits)


class Server:
    """A running proxy; make one with `start`, open its ports with `listen`, end it with `close_doors` and `stop`."""

    def __init__(
        self, engine: _Master, front: proxyserver.Proxyserver, shown: Certificates
    ) -> None:
        self._master = engine
        self._front = front
        self.certificates = shown
        self._modes: list[str] = []
        self._running: asyncio.Task[None]
        self.doors = engine.doors

    @classmethod
    async def start(
        cls,
        modes: Sequence[str],
        *,
        addons: Iterable[object],
        confdir: Path,
        settings: dict[str, Any],
        limits: Limits | None = None,
    ) -> Server:
        """Make ready what `listen` opens the ports of.

        `modes` are mitmproxy's mode specs; they are on the loopback where no host is given.

        Raises:
            UsageError: an unknown mode, an option mitmproxy does not take.
        """
        modes = apart(modes)
        engine = _Master(confdir, limits or Limits())
        layer.install()
        Lookups().install(asyncio.get_running_loop())
        front, ready, shown = proxyserver.Proxyserver(), _Ready(), Certificates()
        engine.addons.add(
            core.Core(),
            disable_h2c.DisableH2C(),
            front,
            dns_resolver.DnsResolver(),
            next_layer.NextLayer(),
            _ReverseName(),
            shown,
            # After the admission, which removes the client's own proxy credentials.
            *addons,
            _ProxyCredentials(),
            ready,
        )
        server = cls(engine, front, shown)
        try:
            engine.options.update(
                mode=list(modes),
                server=False,  # not yet: see `listen`
                connection_strategy="lazy",
                keep_host_header=True,
                upstream_cert=False,
                show_ignored_hosts=False,
                tcp_timeout=silence.SILENCE,
                **settings,
            )
        except (exceptions.OptionsError, KeyError) as error:
            raise mode_error(str(error)) from error
        server._modes = list(modes)
        server._running = asyncio.create_task(engine.run(), name="mitmproxy")
        await asyncio.wait(
            [server._running, asyncio.create_task(ready.event.wait())],
            return_when=asyncio.FIRST_COMPLETED,
        )
        # After mitmproxy has put its own words for what a loop meets in their place.
        last_resort.watch(asyncio.get_running_loop())
        return server

    async def listen(self) -> None:
        """Open the ports.

        Raises:
            UsageError: a port is in use.
        """
        self._master.options.update(server=True)
        await self._front.servers.update(map(mode_specs.ProxyMode.parse, self._modes))
        self._check()

    @property
    def listeners(self) -> list[Listener]:
        """Where each mode listens."""
        found = []
        for instance in self._front.servers:
            addresses = instance.listen_addrs or (("", 0),)
            found.append(Listener(instance.mode.full_spec, addresses[0][0], addresses[0][1]))
        return found

    async def add(self, mode: str) -> Listener:
        """Listen in one more mode."""
        modes = [*self._modes, mode]
        try:
            specs = [mode_specs.ProxyMode.parse(spec) for spec in modes]
        except ValueError as error:
            raise mode_error(f"{mode}: {error}") from error
        await self._front.servers.update(specs)
        self._check()
        self._modes = modes
        return next(item for item in self.listeners if item.mode == mode)

    async def remove(self, mode: str) -> None:
        """Stop listening in a mode that was added."""
        self._modes = [spec for spec in self._modes if spec != mode]
        await self._front.servers.update([mode_specs.ProxyMode.parse(spec) for spec in self._modes])

    async def close_doors(self) -> None:
        """Take no new connections; those that are open go on."""
        await self._front.servers.update([])

    async def stop(self) -> None:
        """End the proxy."""
        self._master.shutdown()  # type: ignore[no-untyped-call]
        with contextlib.suppress(asyncio.CancelledError):
            await self._running

    def _check(self) -> None:
        for instance in self._front.servers:
            if (error := instance.last_exception) is not None:
                raise listen_error(instance.mode.full_spec, error)
