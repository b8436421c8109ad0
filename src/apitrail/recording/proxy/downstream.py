"""A client's connection: read no faster than may be held, and closed when its client is too slow."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from mitmproxy.connection import Connection as Connected
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands, events, mode_servers
from mitmproxy.proxy.layer import NextLayerHook
from mitmproxy.proxy.layers import tcp, udp, websocket
from mitmproxy.proxy.layers.http import _hooks as http
from mitmproxy.proxy.layers.tls import TlsClienthelloHook, TlsEstablishedClientHook
from mitmproxy.proxy.server import ConnectionIO
from mitmproxy.proxy.server_hooks import ClientDisconnectedHook

from apitrail.recording.limits import Limits
from apitrail.recording.proxy import http2
from apitrail.recording.proxy.held import GATE
from apitrail.recording.proxy.hook_runner import RUNNERS, HookRunner
from apitrail.recording.proxy.patience import PACES, TURNED_AWAY, Doors, Due, Pace
from apitrail.recording.proxy.silence import Watchdog
from apitrail.recording.proxy.turns import Turns
from apitrail.recording.proxy.wanted_hooks import Addons

logger = logging.getLogger("apitrail")

SLOW = {
    "header": "a client took longer than {0:g} s for the head of a request",
    "body": "a client sent nothing of a request's body for {0:g} s",
}
"""What is said of a connection that is closed; one that was idle is none of the user's business."""

STOPPED = 1.0
"""Seconds that an alarm may be late before we take it that the recorder stood still, not the client."""

CRASHED = "mitmproxy has lost track of this connection"
"""The error of a client whose connection was closed for that: its calls get no more hooks."""

_DEFAULT = Doors(Limits())


