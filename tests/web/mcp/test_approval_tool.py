"""An agent asks for an approval: it states a reason, waits, and cannot decide."""

import asyncio
import threading

import pytest

from apitrail.errors import UsageError
from apitrail.trail import control
from apitrail.web.mcp import approval_tool
from apitrail.web.mcp.tool import Given
from apitrail.web.mcp.visible import Visible
from asking import NO, YES, asking, ruled, steps, waiting
from proxying import connect, request

WANTED = "00000000-0000-0000-0000-000000000004"


def test_without_a_recorder_the_reason_goes_nowhere_and_the_ticket_is_told(ask, own):
    answer = ask(own, "request_approval", reason="for notes", wait_seconds=0)
    assert (answer["ticket"], answer["state"], answer["reason_passed_on"]) == ("t1", "asked", False)
    assert ask(own, "request_approval", reason="r", event_id=WANTED, wait_seconds=0)["ticket"] == "t1"  # fmt: skip
    assert ask(own, "request_approval", reason="r", ticket="t", wait_seconds=0)["ticket"] == "t1"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"ticket": "t9"}, "no ticket 't9'"),
        ({"event_id": "00000000-0000-0000-0000-000000000029"}, "no event"),
        ({"event_id": "00000000-0000-0000-0000-000000000003"}, "no approval lets it pass"),
        ({"event_id": "00000000-0000-0000-0000-000000000001"}, "needs no approval"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 1_001}, "reason"),
        ({"wait_seconds": 600}, "wait_seconds"),
    ],
)
def test_what_cannot_be_asked_for(ask, own, arguments, problem):
    with pytest.raises(UsageError, match=problem):
        ask(own, "request_approval", **{"reason": "please", "wait_seconds": 0} | arguments)


def test_all_tickets_are_there_where_all_runs_are(ask, every):
    assert ask(every, "request_approval", reason="r", ticket="t9", wait_seconds=0)["ticket"] == "t9"


def test_whoever_leaves_waits_no_longer(own):
    stop = threading.Event()
    stop.set()
    given = Given({"reason": "r", "wait_seconds": 50}, stop=stop)
    assert approval_tool.request_approval(own, given)["state"] == "asked"


def asked(seen, **arguments):
    given = Given({"reason": "I must know who I am", "wait_seconds": 30, **arguments})
    return asyncio.to_thread(approval_tool.request_approval, seen, given)


async def run_of(session):
    return (await session.runs.begin({}, "agent", alone=True))[0]


@pytest.mark.mcp
@pytest.mark.parametrize(
    ("said", "state", "then"),
    [(YES, "approved", "it passes once"), (NO, "denied", "do not repeat")],
)
def test_the_answer_of_a_person_is_told(tmp_path, said, state, then):
    async def scenario():
        async with asking(tmp_path, "ticket") as (session, _):
            run = await run_of(session)
            async with connect(session.listeners[0].port) as peer:
                await peer.send(request())
                await peer.message()
            seen = Visible(tmp_path, run, session.recorder.clock)
            question = asyncio.create_task(asked(seen))
            holding = session.recorder.holding
            async with asyncio.timeout(20):
                while not (found := [e for e in holding.waiting() if "stated" in e]):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            await holding.decide(found[0]["ticket"], said)
            return await question

    answer = asyncio.run(scenario())
    assert (answer["state"], answer["decided_by"]) == (state, "mary")
    assert (answer["decision_reason"], answer["reason_passed_on"]) == (said.reason, True)
    assert then in answer["next"]
    assert steps(tmp_path) == ["asked", state]
    assert ruled(tmp_path)[-1].stated == "I must know who I am"


@pytest.mark.mcp
def test_a_call_that_is_held_is_found_by_its_run_alone(tmp_path):
    async def scenario():
        async with asking(tmp_path) as (session, _):
            run = await run_of(session)
            other, _ = await session.runs.begin({}, "other")
            async with connect(session.listeners[0].port) as peer:
                await peer.send(request())
                [ticket] = await waiting(session)
                seen, strange = (
                    Visible(tmp_path, each, session.recorder.clock) for each in (run, other)
                )
                answer = await asked(seen, wait_seconds=0)
                with pytest.raises(UsageError, match="no ticket"):
                    await asked(strange, ticket=ticket, wait_seconds=0)
                await session.recorder.holding.decide(ticket, NO)
                await peer.message()
                return ticket, answer

    ticket, answer = asyncio.run(scenario())
    assert (answer["ticket"], answer["state"], answer["reason_passed_on"]) == (
        ticket,
        "asked",
        True,
    )


def test_no_tool_can_decide(own):
    assert not {"decide", "approve", "deny"} & set(approval_tool.REQUEST_APPROVAL.takes)
    assert control.ask(own.trail, "approvals") is None
