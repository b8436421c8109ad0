"""Which add-on wants which of mitmproxy's events, as a table.

mitmproxy asks every add-on for every event: some 15 add-ons, twice for each of the ten events of a
call. Few of them want any.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import fields
from types import CoroutineType
from typing import Any

from mitmproxy import exceptions, flow, hooks
from mitmproxy.addonmanager import AddonManager, safecall

type _Hook = Callable[..., Any]
type _Wanted = tuple[tuple[_Hook, ...], ...]

# What mitmproxy calls after each event about a flow.
_UPDATE = hooks.UpdateHook([])
# Events are dataclasses, each in its own way: the names of what each is about.
_NAMES: dict[type[hooks.Hook], tuple[str, ...]] = {}


class Addons(AddonManager):
    """mitmproxy's manager, which asks only those add-ons that have the hook."""

    def __init__(self, master: object) -> None:
        super().__init__(master)  # type: ignore[no-untyped-call]
        # Event → the hooks of each add-on of the chain that has any.
        self._wanted: dict[str, _Wanted] = {}
        # Class of an event about one subject → the same, the subject's name, and whether an add-on wants
        # to hear that a flow has changed after it.
        self._asked: dict[type[hooks.Hook], tuple[_Wanted, str, bool]] = {}

    def ask(self, event: hooks.Hook) -> Coroutine[Any, Any, None] | None:
        """What tells of an event and waits until its subject may go on; None where nobody wants it."""
        wanted, name, changes = self._asked.get(type(event)) or self._found(event)
        if changes:
            return self._lived(event, getattr(event, name))
        return _tell(wanted, (getattr(event, name),), is_asked=True) if wanted else None

    def _found(self, event: hooks.Hook) -> tuple[_Wanted, str, bool]:
        (name,) = _names(event)
        found = self._asked[type(event)] = (
            self._wanting(event),
            name,
            bool(self._wanting(_UPDATE)),
        )
        return found

    async def handle_lifecycle(self, event: hooks.Hook) -> None:
        """An event, and where it is about a flow and an add-on cares, that the flow has changed."""
        (subject,) = arguments(event)
        await _tell(self._wanting(event), (subject,))
        if isinstance(subject, flow.Flow) and self._wanting(_UPDATE):
            await self.trigger_event(hooks.UpdateHook([subject]))

    async def trigger_event(self, event: hooks.Hook) -> None:
        """Call the hooks of one event in turn; what one add-on raises is logged, as by mitmproxy."""
        await _tell(self._wanting(event), arguments(event))

    async def _lived(self, event: hooks.Hook, subject: Any) -> None:
        await self.handle_lifecycle(event)
        if getattr(subject, "intercepted", False):
            await subject.wait_for_resume()

    def _wanting(self, event: hooks.Hook) -> _Wanted:
        found = self._wanted.get(event.name)
        if found is None:
            asked = [
                tuple([hook for _, hook in self._iter_hooks(each, event)]) for each in self.chain
            ]
            found = self._wanted[event.name] = tuple([each for each in asked if each])
        return found

    def _forget(self) -> None:
        self._wanted.clear()
        self._asked.clear()

    def add(self, *addons: object) -> None:
        """Add to the end of the chain."""
        super().add(*addons)  # type: ignore[no-untyped-call]
        self._forget()

    def register(self, addon: object) -> object:
        """Make an add-on known, and those that it manages."""
        self._forget()
        return super().register(addon)  # type: ignore[no-untyped-call]

    def remove(self, addon: object) -> None:
        """Take an add-on out of the chain."""
        super().remove(addon)  # type: ignore[no-untyped-call]
        self._forget()

    def clear(self) -> None:
        """Take all of them out."""
        super().clear()  # type: ignore[no-untyped-call]
        self._forget()


async def _tell(wanted: _Wanted, subjects: Sequence[Any], *, is_asked: bool = False) -> None:
    """Call hooks in turn; where it `is_asked` whether a subject may go on, wait until it may."""
    for hooks_of_one in wanted:
        try:
            for hook in hooks_of_one:
                result = hook(*subjects)
                if result is not None and (
                    type(result) is CoroutineType or inspect.isawaitable(result)
                ):
                    await result
        except exceptions.AddonHalt:
            break
        except BaseException:
            # mitmproxy's way to log it, entered only here: most hooks take less time than that.
            with safecall():
                raise
    # Only flows have this. A test of the class asks abc.
    if is_asked and getattr(subjects[0], "intercepted", False):
        await subjects[0].wait_for_resume()


def arguments(event: hooks.Hook) -> list[Any]:
    """What an event is about."""
    return [getattr(event, name) for name in _names(event)]


def _names(event: hooks.Hook) -> tuple[str, ...]:
    kind = type(event)
    if (names := _NAMES.get(kind)) is None:
        names = _NAMES[kind] = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]
    return names