class Connection(mode_servers.ProxyConnectionHandler):
    """mitmproxy makes one for each client that connects.

    The master's `doors`, where it has them, hold the limits.
    """

    def __init__(self, master: Any, *arguments: Any) -> None:
        super().__init__(master, *arguments)  # type: ignore[no-untyped-call]
        self._doors: Doors = getattr(master, "doors", _DEFAULT)
        self._pace = Pace(self._doors.limits, idle=time.monotonic())
        self._alarm: asyncio.TimerHandle | None = None
        self._excused = False
        self._told_again: asyncio.Task[None] | None = None
        self._opening: dict[Connected, commands.OpenConnection] = {}
        # Set when the client has sent something, which may give its streams more of a window.
        self._moved = asyncio.Event()
        self._watchdog = Watchdog(self.timeout_watchdog.timeout, self.on_timeout)
        self.timeout_watchdog = self._watchdog
        self._server_event_lock = Turns()
        PACES[self.client.id] = self._pace

    async def handle_client(self) -> None:
        """One connection from its start to its end."""
        runner = HookRunner(self.layer, self)
        self.layer = RUNNERS[self.client.id] = runner  # type: ignore[assignment]
        if self.client.transport_protocol != "tcp":
            await super().handle_client()
            return
        with self._doors.entered(self.client.peername[0]) as room:
            if not room:
                self._turn_away()
                return
            self._arm()
            try:
                await super().handle_client()
                await self._give_up_opening()
            finally:
                if self._alarm is not None:
                    self._alarm.cancel()
                self._pace.free = True
                GATE.open(self.client.id)

    def open_connection(self, command: commands.OpenConnection) -> Coroutine[Any, Any, None]:
        """Connect to an upstream. It is noted before its task exists, which may never begin."""
        self._opening[command.connection] = command
        return super().open_connection(command)

    async def _give_up_opening(self) -> None:
        """The client has left, and mitmproxy has stopped connecting for it.

        It tells its layers so only where the socket was being opened. A call that waits for a
        connection in any other stage, a name's address or a hook, would wait for ever.
        """
        for connection, command in list(self._opening.items()):
            io = self.transports.get(connection)
            if io is None or io.handler is None or io.handler.done():
                connection.state = ConnectionState.CLOSED
                if io is not None and io.writer is not None:
                    io.writer.close()
                failed = events.OpenConnectionCompleted(command, "client disconnected")
                await self.server_event(failed)

    async def handle_connection(self, connection: Connected) -> None:
        """One side, for as long as it is open. mitmproxy awaits no other error than OSError."""
        await self._noted(connection)
        try:
            await super().handle_connection(connection)
        except MemoryError:
            connection.state = ConnectionState.CLOSED
            await self.server_event(events.ConnectionClosed(connection))
            io = self.transports.pop(connection, None)
            if io is not None and io.writer is not None:
                io.writer.close()

    async def _noted(self, connection: Connected) -> None:
        """Wait until mitmproxy has noted the task of this connection, which begins before that.

        Where all bytes of a client are here already, it would come to the connection's end first.
        """
        io, task = self.transports[connection], asyncio.current_task()
        if io.handler is not None or task is None:
            return
        io.handler = task
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            task.cancel()  # to be met where mitmproxy looks for it

    def log(self, message: str, level: int = logging.INFO, exc_info: Any = None) -> None:
        """What mitmproxy says; with an exception it says that it cannot go on, and then waits."""
        super().log(message, level, exc_info)
        if exc_info:
            self.client.error = CRASHED
            io = self.transports.get(self.client)
            if io is not None and io.handler is not None:
                io.handler.cancel(CRASHED)
            elif self.client.timestamp_end is not None:
                # Its client has left, which was told before anybody knew of this.
                again = self.handle_hook(ClientDisconnectedHook(self.client))
                self._told_again = asyncio.create_task(again, name="client was lost")

    def _turn_away(self) -> None:
        logger.warning(TURNED_AWAY, self._doors.limits.connections)
        writer = self.transports.pop(self.client).writer
        assert writer is not None
        writer.close()

    async def server_event(self, event: events.Event) -> None:
        """Something came, from the client or from elsewhere."""
        if isinstance(event, events.OpenConnectionCompleted):
            self._opening.pop(event.command.connection, None)
        if isinstance(event, events.DataReceived) and event.connection is self.client:
            self._excused = False
            self._pace.received(time.monotonic())
            self._arm()
        await super().server_event(event)
        if isinstance(event, events.ConnectionEvent) and event.connection is self.client:
            self._moved.set()

    async def drain_writers(self) -> None:
        """mitmproxy calls this after each piece that it has read."""
        if http2.has_windows(self.client):
            await self._keep_pace()
        # What an upstream sends is read in any case: what the client waits for may need it, such as a handshake.
        passes = GATE.is_open(self.client.id) or not self._reads_client()
        if passes and all(map(_is_drained, self.transports.values())):
            return
        self._pace.wait(time.monotonic())
        try:
            await super().drain_writers()  # type: ignore[no-untyped-call]
            if not passes:
                await GATE.passed(self.client.id)
        finally:
            self._pace.go_on(time.monotonic())
            self._arm()

    def _reads_client(self) -> bool:
        """Is this the task that reads what the client sends?"""
        io = self.transports.get(self.client)
        return io is not None and io.handler is asyncio.current_task()

    async def _keep_pace(self) -> None:
        """Read no more of an upstream whose answer its client has no window for."""
        task = asyncio.current_task()
        reads = [each for each, io in self.transports.items() if io.handler is task]
        while any(http2.is_ahead(self.client, each) for each in reads):
            self._moved.clear()
            await self._moved.wait()

    # -- hooks: each tells of a stage. What it takes is not the time of either side -------------

    async def handle_hook(self, hook: commands.StartHook) -> None:
        """One that mitmproxy itself waits for; those of its layers are run by the `HookRunner`."""
        if (asking := self.ask(hook)) is not None:
            self.waits(time.monotonic())
            try:
                await asking
            finally:
                self.goes_on()
        self.note(hook)

    def ask(self, hook: commands.StartHook) -> Coroutine[Any, Any, None] | None:
        """What runs a hook; None where nobody wants it."""
        addons = self.master.addons
        return addons.ask(hook) if isinstance(addons, Addons) else super().handle_hook(hook)

    def passed(self, hook: commands.StartHook, since: float) -> None:
        """A hook that began then is over, without having waited for anything."""
        now = time.monotonic()
        self._pace.spent(since, now)
        if (stage := _STAGES.get(type(hook))) is not None:
            stage(self._pace, hook, now)
            self._arm()

    def waits(self, since: float) -> None:
        """A hook that began then waits for something."""
        self._pace.wait(since)
        self._watchdog.pause()

    def goes_on(self) -> None:
        """It does not wait any more."""
        self._watchdog.go_on()
        self._pace.go_on(time.monotonic())
        self._arm()

    def note(self, hook: commands.StartHook) -> None:
        """A hook is over that had to wait."""
        if (stage := _STAGES.get(type(hook))) is not None:
            stage(self._pace, hook, time.monotonic())
            self._arm()

    def _arm(self) -> None:
        """Ring when the client is too slow. A later time is found out when it rings."""
        due = self._pace.due()
        if due is None or (self._alarm is not None and self._alarm.when() <= due.at):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_at(due.at, self._ring)

    def _ring(self) -> None:
        alarm, self._alarm = self._alarm, None
        now = time.monotonic()
        if alarm is not None and now - alarm.when() > STOPPED:
            # This process was stopped, or the machine. What came meanwhile is read after this, so
            # there is a little time for it; once, for where the machine is slow nothing may come.
            grace = 0.0 if self._excused else STOPPED
            self._excused = True
            self._pace.forgive(now - alarm.when() + grace)
        due = self._pace.due()
        if due is None:
            return  # whatever ends this arms again
        if due.at > time.monotonic():
            self._arm()
        elif due.reason == "idle" and self._is_sending():
            self._pace.settled(time.monotonic(), framed=self._pace.framed)
            self._arm()
        else:
            self._close(due)

    def _is_sending(self) -> bool:
        """Does the client still have to read what it was answered?"""
        io = self.transports.get(self.client)
        transport = getattr(io and io.writer, "transport", None)
        return transport is not None and transport.get_write_buffer_size() > 0

    def _close(self, due: Due) -> None:
        if (told := SLOW.get(due.reason)) is not None:
            seconds = getattr(self._doors.limits, due.reason)
            logger.warning("%s: its connection was closed", told.format(seconds))
        io = self.transports.get(self.client)
        if io is not None and io.handler is not None:
            io.handler.cancel("too slow")


