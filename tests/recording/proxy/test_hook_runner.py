"""Hooks that need not wait are done at once, those that wait are told of later."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from mitmproxy.proxy import commands, events, layer

from apitrail.recording.proxy.hook_runner import HookRunner, inner


@dataclass
class AskedHook(commands.StartHook):
    name = "asked_of_a_test"
    subject: str


@dataclass
class ToldHook(commands.StartHook):
    name = "told_by_a_test"
    subject: str
    blocking = False


class Below(layer.Layer):
    """Runs a hook that it waits for and one that it does not, and says so before and after."""

    def __init__(self):
        self.debug, self._paused, self._paused_event_queue = None, None, []

    def _handle_event(self, event):
        yield commands.Log("before")
        yield AskedHook("a")
        yield commands.Log("between")
        yield ToldHook("b")
        yield commands.Log("after")


class Owner:
    """Runs hooks as `handle` does, and takes events as `come` does."""

    def __init__(self, handle, come):
        self.ask, self.server_event = handle, come
        self.told = []

    def passed(self, hook, since):
        self.told.append(("passed", hook.subject))

    def waits(self, since):
        self.told.append("waits")

    def goes_on(self):
        self.told.append("goes on")

    def note(self, hook):
        self.told.append(("noted", hook.subject))


async def _ran(handle):
    """What came up at once, and what came up when a hook that waited was over."""
    later, over = [], asyncio.Event()

    async def come(event):
        later.extend(command.message for command in runner.handle_event(event))
        over.set()

    owner = Owner(handle, come)
    runner = HookRunner(Below(), owner)
    at_once = [command.message for command in runner.handle_event(events.Start())]
    if "after" not in at_once:
        await over.wait()
    return at_once, later, owner.told


def test_a_hook_that_does_not_wait_is_done_at_once():
    ran = []

    async def handle(hook):
        ran.append(hook.subject)

    at_once, later, told = asyncio.run(_ran(handle))
    assert (at_once, later) == (["before", "between", "after"], [])
    assert ran == ["a", "b"]
    assert told == [("passed", "a"), ("passed", "b")]


def test_a_hook_that_nobody_wants_is_over_at_once():
    at_once, later, told = asyncio.run(_ran(lambda _hook: None))
    assert (at_once, later) == (["before", "between", "after"], [])
    assert told == [("passed", "a"), ("passed", "b")]


def test_what_follows_a_hook_that_waits_comes_when_it_is_over():
    async def handle(hook):
        if hook.subject == "a":
            await asyncio.sleep(0)

    at_once, later, told = asyncio.run(_ran(handle))
    assert (at_once, later) == (["before"], ["between", "after"])
    assert told == ["waits", "goes on", ("noted", "a"), ("passed", "b")]


def test_the_time_counts_again_where_a_hook_that_waited_raises():
    told = []

    async def handle(_hook):
        await asyncio.sleep(0)
        raise ValueError("broken")

    async def run():
        owner = Owner(handle, None)
        owner.told = told
        list(HookRunner(Below(), owner).handle_event(events.Start()))
        waiting = asyncio.all_tasks() - {asyncio.current_task()}
        return await asyncio.gather(*waiting, return_exceptions=True)

    [error] = asyncio.run(run())
    assert str(error) == "broken"
    assert told == ["waits", "goes on"]


def test_layers_that_hand_on_all_they_get_are_gone_round():
    below, between, outer, busy = Below(), Below(), Below(), Below()
    between._handle_event = below.handle_event
    outer._handle_event = between.handle_event
    assert inner(outer) is below
    between._paused = object()  # it has events to hand on first
    assert inner(outer) is between
    busy._handle_event = lambda event: iter(())
    assert inner(busy) is busy


def test_nobody_is_told_of_a_hook_that_nobody_waits_for():
    async def handle(hook):
        if hook.subject == "b":
            await asyncio.sleep(0)

    async def run():
        found = await _ran(handle)
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
        return found

    at_once, later, _ = asyncio.run(run())
    assert (at_once, later) == (["before", "between", "after"], [])


class Broken(Below):
    """Raises after a hook that another layer waits for."""

    def _handle_event(self, event):
        if isinstance(event, events.HookCompleted):
            yield commands.Log("told")
            return
        hook = AskedHook("a")
        hook.blocking = self
        yield hook
        raise ValueError("broken")


def test_a_layer_that_raises_is_still_told_of_hooks_that_are_done():
    async def run():
        told = asyncio.get_running_loop().create_future()

        async def come(event):
            told.set_result([command.message for command in runner.handle_event(event)])

        async def handle(_hook):
            pass

        runner = HookRunner(Broken(), Owner(handle, come))
        with pytest.raises(ValueError, match="broken"):
            list(runner.handle_event(events.Start()))
        return await told

    assert asyncio.run(run()) == ["told"]


def test_what_a_hook_raises_is_not_lost():
    async def handle(_hook):
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(_ran(handle))


ONE, OTHER = object(), object()


class Sending(layer.Layer):
    """Sends what it was made with, then raises if it was told to."""

    def __init__(self, *pieces, raises=False):
        self.debug, self._paused, self._paused_event_queue = None, None, []
        self.pieces, self.raises = pieces, raises

    def _handle_event(self, event):
        for piece in self.pieces:
            yield piece if isinstance(piece, commands.Command) else commands.SendData(*piece)
        if self.raises:
            raise RuntimeError("broken")


def _sent(*pieces, raises=False):
    sent = []
    try:
        for command in HookRunner(Sending(*pieces, raises=raises), None).handle_event(None):
            data = isinstance(command, commands.SendData)
            sent.append((command.connection, command.data) if data else command)
    except RuntimeError:
        sent.append("raised")
    return sent


def test_a_head_and_its_body_leave_as_one():
    assert _sent((ONE, b"head"), (ONE, b"body"), (ONE, b"end")) == [(ONE, b"headbodyend")]


def test_what_goes_to_two_sides_stays_apart_and_in_order():
    assert _sent((ONE, b"a"), (OTHER, b"b"), (ONE, b"c")) == [
        (ONE, b"a"),
        (OTHER, b"b"),
        (ONE, b"c"),
    ]


def test_what_is_sent_leaves_before_what_is_done_next():
    log = commands.Log("then")
    assert _sent((ONE, b"a"), log, (ONE, b"b")) == [(ONE, b"a"), log, (ONE, b"b")]


def test_long_pieces_are_not_copied_together():
    long = bytes(64 * 1024)
    assert _sent((ONE, b"head"), (ONE, long)) == [(ONE, b"head"), (ONE, long)]


def test_what_was_sent_before_a_layer_raised_leaves():
    assert _sent((ONE, b"a"), (ONE, b"b"), raises=True) == [(ONE, b"ab"), "raised"]
