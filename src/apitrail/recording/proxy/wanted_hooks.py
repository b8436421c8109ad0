"""Which add-on wants which of mitmproxy's events, as a table.

mitmproxy asks every add-on for every event: some 15 add-ons, twice for each of the ten events of a
call. Few of them want any.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from mitmproxy import exceptions, hooks
from mitmproxy.addonmanager import AddonManager, safecall

type _Hook = Callable[..., Any]


class Addons(AddonManager):
    """mitmproxy's manager, which asks only those add-ons that have the hook."""

    def __init__(self, master: object) -> None:
        super().__init__(master)  # type: ignore[no-untyped-call]
        # Event → the hooks of each add-on of the chain that has any.
        self._wanted: dict[str, tuple[tuple[_Hook, ...], ...]] = {}

    async def trigger_event(self, event: hooks.Hook) -> None:
        """Call the hooks of one event in turn; what one add-on raises is logged, as by mitmproxy."""
        for wanted in self._wanting(event):
            try:
                with safecall():
                    for hook in wanted:
                        result = hook(*event.args())
                        if result is not None and inspect.isawaitable(result):
                            await result
            except exceptions.AddonHalt:
                return

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
