"""Calls are listed, approved and denied in a terminal, with and without a recorder."""

from __future__ import annotations

import asyncio
import json

import pytest

from asking import asking, client, ruled
from proxying import request


@pytest.fixture
def asked(tmp_path):
    """A trail with a ticket that waits, whose recorder has ended."""

    async def scenario():
        async with asking(tmp_path / "asked", "ticket") as (session, _), client(session) as peer:
            await peer.send(request())
            await peer.message()

    asyncio.run(scenario())
    return tmp_path / "asked"


def test_a_ticket_is_listed_and_approved(asked, cli):
    status, listed, _ = cli("approvals", on=asked)
    assert status == 0
    ticket = listed.splitlines()[1].split()[0]
    assert "sts:GetCallerIdentity" in listed
    told = json.loads(cli("approvals", "--output", "json", on=asked)[1])
    assert (told["ticket"], told["state"], told["held"]) == (ticket, "asked", False)
    assert told["call"]["event"] == "GetCallerIdentity"
    status, out, said = cli("approvals", "approve", ticket[:5], "--reason", "ok", "--name", "Ada", on=asked)  # fmt: skip
    assert (status, out) == (0, "")
    assert "the next call like it passes, once" in said
    assert (ruled(asked)[-1].step, ruled(asked)[-1].name) == ("approved", "Ada")
    status, out, said = cli("approvals", "deny", ticket, on=asked)
    assert (status, out) == (2, "")
    assert "it is approved by Ada" in said
    assert "hint:" in said
    assert "nothing waits" in cli("approvals", on=asked)[2]
    assert "approved by Ada" in cli("approvals", "--all", on=asked)[1]


def test_a_ticket_is_denied_with_a_reason_and_json(asked, cli):
    ticket = ruled(asked)[0].ticket
    told = json.loads(cli("approvals", "deny", ticket, "--output", "json", on=asked)[1])
    assert (told["ticket"], told["step"]) == (ticket, "denied")


def test_what_cannot_be_decided(asked, cli, monkeypatch):
    assert cli("approvals", "approve", "zz", on=asked)[0] == 2
    assert cli("approvals", "approve", "", on=asked)[0] == 2
    assert cli("approvals", "approve", on=asked)[0] == 2
    ticket = ruled(asked)[0].ticket
    assert cli("approvals", "deny", ticket, "--reason", "x" * 1001, on=asked)[0] == 2
    monkeypatch.setenv("APITRAIL_RUN", "abc")
    status, _, said = cli("approvals", "approve", ticket, on=asked)
    assert status == 2
    assert "a recorded command cannot decide" in said
    assert len(ruled(asked)) == 1


def test_a_trail_that_is_not_there(tmp_path, cli):
    assert cli("approvals", on=tmp_path / "none")[0] == 2
    assert cli("approvals", "approve", "a", on=tmp_path / "none")[0] == 2
