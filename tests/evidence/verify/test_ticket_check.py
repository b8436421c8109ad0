"""A call that passed under a ticket was asked for and approved before, or the log is false."""

from __future__ import annotations

import asyncio
import time

import pytest

import ticketed
from apitrail.event import dump
from apitrail.evidence.verify import Finding, Trust, Verdict, trail_check
from apitrail.evidence.verify.ticket_check import ERASED, PASSED, TicketStep, check, passed
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail.audit import Audit
from apitrail.trail.keys import Keys
from apitrail.trail.statements import Target
from asking import NO, YES, asking, client, waiting
from proxying import put, request
from ticketed import FALSE, TRUE, UNASKED, tell
from trails import SIGNER, write
from trails import check as verified

EVERY_FALSE = FALSE | {
    name: (story, "which nobody had asked for") for name, story in UNASKED.items()
}


def passed_at(story):
    """The entry of the last call that passed, in the trail of this story."""
    return max(at for at, (step, _) in enumerate(story, 1) if step.startswith("passed"))


def head(trail, size):
    with Audit(trail) as audit:
        return note.sign(str(Checkpoint(SIGNER.name, size, audit.root_at(size))), SIGNER)


def test_what_a_recorder_writes_holds(tmp_path):
    async def scenario():
        async with asking(tmp_path, "ticket") as (session, _), client(session) as peer:
            for asked, answer in ((request(), YES), (put(b"x"), NO)):
                await peer.send(asked)
                await peer.message()
                [told] = session.recorder.holding.waiting()
                await session.recorder.holding.decide(told["ticket"], answer)
                await peer.send(asked)
                await peer.message()
        async with asking(tmp_path) as (session, _), client(session) as peer:
            await peer.send(request())
            [ticket] = await waiting(session)
            await session.recorder.holding.decide(ticket, YES)
            await peer.message()

    asyncio.run(scenario())
    trust = Trust((Keys.of(tmp_path).signer().verifier,), "--key")
    report = trail_check.check(tmp_path, trust, now=time.time_ns() // 1_000_000, processes=1)
    assert report.verdict is Verdict.OK, report.message
    assert (report.approvals, report.approvals_left) == (2, 0)
    assert "; 2 calls passed after their approvals; " in report.message


@pytest.mark.parametrize("name", TRUE)
def test_a_true_story_holds(tmp_path, name):
    report = verified(tell(tmp_path / "trail", TRUE[name]))
    assert report.verdict is Verdict.OK, report.message
    later = name == "a step of a later version"
    count = sum(step.startswith("passed") for step, _ in TRUE[name])
    assert (report.approvals, report.approvals_left) == ((0, 1) if later else (count, 0))


@pytest.mark.parametrize("name", EVERY_FALSE)
def test_a_false_story_is_found(tmp_path, name):
    story, why = EVERY_FALSE[name]
    trail = tell(tmp_path / "trail", story)
    at = 2 if name == "it was approved after" else passed_at(story)
    report = verified(trail)
    assert (report.verdict, report.index) == (Verdict.TAMPERED, at), report.message
    assert report.message == f"entry {at}: it passed under ticket 't1', {why}"
    if why.startswith("which let"):
        return  # the first call is not looked at
    # The rulings from before are looked for where a call has passed since.
    found = verified(trail, since=head(trail, at), whole=False)
    assert (found.verdict, found.message) == (Verdict.TAMPERED, report.message)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_a_true_story_holds_from_any_head(tmp_path, size):
    trail = tell(tmp_path / "trail", TRUE["a ticket that was used"])
    report = verified(trail, since=head(trail, size), whole=False)
    assert report.verdict is Verdict.OK, report.message
    assert report.approvals == (size < 5)


@pytest.mark.parametrize("erased", [1, 2])
def test_where_rulings_are_erased_it_cannot_be_told(tmp_path, erased):
    trail = tell(tmp_path / "trail", TRUE["a held call"])
    write(trail, lambda opened: opened.erase([Target(erased, ("what",))]))
    for options in ({}, {"since": head(trail, 3), "whole": False}):
        report = verified(trail, **options)
        assert report.verdict is Verdict.OK, report.message
        assert (report.approvals, report.approvals_left) == (0, 1)
        assert "whether 1 call had an approval cannot be told: rulings are erased" in report.message


def steps(*told):
    return [TicketStep(at, step, "t", event) for at, (step, event) in enumerate(told)]


def test_what_is_erased_excuses_no_contradiction():
    for denied in (("denied", "a"), ("approved", "b")):
        with pytest.raises(Finding, match="ticket 't', which was"):
            check(steps(("asked", "a"), denied, (ERASED, None), (PASSED, "a")))
    assert check(steps((ERASED, None), (PASSED, "a"))) == (0, 1)
    with pytest.raises(Finding, match="nobody had approved"):
        check(steps((ERASED, None), ("asked", "a"), (PASSED, "a")))


def test_a_part_of_a_log_need_not_hold_the_question():
    told = steps(("approved", None), ("used", "a"), (PASSED, "a"))
    assert check(told, whole=False) == (0, 1)
    with pytest.raises(Finding, match="nobody had asked for"):
        check(told)
    with pytest.raises(Finding, match="which was denied"):
        check(steps(("denied", "a"), (PASSED, "a")), whole=False)


def test_a_call_is_seen_however_its_ticket_is_spelt():
    what = ticketed.passing(1).facets["what"]
    assert passed(7, {"what": what}) == TicketStep(7, PASSED, "t1", ticketed.event_id(1))
    spelt = what.replace(b'"ticket"', rb'"\u0074icket"')
    assert passed(7, {"what": spelt}) == passed(7, {"what": what})
    assert passed(7, {"what": what.replace(b'"approved"', b'"pending"')}) is None
    assert passed(7, {"what": dump({"record": {}})}) is None
    assert passed(7, {}) is None
