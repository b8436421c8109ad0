"""A webhook gets each question with a link, under which the call that waits is approved."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlencode, urlsplit

from apitrail import places
from asking import asking, client, ruled, waiting
from browsing import Pages
from proxying import request
from recording.alerts.receiver import receiving


def configured(tmp_path, url):
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef")
    secret.chmod(0o600)
    path = tmp_path / "config.toml"
    path.write_text(
        f'[approvals]\nwebhook = "{url}"\nsecret_file = "secret"\nlink = "https://c.example/"\n'
    )
    return path


async def had(receiver, number):
    """Wait until the webhook got so many messages."""
    async with asyncio.timeout(20):
        while len(receiver.got) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_a_question_is_answered_by_the_link_that_the_webhook_got(tmp_path):
    trail = tmp_path / "trail"

    def follow(told):
        pages = Pages(trail)
        object.__setattr__(pages.console.served, "clock", places.clock)
        path = urlsplit(told["link"]).path
        page = pages.get(path).text
        answer = pages.post(path, urlencode({"verdict": "approve", "name": "Ada"}).encode())
        return page, answer.status

    async def scenario():
        with receiving() as receiver:
            receiver.answers = [500, 200]
            configuration = configured(tmp_path, receiver.url)
            async with (
                asking(trail, configuration=configuration) as (session, _),
                client(session) as peer,
            ):
                await peer.send(request())
                await waiting(session)
                await had(receiver, 2)
                headers, body = receiver.got[-1]
                told = json.loads(body)
                page, status = await asyncio.to_thread(follow, told)
                return headers, told, page, status, await peer.message()

    headers, told, page, status, answer = asyncio.run(scenario())
    assert headers["webhook-signature"].startswith("v1,")
    assert headers["webhook-id"] == told["ticket"]
    assert (told["type"], told["action"]) == ("approval", "sts:GetCallerIdentity")
    assert told["call"]["event"] == "GetCallerIdentity"
    assert told["link"].startswith("https://c.example/approvals/link/")
    assert "the call waits" in page
    assert status == 303
    assert answer.startswith(b"HTTP/1.1 200")
    asked, approved = ruled(trail)
    assert (approved.road, approved.name, approved.event) == ("link", "Ada", asked.event)


def test_a_question_that_a_crash_left_is_told_by_the_next_recorder(tmp_path):
    trail = tmp_path / "trail"

    async def scenario():
        with receiving() as receiver:
            receiver.answers = [500]  # nothing has taken the question when the recorder ends
            configuration = configured(tmp_path, receiver.url)
            async with (
                asking(trail, "ticket", configuration=configuration) as (session, _),
                client(session) as peer,
            ):
                await peer.send(request())
                await peer.message()
                await had(receiver, 1)
            async with asking(trail, "ticket", configuration=configuration) as (session, _):
                await had(receiver, 2)
                [number] = [each["ticket"] for each in session.recorder.holding.waiting()]
                session.recorder.holding.state_reason(number, "the plan says so")
                session.recorder.holding.state_reason(number, "the plan says so")
                await had(receiver, 3)
            return receiver.got

    first, second, third = asyncio.run(scenario())
    bodies = [json.loads(body) for _, body in (first, second, third)]
    assert first[0]["webhook-id"] == second[0]["webhook-id"] == bodies[1]["ticket"]
    assert bodies[1]["call"]["event"] == "GetCallerIdentity"
    assert bodies[1]["eventID"] == bodies[0]["eventID"]
    assert third[0]["webhook-id"].startswith(f"{bodies[0]['ticket']}.")
    assert [each.get("stated") for each in bodies] == [None, None, "the plan says so"]
