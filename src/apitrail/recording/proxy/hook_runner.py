"""Runs a connection's hooks, between mitmproxy's layers and its loop.

mitmproxy makes a task for each hook and comes back later to say that it is done, even where nobody
wants the hook or where it does not wait for anything. Here such a hook is done when it returns; those of
a call are run by its stream (`is_done`), without a way up through all layers and down again.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from typing import Any, Protocol
from weakref import WeakValueDictionary

from mitmproxy.proxy import commands, events, layer

# Pieces up to this length that are sent one after the other leave as one: a head and its body.
_TOGETHER = 64 * 1024


class Owner(Protocol):
    """The connection whose hooks are run. Times are of the clock that nobody sets."""

    def ask(self, hook: commands.StartHook) -> Coroutine[Any, Any, None] | None:
        """What runs a hook; None where nobody wants it."""

    def passed(self, hook: commands.StartHook, since: float) -> None:
        """A hook that began then is over, without having waited for anything."""

    def waits(self, since: float) -> None:
        """A hook that began then waits for something."""

    def goes_on(self) -> None:
        """It does not wait any more."""

    def note(self, hook: commands.StartHook) -> None:
        """A hook is over that had to wait."""

    async def server_event(self, event: events.Event) -> None:
        """Take the event that tells of a hook which had to wait."""


class HookRunner:
    """A connection's outermost layer: it lets through what the layers below want, except hooks."""

    def __init__(self, below: layer.Layer, owner: Owner) -> None:
        self._below = below
        self._owner = owner
        # The hooks that wait; the loop itself keeps no task alive.
        self._waiting: dict[commands.StartHook, asyncio.Task[None]] = {}

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        """What the layers want done upon an event, and upon the end of the hooks that it ran.

        What is sent in pieces is sent at once: each would wake up who receives it.
        """
        last: commands.SendData | None = None
        try:
            for command in self._commands(event):
                if last is None:
                    last = command if type(command) is commands.SendData else None
                elif type(command) is commands.SendData and _may_join(last, command):
                    last = commands.SendData(last.connection, last.data + command.data)
                    continue
                else:
                    yield last
                    last = command if type(command) is commands.SendData else None
                if last is None:
                    yield command
        except GeneratorExit:
            last = None  # nobody sends any more
            raise
        finally:
            # Also where a layer has raised: it was to be sent before that.
            if last is not None:
                yield last

    def _commands(self, event: events.Event) -> layer.CommandGenerator[None]:
        done: deque[commands.StartHook] = deque()
        try:
            while True:
                below = self._below = inner(self._below)
                for command in below.handle_event(event):
                    if not isinstance(command, commands.StartHook):
                        yield command
                    elif command in self._waiting:
                        continue  # a stream has begun it
                    elif self.is_done(command) and command.blocking:
                        done.append(command)
                if not done:
                    return
                event = events.HookCompleted(done.popleft())
        finally:
            # Left over where a layer has raised. It is told of them later, as by mitmproxy, so that
            # the calls of the connection come to their ends.
            for hook in done:
                self._waiting[hook] = asyncio.create_task(self._tell(hook))

    def is_done(self, hook: commands.StartHook) -> bool:
        """Run it as far as it goes without waiting; was that all? Else the layers are told of it later."""
        since = time.monotonic()
        asking = self._owner.ask(hook)
        if asking is not None:
            running = self._run(hook, asking)
            task = asyncio.Task(running, eager_start=True, loop=asyncio.get_running_loop())
            if not task.done():
                self._waiting[hook] = task
                self._owner.waits(since)
                return False
            task.result()
        self._owner.passed(hook, since)
        return True

    async def _run(self, hook: commands.StartHook, asking: Coroutine[Any, Any, None]) -> None:
        """Run a hook, and where it had to wait say when it is over."""
        try:
            try:
                await asking
            finally:
                if hook in self._waiting:
                    self._owner.goes_on()
            if hook in self._waiting:
                self._owner.note(hook)
                if hook.blocking:
                    await self._owner.server_event(events.HookCompleted(hook))
        finally:
            self._waiting.pop(hook, None)

    async def _tell(self, hook: commands.StartHook) -> None:
        try:
            await self._owner.server_event(events.HookCompleted(hook))
        finally:
            self._waiting.pop(hook, None)


def inner(outer: layer.Layer) -> layer.Layer:
    """The layer that a layer hands all of its events to for good; else itself.

    Those that have found the one below them (a mode's, `NextLayer`) do nothing else any more.
    """
    while outer._paused is None and outer.debug is None:  # noqa: SLF001
        handing = outer.__dict__.get("_handle_event")
        below = getattr(handing, "__self__", None)
        if not isinstance(below, layer.Layer) or handing != below.handle_event:
            break
        outer = below
    return outer


def _may_join(one: commands.SendData, other: commands.SendData) -> bool:
    return one.connection is other.connection and len(one.data) + len(other.data) <= _TOGETHER


# The runners of open connections, by the id of the client.
RUNNERS: WeakValueDictionary[str, HookRunner] = WeakValueDictionary()
