"""Events reach the add-ons that want them, as mitmproxy's own manager brings them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from mitmproxy import command, exceptions, options
from mitmproxy.addonmanager import AddonManager
from mitmproxy.addons import disable_h2c
from mitmproxy.proxy.layers.http import HttpRequestHook, HttpResponseHook
from mitmproxy.test import tflow

from apitrail.recording.proxy.wanted_hooks import Addons


class Wants:
    def __init__(self, name, told, *, fails=None, addons=()):
        self.name, self._told, self._fails, self.addons = name, told, fails, list(addons)

    def request(self, flow):
        self._told.append((self.name, "request"))
        if self._fails:
            raise self._fails

    async def update(self, flows):
        await asyncio.sleep(0)
        self._told.append((self.name, "update"))


def _manager(manager):
    # All that a manager needs of a master, which would take over logging.
    engine = SimpleNamespace(options=options.Options())
    engine.commands = command.CommandManager(engine)
    return manager(engine)


async def _asked(manager, told, *, fails=None):
    addons = _manager(manager)
    inner = Wants("inner", told)
    addons.add(
        disable_h2c.DisableH2C(), Wants("a", told, fails=fails, addons=[inner]), Wants("b", told)
    )
    await addons.handle_lifecycle(HttpRequestHook(tflow.tflow()))
    return addons


@pytest.mark.parametrize("fails", [None, ValueError("x"), exceptions.AddonHalt()])
def test_events_go_where_mitmproxy_brings_them(fails):
    ours, theirs = [], []
    asyncio.run(_asked(Addons, ours, fails=fails))
    asyncio.run(_asked(AddonManager, theirs, fails=fails))
    assert ours == theirs
    assert ("b", "update") in ours


def test_add_ons_that_come_or_go_later_count():
    async def run():
        told = []
        addons = await _asked(Addons, told)
        changes = (
            lambda: addons.add(Wants("late", told)),
            lambda: addons.remove(addons.get("b")),
            addons.clear,
        )
        for change in changes:
            told.clear()
            change()
            await addons.handle_lifecycle(HttpRequestHook(tflow.tflow()))
            yield [name for name, what in told if what == "request"]

    async def seen():
        return [names async for names in run()]

    assert asyncio.run(seen()) == [["a", "inner", "b", "late"], ["a", "inner", "late"], []]


class Wanting:
    """Wants requests alone, and no word of changes."""

    def __init__(self, told):
        self._told = told

    async def request(self, flow):
        self._told.append(flow)


async def _resumed(flow, told):
    """What was told before a flow that is held may go on, and whether it went on then."""
    addons = _manager(Addons)
    addons.add(Wanting(told))
    asking = asyncio.ensure_future(addons.ask(HttpRequestHook(flow)))
    await asyncio.sleep(0)
    waits = not asking.done()
    flow.resume()
    await asking
    return waits


def test_a_flow_that_is_held_goes_on_when_it_is_resumed():
    flow, told = tflow.tflow(), []

    async def run():
        flow.intercept()
        return await _resumed(flow, told)

    assert asyncio.run(run())
    assert told == [flow]


def test_nobody_is_asked_of_what_nobody_wants():
    addons = _manager(Addons)
    addons.add(Wanting([]))
    assert addons.ask(HttpResponseHook(tflow.tflow())) is None


@pytest.mark.parametrize("wants", [None, ValueError("x"), exceptions.AddonHalt()])
def test_who_is_asked_of_a_layer_is_who_mitmproxy_asks(wants):
    ours, theirs = [], []

    async def run():
        addons = await _asked(Addons, ours, fails=wants)
        ours.clear()
        await addons.ask(HttpRequestHook(tflow.tflow()))

    asyncio.run(run())
    asyncio.run(_asked(AddonManager, theirs, fails=wants))
    assert ours == theirs
