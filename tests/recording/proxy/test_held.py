"""Long bodies are held until they are read; all of them share one budget."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import json
import tracemalloc

import pytest

from apitrail.aws import held as lengths
from apitrail.errors import RecordingError
from apitrail.recording.proxy.held import STEP, Budget, Share
from proxying import EMPTY, calls, dial, recording, upstream

LONG = 300 * 1024
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
SCOPE = "Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu-west-1/{service}/aws4_request"


@pytest.fixture
def trail(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    return tmp_path / "trail"


def ask(service: str, line: str, body: bytes, *fields: str, length: bool = True) -> bytes:
    """A request as a client writes it, its body in chunks unless `length` is told."""
    scope = SCOPE.format(service=service)
    head = [
        line + " HTTP/1.1",
        "Host: localhost:4566",
        f"Authorization: AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=00",
        *fields,
        f"Content-Length: {len(body)}" if length else "Transfer-Encoding: chunked",
    ]
    if not length:
        pieces = [body[at : at + 50_000] for at in range(0, len(body), 50_000)]
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    return "\r\n".join([*head, "", ""]).encode() + body


def put_item(text: str, **options: bool) -> bytes:
    item = {"TableName": "orders", "Item": {"id": {"S": "1"}, "text": {"S": text}}}
    target = "X-Amz-Target: DynamoDB_20120810.PutItem"
    return ask("dynamodb", "POST /", json.dumps(item).encode(), target, **options)


def send(trail, *requests, **settings):
    """What came back, what the upstream saw, and the calls that were recorded."""

    async def scenario():
        async with upstream(OK) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with recording(trail, modes=modes, **settings) as session:
                came = []
                for request in requests:
                    async with dial(session) as client:
                        await client.send(request)
                        came.append(await client.message())
            return came, stub.seen

    came, seen = asyncio.run(scenario())
    return came, seen, calls(trail)


@pytest.mark.parametrize("length", [True, False])
def test_a_long_item_has_its_parameters_and_its_table(trail, length):
    text = "x" * LONG

    [came], [seen], [event] = send(trail, put_item(text, length=length))

    assert came.startswith(b"HTTP/1.1 200 ")
    assert text.encode() in seen.replace(b"\r\n", b"") or not length
    assert event.what.call.operation == "PutItem"
    assert "orders" in {resource.name for resource in event.what.resources}
    parameters = event.request.parameters
    assert parameters["TableName"] == "orders"
    assert parameters["Item"]["text"]["S"] == {
        "length": LONG,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    assert event.what.call.problems == ()


def test_of_a_long_body_as_much_is_kept_as_the_policy_says(trail):
    _, _, [event] = send(trail, put_item("x" * LONG), body_limit=10_000)

    assert len(event.request_body) == 10_000
    assert event.request.http.body.length > LONG


def test_an_archive_keeps_its_function_s_name(trail):
    code = base64.b64encode(b"z" * LONG).decode()
    body = json.dumps({"FunctionName": "payroll", "Code": {"ZipFile": code}}).encode()

    _, _, [event] = send(trail, ask("lambda", "POST /2015-03-31/functions", body))

    assert event.what.call.operation == "CreateFunction"
    assert event.request.parameters["FunctionName"] == "payroll"
    # Code may hold secrets, so that the model calls it sensitive.
    assert event.request.parameters["Code"]["ZipFile"].startswith("redacted:")


def test_an_object_passes_as_it_comes(trail):
    """Its first bytes go up before its last have come."""
    body = b"x" * LONG
    request = ask("s3", "PUT /bucket/key", body)

    async def scenario():
        arrived = asyncio.Event()

        async def answer(peer):
            await peer.head()
            arrived.set()
            await peer.exactly(LONG)
            await peer.send(EMPTY)

        async with upstream(answer) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with recording(trail, modes=modes) as session, dial(session) as client:
                await client.send(request[:-1])
                await asyncio.wait_for(arrived.wait(), 20)
                await client.send(request[-1:])
                await client.message()

    asyncio.run(scenario())
    [event] = calls(trail)
    assert event.request.parameters["Body"]["length"] == LONG


def test_a_body_of_untold_length_has_an_end(trail, monkeypatch):
    monkeypatch.setitem(lengths.LONGEST, "json", 100_000)

    [came], seen, events = send(trail, put_item("x" * LONG, length=False))

    assert came.startswith(b"HTTP/1.1 413 ")
    assert (seen, events) == ([], [])


def test_what_does_not_fit_waits_for_its_turn(trail):
    async def scenario():
        first, go = asyncio.Event(), asyncio.Event()
        seen = []

        async def slow(peer):
            seen.append(await peer.message())
            first.set()
            await go.wait()
            await peer.send(OK)

        async with upstream(slow, OK) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with recording(trail, modes=modes) as session:
                addon = session.front.addon
                addon.budget = Budget(total=LONG + 50_000)
                async with dial(session) as one, dial(session) as two:
                    await one.send(put_item("a" * LONG))
                    await asyncio.wait_for(first.wait(), 20)
                    await two.send(put_item("b" * LONG))
                    while not addon.budget.waiting:  # noqa: ASYNC110 - nothing else tells
                        await asyncio.sleep(0)
                    assert len(seen) + len(stub.seen) == 1
                    go.set()
                    came = [await one.message(), await two.message()]
                free = addon.budget.free
            return came, free, addon.budget.total

    came, free, total = asyncio.run(scenario())
    assert all(each.startswith(b"HTTP/1.1 200 ") for each in came)
    assert free == total
    assert len(calls(trail)) == 2


def test_room_is_given_in_the_order_of_asking():
    async def scenario():
        budget = Budget(total=10)
        await budget.take(8)
        order = []

        async def ask(size):
            await budget.take(size)
            order.append(size)

        waiting = [asyncio.create_task(ask(size)) for size in (5, 1)]
        await asyncio.sleep(0)
        assert order == []
        budget.give(8)
        await asyncio.gather(*waiting)
        return order, budget.free

    assert asyncio.run(scenario()) == ([5, 1], 4)


def test_with_less_room_what_is_held_stays_and_who_comes_waits_for_it():
    async def main() -> None:
        budget = Budget(total=10)
        await budget.take(8)
        budget.resize(5)
        waits = asyncio.create_task(budget.take(4))
        await asyncio.sleep(0)
        assert (budget.waiting, waits.done()) == (1, False)
        budget.give(4)
        assert budget.waiting == 1
        budget.resize(10)
        await waits
        assert budget.free == 2

    asyncio.run(main())


def test_who_gives_up_waiting_holds_nothing():
    async def scenario():
        budget = Budget(total=10, patience=0)
        await budget.take(8)
        with pytest.raises(RecordingError, match="too many large requests"):
            await budget.take(5)
        budget.give(8)
        return budget.free

    assert asyncio.run(scenario()) == 10


def test_who_must_not_wait_is_told_at_once():
    async def scenario():
        budget = Budget(total=10)
        budget.take_now(8)
        with pytest.raises(RecordingError, match="too many large requests"):
            budget.take_now(5)

    asyncio.run(scenario())


def chunked(payload: bytes) -> bytes:
    pieces = [payload[at : at + 65_536] for at in range(0, len(payload), 65_536)]
    signature = b"ab" * 32
    return b"".join(
        b"%x;chunk-signature=%b\r\n%b\r\n" % (len(piece), signature, piece)
        for piece in [*pieces, b""]
    )


@pytest.mark.parametrize("size", [1000, LONG])
def test_an_upload_in_signed_chunks_keeps_its_payload(trail, size):
    payload = bytes(range(256)) * (size // 256)
    etag = hashlib.md5(payload).hexdigest()
    body = chunked(payload)
    fields = (
        "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "Content-Encoding: aws-chunked",
        f"x-amz-decoded-content-length: {len(payload)}",
    )
    answer = f'HTTP/1.1 200 OK\r\nETag: "{etag}"\r\nContent-Length: 0\r\n\r\n'.encode()

    async def scenario():
        async with upstream(answer) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with recording(trail, modes=modes) as session, dial(session) as client:
                await client.send(ask("s3", "PUT /bucket/key", body, *fields))
                await client.message()
            return stub.seen

    [seen] = asyncio.run(scenario())
    [event] = calls(trail)

    assert seen.endswith(body)
    digest = hashlib.sha256(payload).hexdigest()
    assert event.request.parameters["Body"] == {"length": len(payload), "sha256": digest}
    assert event.request_body == payload[: 256 * 1024]
    assert event.request.http.body.sha256 == digest
    assert event.response.result["ETag"] == f'"{etag}"'
    for path in trail.rglob("*"):
        assert not path.is_file() or b"ab" * 32 not in path.read_bytes()


def test_an_object_that_is_not_compressed_as_it_says_is_kept(trail):
    fields = ("Content-Encoding: gzip",)

    async def scenario():
        async with upstream(EMPTY) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with recording(trail, modes=modes) as session, dial(session) as client:
                await client.send(ask("s3", "PUT /bucket/key", b"plain words", *fields))
                await client.message()

    asyncio.run(scenario())
    [event] = calls(trail)
    assert event.request_body == b"plain words"
    assert event.request.parameters["ContentEncoding"] == "gzip"
    assert not event.what.undetermined


# -- answers


def answer(text, *, length=True, step=50_000):
    """A DynamoDB item, as its body comes."""
    body = json.dumps({"Item": {"id": {"S": "1"}, "text": {"S": text}}}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
    if length:
        return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


def get_item():
    key = {"TableName": "orders", "Key": {"id": {"S": "1"}}}
    target = "X-Amz-Target: DynamoDB_20120810.GetItem"
    return ask("dynamodb", "POST /", json.dumps(key).encode(), target)


def receive(trail, request, made, *, budget=None, **settings):
    """What came through of an answer, its event, and what is free of the budget in the end."""

    async def scenario():
        async with upstream(made) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with recording(trail, modes=modes, **settings) as session:
                addon = session.front.addon
                if budget is not None:
                    addon.budget = Budget(budget)
                async with dial(session) as client:
                    await client.send(request)
                    came = await client.message()
            return came, addon.budget

    came, left = asyncio.run(scenario())
    [event] = calls(trail)
    return came, event, left


@pytest.mark.parametrize("length", [True, False])
def test_a_long_answer_is_decoded_and_kept_as_the_policy_says(trail, length):
    text = "y" * LONG
    made = answer(text, length=length)

    came, event, budget = receive(trail, get_item(), made, body_limit=10_000)

    assert text.encode() in came.replace(b"\r\n", b"") or not length
    assert event.response.result["Item"]["id"] == {"S": "1"}
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert event.response.result["Item"]["text"]["S"] == {"length": LONG, "sha256": digest}
    assert event.what.call.problems == ()
    assert len(event.response_body) == 10_000
    assert event.response.http.body.length > LONG
    assert budget.free == budget.total


@pytest.mark.parametrize("length", [True, False])
def test_an_answer_for_which_there_is_no_room_passes_undecoded(trail, length):
    came, event, budget = receive(
        trail, get_item(), answer("y" * LONG, length=length), budget=1000, body_limit=10_000
    )

    assert came.startswith(b"HTTP/1.1 200 ")
    assert event.response.result == {}
    assert "response body was not kept whole" in event.what.call.problems
    # What is in it is not known: there may be secrets.
    assert event.response_body is None
    assert budget.free == budget.total


def test_an_answer_that_is_longer_than_what_is_decoded_passes(trail, monkeypatch):
    monkeypatch.setitem(lengths.LONGEST, "json", 100_000)

    came, event, budget = receive(trail, get_item(), answer("y" * LONG, length=False))

    assert len(came) > LONG
    assert event.response.result == {}
    assert budget.free == budget.total


def test_of_an_object_that_is_answered_nothing_is_held(trail):
    made = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (LONG, b"z" * LONG)
    free = []

    async def watched(peer):
        await peer.head()
        await peer.send(made[:-1])
        free.append(addons[0].budget.free)
        await peer.send(made[-1:])

    addons = []

    async def scenario():
        async with upstream(watched) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with recording(trail, modes=modes) as session:
                addons.append(session.front.addon)
                async with dial(session) as client:
                    await client.send(ask("s3", "GET /bucket/key", b""))
                    await client.message()

    asyncio.run(scenario())
    [event] = calls(trail)
    assert event.response.result["Body"]["length"] == LONG
    assert free == [addons[0].budget.total]


def test_a_share_grows_with_what_passes_and_is_given_back_whole():
    budget = Budget(3 * STEP)
    share = Share(budget, 2 * STEP)

    assert share.covers(10)
    assert budget.free == 2 * STEP
    assert share.covers(STEP + 1)
    assert budget.free == STEP
    assert not share.covers(2 * STEP + 1)
    assert budget.free == 3 * STEP
    share.release()
    assert budget.free == 3 * STEP
    assert not share.covers(1)


def test_a_share_takes_nothing_from_those_who_wait():
    async def scenario():
        budget = Budget(100)
        await budget.take(90)
        waiting = asyncio.create_task(budget.take(50))
        await asyncio.sleep(0)
        assert not Share(budget, 10).covers(5)
        budget.give(90)
        await waiting

    asyncio.run(scenario())


def test_names_of_any_length_leave_nothing_behind(trail):
    """Caches of names must not fill with what a client chooses to send."""
    rounds = 3

    def item(number):
        names = {f"{number}-{each}-" + "k" * 100_000: {"S": "1"} for each in range(20)}
        body = json.dumps({"TableName": "t", "Item": names}).encode()
        return ask("dynamodb", "POST /", body, "X-Amz-Target: DynamoDB_20120810.PutItem")

    send(trail, item(0))
    tracemalloc.start()
    try:
        for number in range(1, rounds):
            send(trail / str(number), item(number))
        gc.collect()
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left < 3_000_000  # the names of these calls are 4,000,000
