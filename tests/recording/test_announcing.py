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
                async with asyncio.timeout(20):
                    while len(receiver.got) < 2:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
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
