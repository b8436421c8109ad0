"""A call that needs an approval is held, and leaves only after the approval is durable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import trails
from apitrail.errors import RecordingError, UsageError
from apitrail.recording.ask_settings import Asking
from apitrail.recording.proxy import held
from apitrail.recording.session import Session
from apitrail.trail import control
from apitrail.trail.reader import Reader
from apitrail.trail.ruling import Ruling
from asking import NO, YES, asking, client, ruled, steps, waiting
from proxying import calls, kinds, put, request

ASK = request()


def test_an_approved_call_leaves_after_its_approval_is_in_the_log(tmp_path):
    seen = []

    async def scenario():
        async with asking(tmp_path) as (session, stub), client(session) as peer:
            await peer.send(ASK)
            [ticket] = await waiting(session)
            assert stub.seen == []
            seen.extend(session.recorder.holding.waiting())
            told = await session.recorder.holding.decide(ticket[:4], YES)
            answer = await peer.message()
            # Its entry is written: nobody will ask any more whether it had left.
            assert session.recorder.holding.tickets.leaving == set()
            return told, answer, len(stub.seen)

    told, answer, sent = asyncio.run(scenario())
    assert (told["step"], told["call"], sent) == ("approved", "held", 1)
    assert answer.startswith(b"HTTP/1.1 200")
    assert kinds(tmp_path) == ["open", "policy", "decision", "decision", "api", "close"]
    [call] = calls(tmp_path)
    asked, approved = ruled(tmp_path)
    decision = call.what.decision
    assert (decision["effect"], decision["outcome"]) == ("allow", "approved")
    assert decision["ticket"] == asked.ticket == approved.ticket
    assert approved.event == asked.event == call.record()["eventID"]
    assert (approved.by, approved.name, approved.road) == ("root", "mary", "command")
    assert (approved.reason, approved.statement) == ("it is planned", "First")
    assert not call.what.withheld
    [told] = seen
    assert told["call"]["event"] == "GetCallerIdentity"
    assert told["action"] == "sts:GetCallerIdentity"


def test_a_denied_call_does_not_leave_and_its_caller_reads_why(tmp_path):
    async def scenario():
        async with asking(tmp_path) as (session, stub), client(session) as peer:
            await peer.send(ASK)
            [ticket] = await waiting(session)
            await session.recorder.holding.decide(ticket, NO)
            answer = await peer.message()
            with pytest.raises(UsageError, match="cannot be decided: it is denied by mary"):
                await session.recorder.holding.decide(ticket, YES)
            return answer, stub.seen

    answer, sent = asyncio.run(scenario())
    assert sent == []
    assert answer.startswith(b"HTTP/1.1 403")
    assert b"without an approval in guard" in answer
    assert b"was denied by mary: not today" in answer
    assert steps(tmp_path) == ["asked", "denied"]
    [call] = calls(tmp_path)
    assert call.what.withheld
    assert call.what.decision["outcome"] == "denied"
    assert call.record()["errorCode"] == "AccessDenied"


def test_why_a_caller_wants_its_call_is_shown_and_kept_with_the_answer(tmp_path):
    async def scenario():
        async with asking(tmp_path) as (session, stub), client(session) as peer:
            await peer.send(ASK)
            [ticket] = await waiting(session)
            said = {"ticket": ticket[:5], "reason": "I must know who I am"}
            told = await asyncio.to_thread(control.ask, tmp_path, "state-reason", **said)
            assert told == {"ticket": ticket}
            assert stub.seen == []
            [shown] = session.recorder.holding.waiting()
            assert (shown["stated"], shown["state"]) == (said["reason"], "asked")
            long = {"ticket": ticket, "reason": "x" * 1_001}
            with pytest.raises(UsageError, match="too long a reason"):
                await asyncio.to_thread(control.ask, tmp_path, "state-reason", **long)
            await session.recorder.holding.decide(ticket, NO)
            await peer.message()
            with pytest.raises(UsageError, match="cannot be decided"):
                session.recorder.holding.state_reason(ticket, "please")

    asyncio.run(scenario())
    asked, denied = ruled(tmp_path)
    assert (asked.stated, denied.stated) == (None, "I must know who I am")
    assert denied.reason == "not today"


def test_time_is_up(tmp_path):
    async def scenario():
        async with asking(tmp_path, "wait=1s") as (session, stub), client(session) as peer:
            await peer.send(ASK)
            return await peer.message(), stub.seen, session.recorder.holding.waiting()

    answer, sent, left = asyncio.run(scenario())
    assert (sent, left) == ([], [])
    assert b"nobody approved it in time" in answer
    assert answer.startswith(b"HTTP/1.1 403")
    assert calls(tmp_path)[0].what.decision["outcome"] == "lapsed"


def test_a_client_that_leaves_takes_its_call_with_it(tmp_path):
    async def scenario():
        async with asking(tmp_path) as (session, stub):
            async with client(session) as peer:
                await peer.send(ASK)
                [ticket] = await waiting(session)
            await waiting(session, 0)
            # The question stands: its answer is for the same call, made again.
            told = await session.recorder.holding.decide(ticket, YES)
            assert told["call"] == "none"
            before = list(stub.seen)
            async with client(session) as peer:
                await peer.send(ASK)
                answer = await peer.message()
            return before, answer, len(stub.seen)

    before, answer, sent = asyncio.run(scenario())
    assert (before, sent) == ([], 1)
    assert answer.startswith(b"HTTP/1.1 200")
    assert steps(tmp_path) == ["asked", "approved", "used"]
    left, passed = calls(tmp_path)
    assert left.what.decision["outcome"] == "left"
    assert left.what.withheld
    assert passed.what.decision["outcome"] == "approved"
    assert ruled(tmp_path)[2].event == passed.record()["eventID"]


def test_a_call_made_again_while_its_question_waits_takes_its_place(tmp_path):
    async def scenario():
        async with asking(tmp_path) as (session, _):
            async with client(session) as peer:
                await peer.send(ASK)
                [first] = await waiting(session)
            await waiting(session, 0)
            async with client(session) as peer:
                await peer.send(ASK)
                [second] = await waiting(session)
                await session.recorder.holding.decide(second, YES)
                await peer.message()
            return first, second

    first, second = asyncio.run(scenario())
    assert first == second
    assert steps(tmp_path) == ["asked", "approved"]
    assert ruled(tmp_path)[1].event == calls(tmp_path)[1].record()["eventID"]


def test_each_of_two_calls_alike_needs_an_approval(tmp_path):
    async def scenario():
        async with (
            asking(tmp_path) as (session, stub),
            client(session) as one,
            client(session) as two,
        ):
            await one.send(ASK)
            [first] = await waiting(session)
            await two.send(ASK)
            found = await waiting(session, 2)
            await session.recorder.holding.decide(first, YES)
            await one.message()
            sent = len(stub.seen)
            for ticket in set(found) - {first}:
                await session.recorder.holding.decide(ticket, NO)
            return sent, await two.message()

    sent, answer = asyncio.run(scenario())
    assert sent == 1
    assert answer.startswith(b"HTTP/1.1 403")


def test_a_recorder_that_stops_refuses_what_it_holds(tmp_path):
    async def scenario():
        async with asking(tmp_path) as (session, stub):
            async with client(session) as peer:
                await peer.send(ASK)
                await waiting(session)
                stopping = asyncio.create_task(session.stop("SIGTERM"))
                answer = await peer.message()
                await stopping
            session.stop = _done
            return answer, stub.seen

    answer, sent = asyncio.run(scenario())
    assert sent == []
    assert b"the recorder stopped before it was approved" in answer
    assert kinds(tmp_path)[-2:] == ["denied", "close"]


@asynccontextmanager
async def unwritable(session: Session) -> AsyncIterator[None]:
    """The disk takes intents and no entry."""
    await trails.sql(session.trail, "PRAGMA query_only=ON")
    try:
        yield
    finally:
        await trails.sql(session.trail, "PRAGMA query_only=OFF")


async def _done(_reason: str) -> None:
    """It has stopped already."""


def test_no_more_calls_are_held_than_the_configuration_says(tmp_path):
    configuration = tmp_path / "config.toml"
    configuration.write_text("[approvals]\nheld = 1\n")

    async def scenario():
        async with (
            asking(tmp_path / "trail", configuration=configuration) as (session, stub),
            client(session) as one,
            client(session) as two,
        ):
            await one.send(ASK)
            await waiting(session)
            await two.send(put(b"films"))
            return await two.message(), stub.seen

    answer, sent = asyncio.run(scenario())
    assert sent == []
    assert b"too many calls wait for an approval" in answer


def test_a_ticket_lets_the_same_call_pass_once(tmp_path):
    other = put(b"other")

    async def scenario():
        async with asking(tmp_path, "ticket") as (session, stub), client(session) as peer:
            answers = []
            for sent in (put(b"films"), put(b"films"), other):
                await peer.send(sent)
                answers.append(await peer.message())
            first, second = (each["ticket"] for each in session.recorder.holding.waiting())
            await session.recorder.holding.decide(first, YES)
            for sent in (other, put(b"films"), put(b"films")):
                await peer.send(sent)
                answers.append(await peer.message())
            return first, second, answers, len(stub.seen)

    first, second, answers, sent = asyncio.run(scenario())
    assert [each.split()[1] for each in answers] == [b"403"] * 4 + [b"200", b"403"]
    assert f"approval pending, ticket {first}".encode() in answers[0]
    assert f"approval pending, ticket {first}".encode() in answers[1]
    assert f"approval pending, ticket {second}".encode() in answers[2]
    assert f"ticket {second}".encode() in answers[3]
    assert sent == 1
    assert steps(tmp_path) == ["asked", "asked", "approved", "used", "asked"]


def test_a_ticket_outlives_its_recorder(tmp_path):
    async def ask(*, approve: bool):
        async with asking(tmp_path, "ticket") as (session, _), client(session) as peer:
            assert session.recorder.holding.tickets.leaving == set()
            await peer.send(ASK)
            answer = await peer.message()
            if approve:
                [told] = session.recorder.holding.waiting()
                await session.recorder.holding.decide(told["ticket"], YES)
            return answer.split()[1]

    assert asyncio.run(ask(approve=True)) == b"403"
    assert asyncio.run(ask(approve=False)) == b"200"
    assert asyncio.run(ask(approve=False)) == b"403"
    assert steps(tmp_path) == ["asked", "approved", "used", "asked"]


def test_a_long_upload_is_held_while_it_comes(tmp_path):
    long = put(b"x" * 3_000_000)

    async def scenario():
        async with asking(tmp_path) as (session, stub):
            async with client(session) as peer:
                sending = asyncio.create_task(peer.send(long))
                [ticket] = await waiting(session)
                assert stub.seen == []
                await session.recorder.holding.decide(ticket, YES)
                await sending
                answer = await peer.message()
            async with client(session) as peer:
                await peer.send(long)
                await waiting(session)
            await session.front.drained()
            sent = [len(each) for each in stub.seen]
            if session.settings.workers:
                return answer, sent, True  # the budget is in the worker
            budget = session.front.addon.budget
            return answer, sent, budget.free == budget.total

    answer, sent, is_free = asyncio.run(scenario())
    assert answer.startswith(b"HTTP/1.1 200")
    assert (sent, is_free) == ([len(long)], True)
    assert [each.what.decision["outcome"] for each in calls(tmp_path)] == ["approved", "left"]


def test_an_upload_that_is_too_long_to_be_held_gets_a_ticket(tmp_path, monkeypatch):
    monkeypatch.setattr(held, "LONGEST", 1_000_000)
    long = put(b"x" * 1_000_001)

    async def scenario():
        async with asking(tmp_path) as (session, stub):
            answers = []
            for _ in range(2):
                async with client(session) as peer:
                    sending = asyncio.create_task(peer.send(long))
                    answers.append(await peer.message())
                    sending.cancel()
                for each in session.recorder.holding.waiting():
                    await session.recorder.holding.decide(each["ticket"], YES)
            return answers, len(stub.seen)

    answers, sent = asyncio.run(scenario())
    assert b"approval pending" in answers[0]
    assert answers[1].startswith(b"HTTP/1.1 200")
    assert sent == 1


@pytest.mark.parametrize("how", ["wait", "ticket"])
def test_what_cannot_be_written_down_does_not_leave(tmp_path, how):
    async def scenario():
        async with asking(tmp_path, how) as (session, stub), client(session) as peer:
            await peer.send(ASK)
            if how == "ticket":
                await peer.message()
                [told] = session.recorder.holding.waiting()
                await session.recorder.holding.decide(told["ticket"], YES)
                async with unwritable(session):
                    await peer.send(ASK)
                    answer = await peer.message()
            else:
                [ticket] = await waiting(session)
                async with unwritable(session):
                    with pytest.raises(RecordingError):
                        await session.recorder.holding.decide(ticket, YES)
                    answer = await peer.message()
            return answer, stub.seen

    answer, sent = asyncio.run(scenario())
    assert sent == []
    assert answer.startswith((b"HTTP/1.1 503", b"HTTP/1.1 403"))


def test_an_approval_that_nobody_used_is_told(tmp_path):
    async def scenario():
        async with asking(tmp_path, "ticket") as (session, _), client(session) as peer:
            await peer.send(ASK)
            await peer.message()
            holding = session.recorder.holding
            [told] = holding.waiting()
            await holding.decide(told["ticket"], YES)
            holding.clock = lambda: int(told["until"]) + 1
            await session.recorder.heartbeat({})
            await session.recorder.heartbeat({})

    asyncio.run(scenario())
    assert steps(tmp_path) == ["asked", "approved", "lapsed"]
    with Reader(tmp_path) as reader:
        assert sum(reader.entry(i).kind == Ruling.KIND for i in range(reader.size)) == 3


@pytest.mark.parametrize("how", ["ticket", "wait=1s"])
def test_of_many_calls_at_once_one_passes_under_an_approval(tmp_path, how):
    async def one(session):
        async with client(session) as peer:
            await peer.send(ASK)
            return int((await peer.message()).split()[1])

    async def scenario():
        async with asking(tmp_path, "ticket") as (session, stub):
            await one(session)
            [told] = session.recorder.holding.waiting()
            await session.recorder.holding.decide(told["ticket"], YES)
            session.recorder.holding.asking = Asking.parse(how)
            statuses = await asyncio.gather(*[one(session) for _ in range(8)])
            return sorted(statuses), len(stub.seen)

    assert asyncio.run(scenario()) == ([200] + [403] * 7, 1)
    assert steps(tmp_path).count("used") == 1
