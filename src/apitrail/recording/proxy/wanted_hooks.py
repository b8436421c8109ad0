"""Which add-on wants which of mitmproxy's events, as a table.

mitmproxy asks every add-on for every event: some 15 add-ons, twice for each of the ten events of a
call. Few of them want any.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from mitmproxy import exceptions, flow, hooks
from mitmproxy.addonmanager import AddonManager, safecall

type _Hook = Callable[..., Any]

# What mitmproxy calls after each event about a flow.
_UPDATE = hooks.UpdateHook([])
# Events are dataclasses, each in its own way: the names of what each is about.
_NAMES: dict[type[hooks.Hook], tuple[str, ...]] = {}


class Addons(AddonManager):
    """mitmproxy's manager, which asks only those add-ons that have the hook."""

    def __init__(self, master: object) -> None:
        super().__init__(master)  # type: ignore[no-untyped-call]
        # Event → the hooks of each add-on of the chain that has any.
        self._wanted: dict[str, tuple[tuple[_Hook, ...], ...]] = {}

    def wants(self, event: hooks.Hook) -> bool:
        """Does any add-on want this event, or that of a change after it?"""
        return bool(self._wanting(event)) or self.wants_changes

    @property
    def wants_changes(self) -> bool:
        """Does any add-on want to hear that a flow has changed, after each event?"""
        return bool(self._wanting(_UPDATE))

    async def handle_lifecycle(self, event: hooks.Hook) -> None:
        """An event, and where it is about a flow and an add-on cares, that the flow has changed."""
        (subject,) = arguments(event)
        await self.tell(event, subject)
        if isinstance(subject, flow.Flow) and self._wanting(_UPDATE):
            await self.trigger_event(hooks.UpdateHook([subject]))

    async def trigger_event(self, event: hooks.Hook) -> None:
        """Call the hooks of one event in turn; what one add-on raises is logged, as by mitmproxy."""
        await self.tell(event, *arguments(event))

    async def tell(self, event: hooks.Hook, *subjects: object) -> None:
        """The same, of an event whose subjects are at hand."""
        for wanted in self._wanting(event):
            try:
                for hook in wanted:
                    result = hook(*subjects)
                    if result is not None and inspect.isawaitable(result):
                        await result
            except exceptions.AddonHalt:
                return
            except BaseException:
                # mitmproxy's way to log it, entered only here: most hooks take less time than that.
                with safecall():
                    raise

    def _wanting(self, event: hooks.Hook) -> tuple[tuple[_Hook, ...], ...]:
        found = self._wanted.get(event.name)
        if found is None:
            asked = [
                tuple([hook for _, hook in self._iter_hooks(each, event)]) for each in self.chain
            ]
            found = self._wanted[event.name] = tuple([each for each in asked if each])
        return found

    def add(self, *addons: object) -> None:
        """Add to the end of the chain."""
        super().add(*addons)  # type: ignore[no-untyped-call]
        self._wanted.clear()

    def register(self, addon: object) -> object:
        """Make an add-on known, and those that it manages."""
        self._wanted.clear()
        return super().register(addon)  # type: ignore[no-untyped-call]

    def remove(self, addon: object) -> None:
        """Take an add-on out of the chain."""
        super().remove(addon)  # type: ignore[no-untyped-call]
        self._wanted.clear()

    def clear(self) -> None:
        """Take all of them out."""
        super().clear()  # type: ignore[no-untyped-call]
        self._wanted.clear()


def arguments(event: hooks.Hook) -> list[Any]:
    """What an event is about."""
    kind = type(event)
    if (names := _NAMES.get(kind)) is None:
        names = _NAMES[kind] = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]
    return [getattr(event, name) for name in names]
