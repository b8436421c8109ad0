"""The server asked by the protocol's own client, in this process."""

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from mcp import Client

from apitrail.web.mcp.agent_server import server
from apitrail.web.mcp.toolbox import TOOLS

pytestmark = pytest.mark.mcp


def talk(seen, work):
    """What the work gives, done with a client of this server."""

    async def main():
        async with Client(server(seen)) as client:
            return await work(client)

    # In a thread of its own: the browser's driver may have an event loop in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, main()).result()


def call(seen, name, **arguments):
    return talk(seen, lambda client: client.call_tool(name, arguments))


def test_tools_are_listed_with_schemas_and_hints(own):
    found = {tool.name: tool for tool in talk(own, lambda client: client.list_tools()).tools}
    assert found.keys() == TOOLS.keys()
    hints = {name: tool.annotations for name, tool in found.items()}
    assert not hints["request_approval"].read_only_hint
    assert all(hint.read_only_hint for name, hint in hints.items() if name != "request_approval")
    assert not any(hint.destructive_hint or hint.open_world_hint for hint in hints.values())
    assert all(tool.output_schema["type"] == "object" for tool in found.values())


def test_it_says_what_it_shows(own, every):
    async def told(client):
        return client.instructions

    assert "your own run only" in talk(own, told)
    assert "calls of all runs" in talk(every, told)
    assert len(talk(own, told)) < 600


def test_an_answer_is_structured_and_the_same_as_text(own):
    answer = call(own, "events", max_results=1)
    assert not answer.is_error
    assert json.loads(answer.content[0].text) == answer.structured_content
    assert len(answer.structured_content["events"]) == 1


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("show", {"event_id": "ffff"}, "no event 'ffff'\nhint: events lists those that can be seen"),
        ("show", {"event_id": "a\x1b[31m\nb"}, "no event 'a\\x1b[31m\\nb'\nhint: events lists those that can be seen"),
        ("sql", {"sql": "SELECT x FROM y"}, "the query fails: no such table: y\nhint: the table is called events"),
    ],
)  # fmt: skip
def test_an_error_is_one_line_and_a_hint(own, name, arguments, said):
    answer = call(own, name, **arguments)
    assert answer.is_error
    assert answer.content[0].text == said


def test_a_tool_that_is_not_there(own):
    assert "no tool 'drop'" in call(own, "drop").content[0].text


def test_progress_reaches_the_client(own, tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path))
    told = []

    async def heard(*step):
        told.append(step)

    async def verified(client):
        await client.call_tool("verify", {}, progress_callback=heard)

    talk(own, verified)
    assert (2.0, 2.0, "done") in told


def test_those_who_wait_for_a_person_hold_nobody_else_up(own):
    async def work(client):
        # More than asyncio has threads for.
        asked = {"reason": "r", "ticket": "t1", "wait_seconds": 50}
        waits = [
            asyncio.create_task(client.call_tool("request_approval", asked))
            for _ in range((os.cpu_count() or 1) + 8)
        ]
        for _ in range(2):  # the second one comes after all that wait
            answer = await client.call_tool("events", {"max_results": 1})
        waiting = [not each.done() for each in waits]
        for each in waits:
            each.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        return answer, waiting

    answer, waiting = talk(own, work)
    assert not answer.is_error
    assert all(waiting)
