"""The recorder: it writes the intent of a call before it is forwarded, and its entry after it.

It knows neither mitmproxy nor SQL: exchanges go in, drafts go to the trail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from apitrail import __version__, codec
from apitrail.aside import in_thread
from apitrail.aws import decode, held
from apitrail.aws.call import Call
from apitrail.aws.call import Error as Fault
from apitrail.aws.sign import auth
from apitrail.aws.sign.credential import Credential
from apitrail.cloudtrail.resources import iam_types
from apitrail.codec import Json
from apitrail.errors import Error, RecordingError
from apitrail.exchange import EMPTY, Exchange, Request
from apitrail.iam.authorised import own_names
from apitrail.identity import Known
from apitrail.identity.identity import Identity, Verdict
from apitrail.identity.keyring import Keyring
from apitrail.policy.decision import DENIED, Decision
from apitrail.policy.guards import Guards
from apitrail.reading.approval_list import shown
from apitrail.recording.ask_settings import HELD, Asking
from apitrail.recording.commits import Commits
from apitrail.recording.describing import Described, Describer
from apitrail.recording.gate import Arrival, Gate
from apitrail.recording.holding import Holding, Seek, Waiting
from apitrail.recording.ledger import Ledger
from apitrail.recording.off_loop import asked, asked_whole, off_loop, routed
from apitrail.recording.refusals import Refusals
from apitrail.recording.same_call import same_call
from apitrail.recording.settings import BODY_LIMIT
from apitrail.recording.tally import Tally
from apitrail.recording.whoami import AGENT
from apitrail.redact import Redactor
from apitrail.redact.keep import Keep
from apitrail.trail import statements
from apitrail.trail.rows import Draft
from apitrail.trail.statements import Close, Heartbeat
from apitrail.trail.statements import Open as Opened
from apitrail.trail.writer import unknown


class RejectedError(Error):
    """A call whose signature is wrong, where only right ones may pass."""


class AmbiguousError(Error):
    """A call that two readers could see as two different ones."""


class DeniedError(Error):
    """A call that a guard does not let leave; the log has it."""


@dataclass(slots=True)
class Open:
    """A call that was let through: its durable intent and what was understood of it.

    `done` says that its entry is written or owed: there is to be no second one. `index` is that of
    the entry, once it is written.
    """

    exchange: Exchange
    call: Call
    credential: Credential
    run: Mapping[str, Any] | None
    operator: str | None = None
    signature: Verdict | None = None
    described: Described | None = None
    decision: Decision | None = None
    done: bool = False
    index: int | None = None

    @property
    def facets(self) -> Mapping[str, bytes]:
        """What its intent holds."""
        return self.described.facets if self.described else {}


@dataclass(slots=True, kw_only=True)
class Policy:
    """What the settings want: how much to keep, whose signatures to check, what follows.

    `body_limit` is how many bytes of a body are kept. `record_ambiguous` lets calls pass that two
    readers could see as two different ones. `guards` are what calls must pass; `asking` is how those
    are held that need an approval, `most_held` how many at once.
    """

    keep: Keep = field(default_factory=Keep)
    keyring: Keyring | None = None
    body_limit: int = BODY_LIMIT
    require_valid: bool = False
    record_ambiguous: bool = False
    guards: Guards = field(default_factory=Guards)
    asking: Asking = field(default_factory=Asking)
    most_held: int = HELD


@dataclass(slots=True)
class Recorder:
    """Records calls into a trail.

    `configuration` is what the `open` entry says of the settings; `clock` gives Unix
    milliseconds; `unnamed` is told each key of which nobody knows whose it is. `directory` is the
    trail's, where it is on this machine. `seek` gets approvals for calls. Where workers take the calls,
    `elsewhere` counts those in flight there, as `recount` has them told anew, `obstacle` says why none can be taken, `silent` how many
    workers do not answer, and `alive` whether one of them has answered of late.
    """

    trail: Ledger
    redactor: Redactor
    known: Known
    clock: Callable[[], int]
    configuration: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    tally: Tally = field(default_factory=Tally)
    commits: Commits = field(default_factory=Commits)
    unnamed: Callable[[str], object] = field(default=lambda _key: None)
    unanchored: Callable[[], int | None] = field(default=lambda: None)
    unexamined: Callable[[], int | None] = field(default=lambda: None)
    late_anchors: Callable[[], int] = field(default=lambda: 0)
    directory: Path | None = None
    in_flight: dict[str, Open] = field(default_factory=dict)
    elsewhere: Callable[[], int] = field(default=lambda: 0)
    recount: Callable[[], Awaitable[None]] = field(default=lambda: asyncio.sleep(0))
    obstacle: Callable[[], str | None] = field(default=lambda: None)
    silent: Callable[[], int | None] = field(default=lambda: None)
    alive: Callable[[], bool] = field(default=lambda: True)
    _entering: int = 0
    _state: str = "not open yet"
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _warmed: set[str] = field(default_factory=set)
    refusals: Refusals = field(init=False)
    holding: Holding = field(init=False)
    seek: Seek = field(init=False)
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.refusals = Refusals(self.trail, self.clock)
        self.gate = Gate(self.policy.guards)
        asking = self.policy.asking
        self.holding = Holding(
            self.trail, self.clock, self.directory, asking=asking, most=self.policy.most_held
        )
        self.seek = self.holding.seek

    @property
    def unready(self) -> str | None:
        """Why no call can be recorded now; None where nothing is known against it."""
        if self._state:
            return f"the trail is {self._state}"
        return "the disk refuses entries" if self.trail.owed else self.obstacle()

    def must_be_open(self) -> None:
        """Raise RecordingError where no more calls are taken, or none yet."""
        if self._state:
            raise RecordingError(f"the trail is {self._state}")

    def open(self) -> None:
        """Take calls: what comes before them in the log is written."""
        self._state = ""

    async def start(self) -> int:
        """Write `open`, then account for calls a crash left; gives how many those were."""
        said = Opened(apitrail=__version__, configuration=self.configuration)
        await self.trail.append(statements.draft(said))
        for each in self.policy.guards.entries():
            await self.trail.append(statements.draft(each))
        if self.policy.guards.may_ask:
            await self.holding.load()
        recovered = await self.trail.recover(self.holding.settled)
        self.holding.forget()
        if self.gate.spending and self.directory is not None:
            await in_thread(self.gate.recall, self.directory)
        self.open()
        return recovered

    async def stop(self, reason: str) -> None:
        """Take no more calls, settle what is still in flight as `unknown`, write `close`."""
        await self.settle()
        await self.refusals.state()
        await self.trail.append(statements.draft(Close(reason=reason, calls=self.tally.calls)))

    async def settle(self) -> None:
        """Take no more calls; those that are still in flight end as `unknown`."""
        self._state = "closing"
        for opened in list(self.in_flight.values()):
            with suppress(RecordingError, MemoryError):
                await self.abandon(opened)

    @property
    def flying(self) -> int:
        """How many calls are in flight, here or in workers."""
        return len(self.in_flight) + self.elsewhere()

    @property
    def clear(self) -> bool:
        """Is nothing to be written before the next call passes?"""
        return not (self._state or self.trail.owed or self.refusals.unstated)

    async def heartbeat(self, passed: Mapping[str, int]) -> int:
        """Say that nothing is missing up to now, and what was tunnelled past, by host."""
        await self.holding.sweep()
        await self.recount()
        said = Heartbeat(
            calls=self.tally.calls, tunnelled=passed, in_flight=self.flying,
            rejected=self.tally.rejected, ambiguous=self.tally.ambiguous,
            unanchored=self.late_anchors(),
        )  # fmt: skip
        return await self.trail.append(statements.draft(said))

    async def begin(
        self,
        exchange: Exchange,
        run: Mapping[str, Any] | None = None,
        *,
        operator: str | None = None,
        streamed: bool = False,
        left: asyncio.Future[None] | None = None,
    ) -> Open:
        """Make the intent of a call durable; only then may it be forwarded.

        Args:
            operator: who sent it, where the recorder knows.
            streamed: the request's body is yet to come.
            left: done when its client leaves; without it the call cannot be held.

        Raises:
            RecordingError: it could not be; the call must not go through.
            RejectedError: its signature is wrong, and only right ones may pass.
            AmbiguousError: two readers could see two different calls in it.
            DeniedError: a guard does not let it leave.
        """
        self.must_be_open()
        self._entering += 1
        try:
            return await self._begin(exchange, run, operator, left, streamed=streamed)
        except BaseException:
            self.gate.release(exchange.id)
            raise
        finally:
            self._entering -= 1
            self._idle.set()

    async def holds(self, request: Request) -> int:
        """How many bytes of a request's body must be here before `begin`; 0 where it may stream.

        `request` is without its body.
        """
        route = await routed(request, auth.read(request))
        return decode.holds(request, route)

    @staticmethod
    def decodes(opened: Open) -> int:
        """How many bytes of the answer to a call are decoded; 0 where only its length is told."""
        return held.longest_answer(opened.call)

    async def _begin(
        self,
        exchange: Exchange,
        run: Mapping[str, Any] | None,
        operator: str | None,
        left: asyncio.Future[None] | None,
        *,
        streamed: bool,
    ) -> Open:
        credential = auth.read(exchange.request)
        verdict = self._verdict(exchange, credential, streamed=streamed)
        if verdict == "invalid" and self.policy.require_valid:
            self.tally.reject()
            raise RejectedError(
                "the request signature does not match the secret that is known for "
                f"{credential.access_key_id}"
            )
        call = await asked(exchange.request, credential)
        if call.ambiguous and not self.policy.record_ambiguous:
            self.tally.refuse_ambiguous()
            raise AmbiguousError(f"two readers could see two calls in it: {call.ambiguous[0]}")
        await self._warm(call)
        caller = self.known.identify(credential, at=exchange.started, call=call)
        opened = Open(exchange, call, credential, run, operator, verdict)
        unread = streamed and bool(self.policy.guards) and await self.holds(exchange.request) > 0
        come = Arrival(
            exchange, call, credential, caller, run, operator, streamed=streamed, unread=unread
        )
        opened.decision = await self.gate.decide(come)
        if opened.decision is not None and opened.decision.effect == "ask":
            await self._hold(opened, opened.decision, caller, left, streamed=streamed)
        elif opened.decision is not None and opened.decision.refuses:
            raise await self._deny(opened, opened.decision, caller)
        else:
            await self._intend(opened, caller)
        self.in_flight[exchange.id] = opened
        if caller.arn is None and caller.access_key_id is not None:
            self.unnamed(caller.access_key_id)
        return opened

    async def _intend(self, opened: Open, caller: Identity) -> None:
        """Make the intent of a call durable; raises RecordingError where it is not."""
        await self._describe_asked(opened, caller)
        await self.intend(opened.exchange.id, opened.facets)

    async def intend(self, key: str, facets: Mapping[str, bytes]) -> None:
        """Make an intent durable, and before its call passes say which were refused.

        Raises:
            RecordingError: one of the two could not be; the call must not go through.
        """
        await self.trail.begin(key, facets)
        try:
            # The trail takes calls again; what it could not take before is written first.
            await self.refusals.state()
        except RecordingError:
            await self.trail.withdraw(key)
            raise

    async def _describe_asked(self, opened: Open, caller: Identity) -> None:
        exchange = opened.exchange
        opened.described = await off_loop(
            exchange.request.body, self._describe, opened, exchange, opened.call, caller
        )

    async def _hold(
        self,
        opened: Open,
        asked: Decision,
        caller: Identity,
        left: asyncio.Future[None] | None,
        *,
        streamed: bool,
    ) -> None:
        """Let a call go on once it is approved.

        Raises:
            DeniedError: it is not; the log has it.
            RecordingError: that could not be written down; it does not leave.
        """
        exchange = opened.exchange
        same = await off_loop(
            exchange.request.body,
            partial(same_call, exchange.request, opened.call, _caller(caller), opened.operator,
                    self.redactor.digest, streamed=streamed),
        )  # fmt: skip

        async def prepare(decision: Decision, *, leaves: bool) -> Mapping[str, Json]:
            opened.decision = decision
            await (self._intend if leaves else self._describe_asked)(opened, caller)
            return shown(opened.described.event if opened.described else None)

        waiting = Waiting(exchange.id, _caller(caller), same, left)
        decision, begun = await self.seek(asked, waiting, prepare)
        if decision.refuses:
            settles = exchange.id if begun else None
            raise await self._deny(opened, decision, caller, settles)
        opened.decision = decision

    async def _deny(
        self, opened: Open, decision: Decision, caller: Identity, settles: str | None = None
    ) -> DeniedError:
        """Write down that a call was refused; gives what its caller is told.

        `settles` is its intent, where there is one.

        Raises:
            RecordingError: not written; the call does not pass all the same.
        """
        who, opened.decision = _caller(caller), decision
        fault = Fault(code=DENIED, message=decision.sentence(who))
        exchange = replace(opened.exchange, ended=self.clock())
        described = await off_loop(
            exchange.request.body, self._describe, opened, exchange,
            opened.call.changed(error=fault), caller,
        )  # fmt: skip
        draft = Draft(kind="denied", facets=described.facets, row=described.row)
        index = await self.append(draft, settles)
        self.tally.deny(_run_of(opened))
        return DeniedError(decision.answer(who, index))

    async def _warm(self, call: Call) -> None:
        """Load what IAM knows of a service in a thread, once."""
        if call.service is not None and call.service not in self._warmed:
            await in_thread(
                iam_types.service_of, call.service, call.operation or "", call.signing_name, call.endpoint_prefix,
            )  # fmt: skip
            if self.policy.guards and call.operation is not None:
                await in_thread(own_names, call.service, call.operation)
            self._warmed.add(call.service)

    async def finish(self, opened: Open, exchange: Exchange) -> None:
        """Make the entry of a call durable; only then may its response be released.

        Raises:
            RecordingError: not yet; the trail owes it and takes no new call before.
        """
        if opened.done:
            return
        call = opened.call
        if exchange.request.body is not opened.exchange.request.body:
            # The body was streamed, so it is known only now.
            call = await asked_whole(exchange.request, opened.credential, opened.call)
            opened.signature = self._verdict(exchange, opened.credential)
        if exchange.response is not None:
            call = await off_loop(exchange.response.body, decode.response, call, exchange.response)
        self.gate.finish(exchange, call)
        caller, learned = self.known.attribute(
            opened.credential, call, at=exchange.ended or exchange.started
        )
        answer = exchange.response.body if exchange.response else EMPTY
        told = await off_loop(
            max(exchange.request.body, answer, key=lambda body: len(body.data)), self._describe,
            opened, exchange, call, caller, tuple(codec.encode(binding) for binding in learned),
        )  # fmt: skip
        if told.event.call.problems:
            self.tally.doubt()
        await self._settle(opened, Draft(kind="api", facets=told.facets, row=told.row))

    async def abandon(self, opened: Open) -> None:
        """The outcome of a call will not be known: its intent becomes its entry."""
        if not opened.done:
            self.gate.close(opened.exchange.id)
            await self._settle(opened, unknown(opened.facets))

    async def drained(self) -> None:
        """Wait until no call is in flight."""
        while self.in_flight or self._entering:
            self._idle.clear()
            await self._idle.wait()

    async def append(self, draft: Draft, settles: str | None) -> int | None:
        """Make an entry durable, and the intent `settles` done, if there is one; gives its index.

        It is None where what the entry will say is durable before the log has it: see `Ledger.settle`.

        Raises:
            RecordingError: not yet; it is owed.
        """
        if settles is None:
            return await self.trail.append(draft)
        with self.commits.timed(settles):
            index = await self.trail.settle(draft, settles)
        self.holding.forget(settles)
        return index

    async def _settle(self, opened: Open, draft: Draft) -> None:
        """From here on the trail owes this entry, whatever fails; a second one would be a lie."""
        if opened.done:
            return
        opened.done = True
        self.tally.call(_run_of(opened))
        try:
            opened.index = await self.append(draft, opened.exchange.id)
        finally:
            self.in_flight.pop(opened.exchange.id, None)
            self._idle.set()

    def _verdict(
        self, exchange: Exchange, credential: Credential, *, streamed: bool = False
    ) -> Verdict | None:
        if self.policy.keyring is None or credential.scheme == "none":
            return None
        return self.policy.keyring.verdict(exchange.request, credential, streamed=streamed)

    def _describe(
        self,
        opened: Open,
        exchange: Exchange,
        call: Call,
        caller: Identity,
        learned: tuple[Mapping[str, Any], ...] = (),
    ) -> Described:
        identity = replace(caller, signature=opened.signature) if opened.signature else caller
        describer = Describer(self.redactor, self.policy.keep, self.policy.body_limit)
        return describer.describe(
            exchange, call, opened.credential, identity,
            run=opened.run, operator=opened.operator, learned=learned, before=opened.described,
            decision=None if opened.decision is None else opened.decision.told(),
        )  # fmt: skip


def _run_of(opened: Open) -> str | None:
    """The run that a call counts for; that `exec` asked who makes its calls is none of them."""
    own = AGENT not in (opened.exchange.request.header("user-agent") or "")
    return opened.run["id"] if opened.run is not None and own else None


def _caller(caller: Identity) -> str:
    """Who calls, for a message."""
    return caller.arn or caller.access_key_id or "anonymous"
