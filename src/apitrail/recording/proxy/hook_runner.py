"""Runs a connection's hooks, between mitmproxy's layers and its loop.

mitmproxy makes a task for each hook and comes back later to say that it is done, even where nobody
wants the hook or where it does not wait for anything. Here such a hook is done when it returns.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine

from mitmproxy.proxy import commands, events, layer

type Handle = Callable[[commands.StartHook], Coroutine[None, None, None]]
type Come = Callable[[events.Event], Awaitable[None]]


class HookRunner:
    """A connection's outermost layer: it lets through what the layers below want, except hooks.

    `handle` runs a hook; `come` takes the event that tells of a hook which had to wait.
    """

    def __init__(self, below: layer.Layer, handle: Handle, come: Come) -> None:
        self._below = below
        self._handle = handle
        self._come = come
        # The hooks that wait; the loop itself keeps no task alive.
        self._waiting: dict[commands.StartHook, asyncio.Task[None]] = {}

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        """What the layers want done upon an event, and upon the end of the hooks that it ran."""
        done: deque[commands.StartHook] = deque()
        try:
            while True:
                for command in self._below.handle_event(event):
                    if not isinstance(command, commands.StartHook):
                        yield command
                    elif self._is_done(command) and command.blocking:
                        done.append(command)
                if not done:
                    return
                event = events.HookCompleted(done.popleft())
        finally:
            # Left over where a layer has raised. It is told of them later, as by mitmproxy, so that
            # the calls of the connection come to their ends.
            for hook in done:
                self._keep(hook, asyncio.create_task(self._tell(hook)))

    def _is_done(self, hook: commands.StartHook) -> bool:
        """Run it as far as it goes without waiting; was that all?"""
        task = asyncio.Task(self._run(hook), eager_start=True, loop=asyncio.get_running_loop())
        self._keep(hook, task)
        if not task.done():
            return False
        task.result()
        return True

    def _keep(self, hook: commands.StartHook, task: asyncio.Task[None]) -> None:
        if not task.done():
            self._waiting[hook] = task

    async def _run(self, hook: commands.StartHook) -> None:
        try:
            await self._handle(hook)
            if hook.blocking and hook in self._waiting:
                await self._come(events.HookCompleted(hook))
        finally:
            self._waiting.pop(hook, None)

    async def _tell(self, hook: commands.StartHook) -> None:
        try:
            await self._come(events.HookCompleted(hook))
        finally:
            self._waiting.pop(hook, None)
