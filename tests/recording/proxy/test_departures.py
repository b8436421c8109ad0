"""A client that takes back one of several calls, over HTTP/2, takes back that one alone."""

from __future__ import annotations

import asyncio

from apitrail.policy.guard import Guard
from apitrail.policy.guards import Guards
from apitrail.recording.proxy import departures
from asking import GUARD, YES, waiting
from proxying import AWS, calls, dial, recording, secure, tunnel, upstream
from recording.proxy.test_http2 import Http2, ended, status


def test_a_stream_that_is_reset_takes_its_call_with_it_and_no_other(tmp_path):
    guards = Guards((Guard.parse("careful", GUARD),))

    async def main() -> tuple[str, int]:
        async with (
            upstream() as stub,
            recording(tmp_path, upstream=stub.url, guards=guards) as session,
            dial(session) as peer,
        ):
            await tunnel(peer, f"{AWS}:443")
            await secure(peer, tmp_path, AWS, "h2")
            side = Http2(peer, client=True)
            first = side.ask()
            await side.flush()
            [gone] = await waiting(session)
            second = side.ask()
            await side.flush()
            both = await waiting(session, 2)
            side.machine.reset_stream(first)
            await side.flush()
            [left] = await waiting(session)
            assert left in set(both) - {gone}
            await session.recorder.holding.decide(left, YES)
            return status(await side.until(ended(second)), second), len(stub.seen)

    assert asyncio.run(main()) == ("200", 1)
    assert sorted(str(each.what.decision["outcome"]) for each in calls(tmp_path)) == [
        "approved", "left",
    ]  # fmt: skip


def test_who_is_not_waited_for_may_leave():
    async def main() -> bool:
        departures.gone("nobody")
        with departures.watched("a") as left:
            departures.gone("b")
            assert not left.done()
            departures.gone("a")
            departures.gone("a")
            return left.done()

    assert asyncio.run(main())