def _is_drained(io: ConnectionIO) -> bool:
    """Is nothing left to be written, on a connection that is open?"""
    if io.writer is None:
        return True
    transport = getattr(io.writer, "transport", None)
    return (
        transport is not None
        and not transport.is_closing()
        and transport.get_write_buffer_size() == 0
    )


type Stage = Callable[[Pace, Any, float], None]


def _connected(pace: Pace, _hook: Any, now: float) -> None:
    pace.settled(now)


def _hello(pace: Pace, hook: TlsClienthelloHook, _now: float) -> None:
    pace.free = pace.free or hook.data.ignore_connection


def _secured(pace: Pace, hook: TlsEstablishedClientHook, now: float) -> None:
    side = hook.data.conn
    if side is hook.data.context.client:
        pace.settled(now, framed=side.alpn == b"h2")


def _layered(pace: Pace, hook: NextLayerHook, _now: float) -> None:
    pace.free = pace.free or isinstance(hook.data.layer, tcp.TCPLayer | udp.UDPLayer)


def _freed(pace: Pace, _hook: Any, _now: float) -> None:
    pace.free = True


# What each of mitmproxy's hooks tells. A tunnel and a WebSocket may be silent.
_STAGES: dict[type[commands.StartHook], Stage] = {
    http.HttpConnectHook: _connected,
    http.HttpRequestHeadersHook: lambda pace, hook, now: pace.headed(hook.flow.id, now),
    http.HttpRequestHook: lambda pace, hook, now: pace.whole(hook.flow.id, now),
    http.HttpResponseHook: lambda pace, hook, now: pace.over(hook.flow.id, now),
    http.HttpErrorHook: lambda pace, hook, now: pace.over(hook.flow.id, now, failed=True),
    TlsClienthelloHook: _hello,
    TlsEstablishedClientHook: _secured,
    NextLayerHook: _layered,
    tcp.TcpStartHook: _freed,
    websocket.WebsocketStartHook: _freed,
}
