"""`apitrail mcp` as agents run it: real processes, asked by the protocol's own client."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import httpx2
import pytest
from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from machine import Machine, boto3, clean
from machine import until as wait_until

pytestmark = pytest.mark.mcp

type Work = Callable[[ClientSession], Awaitable[Any]]

INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
    "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
}}  # fmt: skip


def request(number: int, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, moto: str) -> Machine:
    """A trail with the calls of two runs; `AGENTS` is the id of the second."""
    machine = Machine(tmp_path_factory.mktemp("mcp") / "home", moto)
    machine.exec(*boto3("boto3.client('iam').create_user(UserName='theirs')"))
    machine.exec(*boto3("boto3.client('iam').create_user(UserName='mine'); boto3.client('s3').list_buckets()"))  # fmt: skip
    machine.environment["AGENTS"] = sql(machine, "SELECT run FROM events ORDER BY idx DESC LIMIT 1")
    return machine


def sql(machine: Machine, statement: str) -> str:
    printed = machine.apitrail("sql", statement, "--output", "json").stdout
    return str(next(iter(json.loads(printed)[0].values())))


def over_stdio(machine: Machine, work: Work, *options: str, env: Mapping[str, str] = {}) -> Any:
    """What the work gives with a server that this process starts."""
    given = {n: v for n, v in machine.environment.items() if n.startswith("APITRAIL_")}
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "apitrail", "mcp", *options], env={**given, **env}
    )

    async def main() -> Any:
        async with stdio_client(server) as streams, ClientSession(*streams) as session:
            await session.initialize()
            return await work(session)

    return asyncio.run(main())


async def answered(session: ClientSession, name: str, **arguments: Any) -> dict[str, Any]:
    answer = await session.call_tool(name, arguments)
    assert not answer.is_error, answer
    found: dict[str, Any] = answer.structured_content
    return found


async def every_tool(session: ClientSession) -> str:
    """All that an agent can read without knowing an id, as one text."""
    told = [await answered(session, "events", max_results=50)]
    told += [await answered(session, "lookup_events", attribute_key="EventName", attribute_value="Create*")]  # fmt: skip
    told += [await answered(session, "sql", sql="SELECT *, record FROM events", max_results=200)]
    told += [await answered(session, "lake_query", sql="SELECT * FROM event_resources")]
    told += [await answered(session, "history", resource="*", reads=True, max_results=50)]
    told += [await answered(session, name) for name in ("insights", "policy", "verify")]
    return json.dumps(told)


def test_an_agent_sees_its_own_run_by_the_environment_and_nothing_of_others(
    recorded: Machine,
) -> None:
    run = recorded.environment["AGENTS"]
    text = over_stdio(recorded, every_tool, env={"APITRAIL_RUN": run})
    assert "mine" in text
    assert "theirs" not in text
    named = over_stdio(recorded, lambda session: answered(session, "my_run"), "--run", run)
    assert (named["run"], named["calls"], named["failed"]) == (run, 2, 0)


def test_all_runs_are_shown_where_the_server_was_started_so(recorded: Machine) -> None:
    text = over_stdio(recorded, every_tool, "--all-runs")
    assert "mine" in text
    assert "theirs" in text


def test_an_id_of_another_run_is_not_there(recorded: Machine) -> None:
    theirs = sql(recorded, "SELECT eventID FROM events ORDER BY idx LIMIT 1")  # fmt: skip

    async def look(session: ClientSession) -> list[str]:
        tools = ("show", "explain_denial")
        found = [await session.call_tool(name, {"event_id": theirs}) for name in tools]
        return [str(each.content[0].text) for each in found if each.is_error]  # type: ignore[union-attr]

    said = over_stdio(recorded, look, "--run", recorded.environment["AGENTS"])
    assert [text.partition("\n")[0] for text in said] == [f"no event {theirs!r}"] * 2


def started(machine: Machine, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "apitrail", "mcp", *options], env={**clean(), **machine.environment},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_stdout_has_messages_alone_and_the_server_ends_with_stdin(recorded: Machine) -> None:
    sent = [
        json.dumps(INITIALIZE), json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json.dumps(request(2, "tools/list")), "this is no message", '{"jsonrpc": "2.0"}',
        json.dumps(request(3, "tools/call", name="verify", arguments={})),
        json.dumps(request(4, "tools/call", name="sql", arguments={"sql": "SELECT eventName REGEXP 'C.*' FROM events"})),
    ]  # fmt: skip
    process = started(recorded, "--run", recorded.environment["AGENTS"])
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n".join(sent) + "\n")
    process.stdin.flush()
    found: dict[object, dict[str, Any]] = {}
    while not {1, 2, 3, 4} <= found.keys():
        message = json.loads(process.stdout.readline())
        assert message["jsonrpc"] == "2.0"
        found[message.get("id")] = message
    assert found[3]["result"]["structuredContent"]["verdict"] == "OK"
    assert found[4]["result"]["structuredContent"]["rows"] == [[1], [0]]
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_it_waits_for_a_message(
    recorded: Machine, number: signal.Signals
) -> None:
    process = started(recorded, "--all-runs")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(INITIALIZE) + "\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == 1
    process.send_signal(number)
    assert process.wait(60) == -number
    process.communicate()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("request_approval", {"reason": "x", "wait_seconds": 50}),
        ("sql", {"sql": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n"}),
        ("sql", {"sql": f"SELECT '{'a' * 60}b' REGEXP '(a+)+$'"}),
    ],
)  # fmt: skip
def test_what_a_tool_does_ends_with_its_client(
    recorded: Machine, name: str, arguments: dict[str, Any]
) -> None:
    process = started(recorded, "--all-runs")
    sent = [INITIALIZE, request(2, "tools/call", name=name, arguments=arguments)]
    out, _ = process.communicate("".join(json.dumps(each) + "\n" for each in sent), timeout=60)
    assert process.returncode == 0
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in out.splitlines())


def test_outside_of_a_run_nothing_is_shown(recorded: Machine) -> None:
    process = started(recorded)
    out, said = process.communicate(json.dumps(INITIALIZE) + "\n", timeout=60)
    assert (process.returncode, out) == (2, "")
    assert "this is no part of a run" in said


@pytest.fixture(scope="module")
def served(recorded: Machine) -> Iterator[tuple[str, str, subprocess.Popen[str]]]:
    """The URL of a server of one run, and its token."""
    process = started(recorded, "--run", recorded.environment["AGENTS"], "--http", "127.0.0.1:0")
    assert process.stderr is not None
    text = ""
    while "agents: " not in text:
        line = process.stderr.readline()
        assert line, text
        text += line
    token, url = re.search(r"once: (\w+)", text), re.search(r"agents: (\S+),", text)
    assert token is not None
    assert url is not None
    yield url[1], token[1], process
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_over_http_an_agent_sees_the_same(served: tuple[str, str, object]) -> None:
    url, token, _ = served

    async def main() -> str:
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False, timeout=60) as client,
            streamable_http_client(url, http_client=client) as streams,
            ClientSession(*streams) as session,
        ):
            await session.initialize()
            return await every_tool(session)

    text = asyncio.run(main())
    assert "mine" in text
    assert "theirs" not in text


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Authorization": "Bearer wrong"}, {"Authorization": "TOKEN", "Host": "evil.example"},
        {"Authorization": "TOKEN", "Origin": "http://evil.example"}, {"Authorization": "TOKEN", "Origin": "null"},
        {"Authorization": "TOKEN", "Sec-Fetch-Site": "cross-site"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_over_http_strangers_and_pages_are_refused(
    served: tuple[str, str, object], method: str, headers: Mapping[str, str]
) -> None:
    url, token, _ = served
    shown = {n: v.replace("TOKEN", f"Bearer {token}") for n, v in headers.items()}
    accept = {"Accept": "application/json, text/event-stream"}
    with httpx2.Client(trust_env=False, timeout=60) as client:
        answer = client.request(method, url, json=INITIALIZE, headers=accept | shown)
    challenge = answer.headers.get("www-authenticate")
    if shown.get("Authorization") == f"Bearer {token}":
        assert (answer.status_code, challenge) == (403, None)
    else:
        wrong = ', error="invalid_token"' if shown else ""
        assert (answer.status_code, challenge) == (401, f'Bearer realm="apitrail"{wrong}')
    assert "serverInfo" not in answer.text


def test_over_http_the_server_ends_when_it_is_asked_to(
    served: tuple[str, str, subprocess.Popen[str]],
) -> None:
    process = served[2]
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: process.poll() is not None or None)
    assert process.returncode == 0


def test_reading_loads_nothing_of_it(recorded: Machine) -> None:
    code = (
        "import sys; from apitrail.__main__ import run; run(['events']); run(['mcp', '--help']); "
        "print([name for name in ('mcp', 'pydantic', 'jsonschema') if name in sys.modules])"
    )
    done = recorded.run(sys.executable, "-c", code)
    assert done.stdout.splitlines()[-1] == "[]"
