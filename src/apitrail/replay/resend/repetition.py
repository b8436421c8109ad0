"""Sends recorded calls again, one after the other, and compares what comes back."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator

from apitrail.aws.call import Call
from apitrail.event import plain
from apitrail.redact import Redactor
from apitrail.replay.recorded import Recorded
from apitrail.replay.resend.difference import compare
from apitrail.replay.resend.outcome import Outcome
from apitrail.replay.resend.pace import Pace
from apitrail.replay.resend.plan import ObstacleError, Outgoing, Plan
from apitrail.replay.resend.sender import Send

_STOPPED = "not sent: an earlier call did not come out the same"


def rehearse(calls: Iterable[Recorded], plan: Plan) -> Iterator[Outcome]:
    """What would be sent, in names as recorded, and what cannot be; nothing is sent."""
    for call in calls:
        try:
            outgoing = plan.outgoing(call)
        except ObstacleError as obstacle:
            yield Outcome(call=call, verdict="skipped", reason=str(obstacle))
            continue
        yield Outcome(
            call=call, verdict="planned", region=outgoing.region, parameters=call.parameters
        )
        plan.foresee(call)


def repeat(
    calls: Iterable[Recorded], plan: Plan, send: Send, *, pace: Pace, stop_on_diff: bool = False
) -> Iterator[Outcome]:
    """What became of each call, as soon as it is known."""
    stopped = False
    for call in calls:
        if stopped:
            yield Outcome(call=call, verdict="skipped", reason=_STOPPED)
            continue
        pace.wait(call.started)
        outcome = _repeat(call, plan, send)
        stopped = stop_on_diff and outcome.verdict != "same"
        yield outcome


def _repeat(call: Recorded, plan: Plan, send: Send) -> Outcome:
    try:
        outgoing = plan.outgoing(call)
    except ObstacleError as obstacle:
        return Outcome(call=call, verdict="skipped", reason=str(obstacle))
    answer = send(outgoing)
    if answer.call is None:
        return Outcome(call=call, verdict="failed", region=outgoing.region, reason=answer.failure)
    return _compared(call, outgoing, answer.call, plan)


def _compared(call: Recorded, outgoing: Outgoing, answer: Call, plan: Plan) -> Outcome:
    code = answer.error.code if answer.error else None
    if code != call.error:
        message = f" ({answer.error.message})" if answer.error and answer.error.message else ""
        reason = f"{code or 'success'}{message} instead of {call.error or 'success'}"
        return Outcome(call=call, verdict="failed", region=outgoing.region, reason=reason)
    if code is not None or call.result is None:
        # If the result was not kept, success is all that can be compared.
        return Outcome(call=call, verdict="same", region=outgoing.region)
    shape = plan.model(call).output_shape
    # Names are learned from the raw answer, secrets included; only redacted texts are shown.
    compare(call.result, plain(answer.result), shape, plan.identifiers)
    safe = plain(Redactor(secrets.token_bytes(32)).call(answer).result)
    found = tuple(compare(call.result, safe, shape, plan.identifiers))
    return Outcome(
        call=call,
        verdict="different" if found else "same",
        region=outgoing.region,
        differences=found,
    )
