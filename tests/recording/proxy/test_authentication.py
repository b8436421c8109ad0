"""Whom a listener that other machines can reach lets in, and how its log names them."""

from __future__ import annotations

import asyncio
import base64

import pytest
from mitmproxy.proxy import mode_specs

from apitrail.address import is_loopback
from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.query import Filter
from apitrail.recording.operators import Operators
from apitrail.recording.proxy.authentication import check_doors
from apitrail.recording.proxy.modes import listens_here
from apitrail.trail.reader import Reader
from proxying import AWS, dial, recording, request, secure, tunnel, upstream

OPEN = ("regular@0.0.0.0:0",)


def login(user: str, secret: str) -> tuple[str, str]:
    encoded = base64.b64encode(f"{user}:{secret}".encode()).decode()
    return ("Proxy-Authorization", f"Basic {encoded}")


def head(field: tuple[str, str]) -> bytes:
    return f"{field[0]}: {field[1]}\r\n".encode()


def recorded(trail) -> list[Event]:
    with Reader(trail) as reader:
        return [Event.parse(reader.facets(index)) for index in reader.select(Filter())]


def test_without_a_login_it_is_407_and_nothing_is_recorded(tmp_path):
    Operators.of(tmp_path).add("mary")

    async def scenario() -> list[bytes]:
        heads = []
        async with (
            upstream() as stub,
            recording(tmp_path, modes=OPEN, upstream=stub.url) as session,
        ):
            for field in (b"", head(login("mary", "guess")), head(login("run-made-up", "x"))):
                async with dial(session) as client:
                    heads.append(await tunnel(client, f"{AWS}:443", field))
            async with dial(session) as client:
                await client.send(request(f"http://{AWS}/"))
                heads.append(await client.head())
            assert stub.seen == []
        return heads

    for said in asyncio.run(scenario()):
        assert said.startswith(b"HTTP/1.1 407 ")
        assert b'proxy-authenticate: basic realm="apitrail"' in said.lower()
    assert recorded(tmp_path) == []


@pytest.mark.parametrize("way", ["tunnel", "plain"])
def test_an_operator_stands_in_the_event_and_the_secret_nowhere(tmp_path, way):
    secret = Operators.of(tmp_path).add("mary")
    shown = login("mary", secret)

    async def scenario() -> bytes:
        async with (
            upstream() as stub,
            recording(tmp_path, modes=OPEN, upstream=stub.url) as session,
        ):
            async with dial(session) as client:
                if way == "tunnel":
                    assert b" 200 " in await tunnel(client, f"{AWS}:443", head(shown))
                    await secure(client, tmp_path)
                    await client.send(request(headers=[shown]))
                else:
                    await client.send(request(f"http://{AWS}/", headers=[shown]))
                assert b" 200 " in await client.head()
            return b"".join(stub.seen)

    sent = asyncio.run(scenario())
    assert sent
    assert b"proxy-authorization" not in sent.lower()
    [event] = recorded(tmp_path)
    assert event.who is not None
    assert event.who.operator == "mary"
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert secret.encode() not in kept
    assert shown[1].encode() not in b"".join(event.facets().values())


def test_a_run_of_this_machine_needs_no_secret_and_may_name_its_operator(tmp_path):
    secret = Operators.of(tmp_path).add("mary")

    async def scenario() -> str:
        async with (
            upstream() as stub,
            recording(tmp_path, modes=OPEN, upstream=stub.url) as session,
        ):
            run, _ = await session.runs.begin({}, "cmd")
            for shown in (login(f"run-{run}", "x"), login(f"mary.run-{run}", secret)):
                async with dial(session) as client:
                    await client.send(request(f"http://{AWS}/", headers=[shown]))
                    assert b" 200 " in await client.head()
        return run

    run = asyncio.run(scenario())
    newer, older = recorded(tmp_path)
    assert [event.who.run.id for event in (older, newer)] == [run, run]
    assert [event.who.operator for event in (older, newer)] == [None, "mary"]


def test_on_loopback_a_login_is_not_demanded_but_must_be_right(tmp_path):
    secret = Operators.of(tmp_path).add("mary")

    async def scenario() -> list[bytes]:
        heads = []
        async with upstream() as stub, recording(tmp_path, upstream=stub.url) as session:
            for fields in ([], [login("mary", "guess")], [login("mary", secret)]):
                async with dial(session) as client:
                    await client.send(request(f"http://{AWS}/", headers=fields))
                    heads.append((await client.head())[9:12])
        return heads

    assert asyncio.run(scenario()) == [b"200", b"407", b"200"]
    assert [event.who.operator for event in recorded(tmp_path)] == ["mary", None]


def test_a_reverse_listener_is_its_operator_s(tmp_path):
    async def scenario() -> None:
        async with upstream() as stub:
            mine = f"reverse:{stub.url}@127.0.0.1:0"
            settings = {"modes": (mine,), "operator_modes": (("agent-7", mine),)}
            async with recording(tmp_path, **settings) as session, dial(session) as client:
                await client.send(request())
                assert b" 200 " in await client.head()

    asyncio.run(scenario())
    [event] = recorded(tmp_path)
    assert event.who is not None
    assert event.who.operator == "agent-7"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("regular@0.0.0.0:8080", "has no operator"),
        ("regular@[::]:8080", "has no operator"),
        ("upstream:http://proxy.example:3128@192.0.2.7:8080", "has no operator"),
        ("reverse:http://localhost:4566@0.0.0.0:4567", "cannot ask who they are"),
        ("socks5@0.0.0.0:1080", "cannot ask who they are"),
        ("regular@127.0.0.1:8080", None),
        ("regular@8080", None),
    ],
)
def test_strangers_are_let_in_by_nobody_s_mistake(tmp_path, spec, message):
    mode, operators = mode_specs.ProxyMode.parse(spec), Operators.of(tmp_path)
    assert listens_here(mode) is (message is None)
    if message is None:
        check_doors([mode], operators)
        return
    with pytest.raises(UsageError, match=message):
        check_doors([mode], operators)


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("", False), ("my.host", False)],
)  # fmt: skip
def test_this_machine_is_told_by_its_address(host, here):
    assert is_loopback(host) is here
