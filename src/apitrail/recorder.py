"""The cash register: an exchange goes in before it is forwarded and again when it is answered.

It does not know mitmproxy or SQL; it decodes, redacts, describes, and hands over to the trail.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from apitrail import __version__
from apitrail.aws import auth, decode
from apitrail.aws.call import Call
from apitrail.aws.credential import Credential
from apitrail.cloudtrail import errors, record, resources
from apitrail.event import Description, Event, describe, dump
from apitrail.exchange import Exchange
from apitrail.identity import Known, learn
from apitrail.query import project
from apitrail.redact import Redactor
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Trail, unknown

# Bodies from this size on are decoded off the event loop, so that other calls go on.
LARGE = 64 * 1024


@dataclass(slots=True)
class Open:
    """A call that was let through: its durable intent and what was understood of it."""

    exchange: Exchange
    call: Call
    credential: Credential
    facets: Mapping[str, bytes]
    run: Mapping[str, Any] | None
    done: bool = False


@dataclass(slots=True)
class Recorder:
    """Records calls into a trail.

    `configuration` is what the `open` entry says of the settings; `clock` gives Unix
    milliseconds.
    """

    trail: Trail
    redactor: Redactor
    known: Known
    clock: Callable[[], int]
    configuration: Mapping[str, Any] = field(default_factory=dict)
    calls: int = 0
    run_calls: Counter[str] = field(default_factory=Counter)
    in_flight: dict[str, Open] = field(default_factory=dict)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> int:
        """Write `open`, then account for calls a crash left; gives how many those were."""
        what = {"apitrail": __version__, "configuration": dict(self.configuration)}
        await self.trail.append(Draft(kind="open", facets={"what": dump(what)}))
        return await self.trail.recover()

    async def stop(self, reason: str) -> None:
        """Settle what is still in flight as `unknown`, write `close`."""
        for opened in list(self.in_flight.values()):
            await self.abandon(opened)
        what = {"reason": reason, "calls": self.calls}
        await self.trail.append(Draft(kind="close", facets={"what": dump(what)}))

    async def heartbeat(self, passed: Mapping[str, int]) -> int:
        """Say that nothing is missing up to now, and what was tunnelled past, by host."""
        what = {"calls": self.calls, "tunnelled": dict(passed), "in_flight": len(self.in_flight)}
        return await self.trail.append(Draft(kind="heartbeat", facets={"what": dump(what)}))

    async def begin(self, exchange: Exchange, run: Mapping[str, Any] | None = None) -> Open:
        """Make the intent of a call durable; only then may it be forwarded.

        Raises:
            RecordingError: it could not be; the call must not go through.
        """
        credential = auth.read(exchange.request)
        await _load(exchange, credential)
        call = await _decode(decode.request, exchange.request, credential)
        event = self._event(exchange, call, credential, run, learned=())
        facets = event.facets()
        await self.trail.begin(exchange.id, facets)
        opened = Open(exchange, call, credential, facets, run)
        self.in_flight[exchange.id] = opened
        return opened

    async def finish(self, opened: Open, exchange: Exchange) -> None:
        """Make the entry of a call durable; only then may its response be released.

        Raises:
            RecordingError: not yet; the trail owes it and takes no new call before.
        """
        opened.done = True
        call = opened.call
        if exchange.request.body is not opened.exchange.request.body:
            # It was streamed: only now is its body known.
            call = await _decode(decode.request, exchange.request, opened.credential)
        if exchange.response is not None:
            call = await _decode(decode.response, call, exchange.response)
        at = exchange.ended or exchange.started
        caller = self.known.identify(opened.credential, at=exchange.started, call=call)
        learned = learn(call, caller, at=at)
        for doubt in self.known.add(*learned):
            call = call.doubting(doubt)
        event = self._event(
            exchange, call, opened.credential, opened.run,
            learned=tuple(binding.to_json() for binding in learned),
        )  # fmt: skip
        row = project(event.who, event.what or {})
        try:
            await self.trail.append(
                Draft(kind="api", facets=event.facets(), row=row), settles=exchange.id
            )
        finally:
            self._leave(opened)

    async def abandon(self, opened: Open) -> None:
        """The outcome of a call will not be known: its intent becomes its entry."""
        opened.done = True
        try:
            await self.trail.append(unknown(opened.facets), settles=opened.exchange.id)
        finally:
            self._leave(opened)

    async def drained(self) -> None:
        """Wait until no call is in flight."""
        while self.in_flight:
            self._idle.clear()
            await self._idle.wait()

    def _leave(self, opened: Open) -> None:
        self.calls += 1
        if opened.run is not None:
            self.run_calls[opened.run["id"]] += 1
        self.in_flight.pop(opened.exchange.id, None)
        self._idle.set()

    def _event(
        self,
        exchange: Exchange,
        call: Call,
        credential: Credential,
        run: Mapping[str, Any] | None,
        *,
        learned: tuple[Mapping[str, Any], ...],
    ) -> Event:
        identity = self.known.identify(credential, at=exchange.started, call=call)
        account = identity.account or credential.account
        safe, safe_call = self.redactor.both(exchange, call)
        touched = resources.resources(safe_call, account=account)
        return describe(
            safe,
            replace(safe_call, problems=(*safe_call.problems, *credential.problems)),
            Description(
                record=record.record(
                    safe, safe_call, credential,
                    user_identity=identity.user_identity(), account=account,
                ),
                identity=identity.to_json(),
                resources=tuple(_resource(item) for item in touched),
                undetermined=resources.undetermined(safe_call),
                error=_error(safe, safe_call),
                run=run,
                learned=learned,
            ),
        )  # fmt: skip


def _resource(resource: resources.Resource) -> dict[str, str]:
    fields = {"arn": resource.arn, "type": resource.type, "name": resource.name}
    return {name: value for name, value in fields.items() if value}


def _error(exchange: Exchange, call: Call) -> str | None:
    status = exchange.response.status if exchange.response else None
    code = errors.error_code(call, status)
    if code is None and exchange.response is None and exchange.failure is not None:
        return "NoResponse"
    return code


async def _load(exchange: Exchange, credential: Credential) -> None:
    """Load the models this call needs in a thread: the first call of a service stalls no other."""
    while (need := decode.needs(exchange.request, credential)) is not None:
        await asyncio.to_thread(decode.prepare, need)


async def _decode[T, U](decoder: Callable[[T, U], Call], first: T, second: U) -> Call:
    message = second if hasattr(second, "body") else first
    body = getattr(message, "body", None)
    if body is not None and len(body.data) >= LARGE:
        return await asyncio.to_thread(decoder, first, second)
    return decoder(first, second)
