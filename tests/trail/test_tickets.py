from dataclasses import replace

import pytest

from apitrail.errors import UsageError
from apitrail.trail.ruling import Ruling
from apitrail.trail.tickets import Answer, Tickets

ASKED = Ruling(ticket="aabb", step="asked", guard="g", event="e1", same="s", until=100)
APPROVED = Ruling(ticket="aabb", step="approved", guard="g", by="root", name="mary")


def of(*rulings: Ruling) -> Tickets:
    return Tickets.of(enumerate(rulings))


def test_a_ticket_waits_until_it_is_decided_or_lapses():
    found = of(ASKED)
    assert [each.id for each in found.waiting(99)] == ["aabb"]
    assert found.waiting(100) == []
    assert found.find("aa", 50).id == "aabb"
    with pytest.raises(UsageError, match="it is lapsed"):
        found.find("aabb", 100)
    with pytest.raises(UsageError, match="no ticket 'c'"):
        found.find("c", 50)
    with pytest.raises(UsageError, match="no ticket ''"):
        found.find("", 50)
    with pytest.raises(UsageError, match="it is approved by mary"):
        of(ASKED, APPROVED).find("aabb", 50)
    other = replace(ASKED, ticket="aacc")
    with pytest.raises(UsageError, match="several tickets begin 'aa'"):
        of(ASKED, other).find("aa", 50)


def test_an_approval_admits_one_call():
    assert of(ASKED, APPROVED).by_id["aabb"].admits(50)
    assert not of(ASKED, APPROVED).by_id["aabb"].admits(100)
    assert [each.id for each in of(ASKED, APPROVED).unused(100)] == ["aabb"]
    used = of(ASKED, APPROVED, replace(APPROVED, step="used", event="e2"))
    assert not used.by_id["aabb"].admits(50)
    assert used.leaving == {"e2"}
    held = of(ASKED, replace(APPROVED, event="e1"))
    assert not held.by_id["aabb"].admits(50)
    assert (held.leaving, held.unused(100)) == ({"e1"}, [])
    assert of(ASKED, replace(APPROVED, step="denied")).leaving == set()


def test_a_ticket_is_found_by_what_it_asks():
    found = of(ASKED)
    assert found.standing("s", 50) is not None
    assert found.standing("t", 50) is None
    assert found.standing("s", 100) is None
    assert found.standing("s", 50, {"aabb"}) is None
    found.forget(100)
    assert found.by_id == {}


def test_steps_of_a_later_version_and_of_unknown_tickets_are_left_out():
    found = of(replace(APPROVED, ticket="other"), ASKED, replace(ASKED, step="pondered"))
    assert found.by_id["aabb"].step == "asked"
    assert list(found.by_id) == ["aabb"]


def test_an_answer_is_checked():
    good = {"verdict": "deny", "road": "link", "name": " mary ", "reason": "x"}
    assert Answer.parse(good, "root") == Answer(
        approves=False, road="link", by="root", name="mary", reason="x"
    )
    for bad in ({"verdict": "maybe"}, {"road": "post"}, {"name": None}, {"reason": "x" * 1001}):
        with pytest.raises(UsageError):
            Answer.parse(good | bad, None)
    told = Answer.parse(good | {"reason": "password=x"}, None).redacted(lambda _: "***")
    assert told.reason == "***"
