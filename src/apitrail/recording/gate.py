"""Guards as calls come to them: the question, what was spent of budgets, and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from apitrail.aws.call import Call
from apitrail.aws.sign.credential import Credential
from apitrail.exchange import Exchange, Request
from apitrail.identity.identity import Identity
from apitrail.policy.decision import Decision
from apitrail.policy.drawn import Drawn, asked
from apitrail.policy.guard_question import Question
from apitrail.policy.guarding import Around, question
from apitrail.policy.guards import Guards
from apitrail.policy.kept_spending import Kept
from apitrail.policy.past_spending import recall
from apitrail.policy.spending import Spending, scopes
from apitrail.recording.off_loop import off_loop
from apitrail.recording.whoami import AGENT
from apitrail.trail.reader import Reader

# Says how long a body is that comes in chunks of S3's own, and any other.
_LENGTHS = ("x-amz-decoded-content-length", "content-length")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call that has come; `run` are the facts of its run.

    `streamed` says that its body is yet to come, `unread` that what it asks stands in there.
    """

    exchange: Exchange
    call: Call
    credential: Credential
    caller: Identity
    run: Mapping[str, Any] | None
    operator: str | None
    streamed: bool = False
    unread: bool = False


@dataclass(slots=True)
class Gate:
    """Decides about calls, and counts what those draw that may leave.

    `may_ask` says that a guard can hold a call for an approval.
    """

    guards: Guards
    may_ask: bool = field(init=False)
    spending: Spending = field(init=False)

    def __post_init__(self) -> None:
        self.may_ask = self.guards.may_ask
        self.spending = Spending(self.guards.budgets)

    def recall(self, trail: Path) -> None:
        """Begin with what the calls in this trail have drawn."""
        with Reader(trail) as source:
            recall(self.spending, source, Kept.read(trail))

    def remember(self, trail: Path) -> None:
        """Keep what was spent beside this trail, where no call is on its way any more."""
        if self.spending:
            with Reader(trail) as source:
                Kept.of(self.spending, source).write(trail)

    async def decide(self, come: Arrival) -> Decision | None:
        """What the guards say of a call; None where there are none, or it is none to AWS.

        One that is not refused has drawn on its budgets when this returns.
        """
        return await off_loop(come.exchange.request.body, self._decide, come)

    def _decide(self, come: Arrival) -> Decision | None:
        found = self.question(come)
        return None if found is None else self.rule(come.exchange.id, *found)

    def question(self, come: Arrival) -> tuple[Question, Drawn | None] | None:
        """What the guards are asked of a call, if anything, and what it draws on their budgets."""
        if not self.guards:
            return None
        request = come.exchange.request
        around = Around.identified(
            come.caller, at=come.exchange.started, source_ip=come.exchange.client,
            user_agent=request.header("user-agent"), secure=request.scheme == "https",
            region=come.credential.region, operator=come.operator,
            labels=(come.run or {}).get("labels") or {},
        )  # fmt: skip
        call = come.call.doubting("its body is too long to be read") if come.unread else come.call
        found = question(call, around, method=request.method)
        if found is None:
            return None
        if not self.spending:
            return found, None
        return found, self._drawn(come, tuple(action.name for action in found.actions))

    def rule(self, call: str, found: Question, drawn: Drawn | None) -> Decision:
        """What the guards say to a question about a call; if they let it leave, it has `drawn`."""
        if drawn is None:
            return self.guards.decide(found)
        # Nobody else decides between: two calls that fit one by one may be too much together.
        with self.spending.lock:
            spent = self.spending.asked(found, drawn)
            decision = self.guards.decide(spent)
            if decision.effect != "deny":
                self.spending.draw(call, drawn)
        budgets = self.guards.budgets_of(decision)
        told = {key: spent.keys.get(key, ("?",))[0] for key in budgets}
        return replace(decision, spent=told) if told else decision

    def _drawn(self, come: Arrival, actions: tuple[str, ...]) -> Drawn:
        request = come.exchange.request
        own = AGENT not in (request.header("user-agent") or "")
        length = _declared(request) if come.streamed else request.body.length
        return Drawn(
            actions, scopes(self.spending.budgets, come.run if own else None, come.operator),
            asked(come.call, length, request.body.data),
        )  # fmt: skip

    def finish(self, exchange: Exchange, call: Call) -> None:
        """A call has its answer, or will have none."""
        if (drawn := self.spending.keep(exchange.id)) is None:
            return
        headers = exchange.response.headers if exchange.response else ()
        told = {name.lower(): value for name, value in headers}
        self.settle(exchange.id, drawn.answered(call, told, exchange.request.body.length))

    def settle(self, call: str, drawn: Drawn) -> None:
        """This is what a call has drawn in fact."""
        with self.spending.lock:
            self.spending.settle(call, drawn)

    def close(self, call: str) -> None:
        """What becomes of a call will not be known: all that it was to draw is spent."""
        with self.spending.lock:
            self.spending.close(call)

    def release(self, call: str) -> None:
        """A call has not left after all."""
        with self.spending.lock:
            self.spending.release(call)


def _declared(request: Request) -> int | None:
    """The length of a body that is yet to come, as its headers tell it."""
    for name in _LENGTHS:
        text = request.header(name) or ""
        if text.isascii() and text.isdigit():
            return int(text)
    return None
