"""What passes the recorder passes unchanged, and is recorded as what it was."""

from __future__ import annotations

import asyncio
import hashlib
import resource
import shutil
import subprocess
import uuid
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from apitrail.aws.sign import auth, signature
from apitrail.exchange import Body, Request
from apitrail.recording.session import Session
from apitrail.trail import journal
from apitrail.trail.reader import Reader
from proxying import (
    AWS,
    EMPTY,
    OK,
    S3,
    Authority,
    Done,
    Peer,
    Upstream,
    authorization,
    call,
    calls,
    dial,
    header_lines,
    http,
    put,
    recording,
    request,
    secure,
    tunnel,
    upstream,
)  # fmt: skip

ODD = [
    request("//a/../b/%2F/./c?b=2&a=1&&c", b"", method="GET"),
    request("/k%20ey+1/%E2%82%AC?list-type=2&prefix=%2Fa", b"", method="GET"),
    request(headers=[("X-Amz-Empty", ""), ("x-AMZ-Meta-A", "1"), ("X-Amz-Meta-A", "2")]),
    request(headers=[("X-Latin", "\xe4\xf6\xfc \xff")]),
    request(headers=[("Proxy-Connection", "signed, perhaps"), ("Connection", "keep-alive")]),
    request("/?Action=X&B=Y;z", b"\x00\xff" * 50),
]
ANSWER = (
    b"HTTP/1.1 404 No Such Thing\r\nx-amzn-RequestId: 1\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n"
    b"X-Latin: \xe4\r\nX-Empty: \r\nContent-Length: 3\r\n\r\n\x00\xff\x0a"
)
LIMIT = 1024


class Way:
    """How a client comes to the upstream through a recorder of its own."""

    def __init__(self, directory: Path, name: str) -> None:
        self.name, self.trail = name, directory / "trail"
        self._authority = Authority.make(directory, "localhost")

    async def go(self, stack: AsyncExitStack, *answers: object) -> tuple[Upstream, Peer, Session]:
        tls = self._authority.server if self.name == "tls" else None
        stub = await stack.enter_async_context(upstream(*answers, tls=tls))  # type: ignore[arg-type]
        settings: dict[str, object] = {"upstream": stub.url}
        if self.name == "reverse":
            settings = {"modes": (f"reverse:{stub.url}@127.0.0.1:0",)}
        if self.name == "tls":
            settings["settings"] = {"ssl_verify_upstream_trusted_ca": str(self._authority.path)}
        session = await stack.enter_async_context(
            recording(self.trail, body_limit=LIMIT, **settings)
        )
        client = await stack.enter_async_context(dial(session))
        if self.name != "reverse":
            await tunnel(client, f"{AWS}:443")
            await secure(client, self.trail)
        return stub, client, session


@pytest.fixture(params=["upstream", "tls", "reverse"])
def way(tmp_path, request):
    return Way(tmp_path, request.param)


@pytest.fixture
def plain(tmp_path):
    return Way(tmp_path, "upstream")


def run(way, scenario, *answers):
    """Run a scenario; gives the calls it left in the trail."""

    async def play():
        async with AsyncExitStack() as stack:
            await scenario(*await way.go(stack, *answers))

    asyncio.run(play())
    return calls(way.trail)


def test_requests_and_answers_pass_byte_for_byte(way):
    async def scenario(stub, client, session):
        for sent in ODD:
            await client.send(sent)
            assert await client.message() == ANSWER
        assert stub.seen == ODD

    recorded = run(way, scenario, ANSWER)
    assert [http(each)["target"].encode() for each in recorded] == [
        sent.split(b" ")[1] for sent in ODD
    ]
    assert {http(each)["host"] for each in recorded} == {AWS}
    assert {call(each)["status"] for each in recorded} == {404}


def test_a_plain_request_to_the_proxy_arrives_as_one_to_an_origin(tmp_path):
    to_proxy = [("Proxy-Authorization", "Basic eDp5"), ("Proxy-Connection", "keep-alive")]
    sent = request(f"http://{AWS}/a//b?x", headers=to_proxy)

    async def scenario():
        async with (
            upstream() as stub,
            recording(tmp_path, upstream=stub.url) as session,
            dial(session) as client,
        ):
            await client.send(sent)
            assert await client.message() == OK
            [seen] = stub.seen
            assert seen == request("/a//b?x")

    asyncio.run(scenario())


@pytest.mark.parametrize("service", ["sts", "s3"])
def test_a_signature_still_verifies_upstream(plain, service):
    signer = {"s3": S3SigV4Auth, "sts": SigV4Auth}[service]
    host = f"{service}.eu-west-1.amazonaws.com"
    path = {"s3": "/bucket//k%20ey/..%2F", "sts": "/"}[service]
    signed = AWSRequest(
        "PUT", f"https://{host}{path}?b=1&a=%20", headers={"X-Amz-Meta-A": "a  b"}, data=b"hello"
    )
    signer(Credentials("AKIAIOSFODNN7EXAMPLE", "secret"), service, "eu-west-1").add_auth(signed)
    fields = {**dict(signed.headers.items()), "Host": host, "Content-Length": "5"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    sent = f"PUT {path}?b=1&a=%20 HTTP/1.1\r\n{lines}\r\nhello".encode()

    async def scenario(stub, client, session):
        await client.send(sent)
        await client.message()
        [seen] = stub.seen
        head, _, body = seen.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        headers = tuple((n, v) for n, _, v in (line.partition(": ") for line in rest))
        arrived = Request(
            method="PUT", scheme="https", host=dict(headers)["Host"], target=first.split(" ")[1],
            http_version="HTTP/1.1", headers=headers, body=Body.of(body),
        )  # fmt: skip
        assert signature.verify(arrived, auth.read(arrived), "secret").outcome == "valid"

    run(plain, scenario)


# -- bodies -----------------------------------------------------------------------------------


def test_a_large_body_is_kept_by_its_digest_and_its_beginning(way):
    body = bytes(range(256)) * 4096
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    get = request("/bucket/key", b"", method="GET", host=S3)

    async def scenario(stub, client, session):
        await client.send(put(body))
        assert await client.message() == EMPTY
        await client.send(get)
        assert await client.message() == answer
        assert stub.seen == [put(body), get]

    sent, received = run(way, scenario, EMPTY, answer)
    expected = {"length": len(body), "sha256": hashlib.sha256(body).hexdigest(), "kept": LIMIT}
    assert http(sent)["body"] == expected
    assert http(received, "response")["body"] == expected
    assert received.response_body == body[:LIMIT]


def test_chunked_bodies_pass_with_their_trailers(way):
    head = put(b"", [("Transfer-Encoding", "chunked"), ("Trailer", "X-Sum")])  # fmt: skip
    sent = head + b"5\r\nhello\r\n3\r\n wo\r\n0\r\nX-Sum: abc\r\n\r\n"
    answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Done\r\n\r\n"
        b"0\r\nX-Done: yes\r\nX-More: 1\r\n\r\n"
    )

    async def scenario(stub, client, session):
        for _ in range(2):  # and the connection is good for another call
            await client.send(sent)
            assert await client.message() == answer
        assert stub.seen == [sent, sent]

    for event in run(way, scenario, answer):
        assert http(event)["trailers"] == [["X-Sum", "abc"]]
        assert http(event)["body"]["sha256"] == hashlib.sha256(b"hello wo").hexdigest()
        assert http(event, "response")["trailers"] == [["X-Done", "yes"], ["X-More", "1"]]
        assert http(event, "response")["body"]["length"] == 0


def test_signed_chunks_pass_as_they_are_and_their_payload_is_told(plain):
    payload = b"5;chunk-signature=00\r\nhello\r\n0;chunk-signature=11\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"  # fmt: skip
    fields = [("Content-Encoding", "aws-chunked"), ("X-Amz-Decoded-Content-Length", "5")]
    sent = put(payload, fields)

    async def scenario(stub, client, session):
        await client.send(sent)
        await client.message()
        assert stub.seen == [sent]

    [event] = run(plain, scenario)
    body = http(event)["body"]
    assert (body["length"], body["sha256"]) == (5, hashlib.sha256(b"hello").hexdigest())
    assert event.request_body == b"hello"


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\nETag: x\r\n\r\n"),
        ("DELETE", b"HTTP/1.1 204 No Content\r\nx-amz-id-2: 1\r\n\r\n"),
        ("GET", b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 7\r\n\r\n'),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ],
)
def test_answers_without_a_body(plain, method, answer):
    async def scenario(stub, client, session):
        for _ in range(2):
            await client.send(request("/bucket/key", b"", method=method, host=S3))
            assert await client.exactly(len(answer)) == answer

    first, second = run(plain, scenario, answer)
    assert call(first)["status"] == call(second)["status"] == int(answer.split(b" ")[1])
    assert http(first, "response")["body"]["length"] == 0


@pytest.mark.parametrize("interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"])  # fmt: skip
def test_interim_answers_do_not_count(plain, interim):
    async def scenario(stub, client, session):
        await client.send(request())
        assert await client.message() == OK

    [event] = run(plain, scenario, interim + interim + OK)
    assert call(event)["status"] == 200


def test_a_body_is_asked_for_when_its_intent_is_written(plain):
    async def scenario(stub, client, session):
        sent = put(b"x" * 5000, [("Expect", "100-continue")])
        head, body = sent[:-5000], sent[-5000:]
        await client.send(head)
        assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert len(session.recorder.in_flight) == 1
        await client.send(body)
        assert await client.message() == OK

    [event] = run(plain, scenario)
    assert ["Expect", "100-continue"] in http(event)["headers"]
    assert http(event)["body"]["length"] == 5000


def test_pipelined_calls_are_each_recorded(plain):
    async def scenario(stub, client, session):
        await client.send(request() * 30)
        for _ in range(30):
            assert await client.message() == OK

    assert len(run(plain, scenario)) == 30


def test_an_answer_that_ends_with_its_connection(plain):
    async def answer(peer):
        await peer.message()
        await peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsome")
        await peer.send(b" more")
        raise Done

    async def scenario(stub, client, session):
        await client.send(request())
        assert (await client.rest()).endswith(b"\r\n\r\nsome more")

    [event] = run(plain, scenario, answer)
    assert http(event, "response")["body"]["length"] == 9


def test_an_answer_before_the_request_has_ended(plain):
    async def answer(peer):
        await peer.head()
        await peer.send(
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
        )

    async def scenario(stub, client, session):
        sent = put(b"x" * 100_000)
        await client.send(sent[:-90_000])
        assert (await client.message()).startswith(b"HTTP/1.1 403 Forbidden")

    [event] = run(plain, scenario, answer)
    assert call(event)["status"] == 403


def test_a_change_of_protocols_is_a_call(plain):
    async def answer(peer):
        await peer.head()
        await peer.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        )
        await peer.exactly(8)
        await peer.send(b"\x81\x02hi")
        await peer.rest()
        raise Done

    upgrade = [
        ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]  # fmt: skip

    async def scenario(stub, client, session):
        await client.send(request("/ws", b"", method="GET", headers=upgrade))
        assert (await client.head()).startswith(b"HTTP/1.1 101 ")
        await client.send(b"\x81\x82\x00\x00\x00\x00yo")
        assert await client.exactly(4) == b"\x81\x02hi"

    [event] = run(plain, scenario, answer)
    assert call(event)["status"] == 101


# -- HTTP/2 -----------------------------------------------------------------------------------


def curl(way, session, *arguments):
    """Real HTTP/2 through the proxy; gives status and body."""
    return asyncio.create_subprocess_exec(
        "curl", "-sS", "--http2", "--max-time", "20", "--proxy", session.proxy(),
        "--cacert", str(way.trail / "ca-cert.pem"), "-H", f"Authorization: {authorization('s3')}",
        "-w", "%{http_version} %{http_code}", *arguments,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl with HTTP/2")
def test_http2_is_recorded_like_http1(plain, tmp_path):
    body = b"x" * 10_000
    (tmp_path / "body").write_bytes(body)

    async def scenario(stub, client, session):
        for number, arguments in enumerate(
            (
                ["-T", str(tmp_path / "body"), f"https://{S3}/bucket/key"],
                # Of unknown length: HTTP/1 towards the upstream must frame it anew.
                ["-T", ".", f"https://{S3}/bucket/key"],
                [f"https://{S3}/bucket/key?x=1"],
            )
        ):
            process = await curl(plain, session, *arguments)
            output, _ = await process.communicate()
            assert output.endswith(b"2 200"), (number, output)
        first, second, third = stub.seen
        assert first.endswith(b"\r\n\r\n" + body)
        assert header_lines(second)[b"transfer-encoding"] == b"chunked"
        assert b"content-length" not in header_lines(third)
        assert b"transfer-encoding" not in header_lines(third)
        assert b"host" in header_lines(third)

    uploaded, _, got = run(plain, scenario, EMPTY)
    assert http(uploaded)["version"] == "HTTP/2.0"
    assert http(uploaded)["body"]["sha256"] == hashlib.sha256(body).hexdigest()
    assert http(got)["host"] == S3


# -- order ------------------------------------------------------------------------------------


def durable(directory):
    """The calls that have ended, as a start after a power cut would find them: in a journal or in the log."""
    ended = {
        each.key for path in journal.paths(directory) for each in journal.read(path) if each.kind
    }
    with Reader(directory) as reader:
        rows = reader.connect().execute("SELECT id FROM event")
        return ended | {str(uuid.UUID(bytes=row[0])) for row in rows}


def test_the_last_byte_of_an_answer_waits_for_its_entry(plain):
    """A client knows the end of a body by its length: what its entry says must be durable before."""
    body = b"x" * 100_000

    async def scenario(stub, client, session):
        for number in range(20):
            await client.send(request("/bucket/key", b"", method="GET", host=S3))
            await client.message()
            assert len(durable(session.directory)) == number + 1

    run(plain, scenario, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + body)


def test_an_event_stream_is_not_held_back(plain):
    release = asyncio.Event()

    async def answer(peer):
        await peer.message()
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await release.wait()
        await peer.send(b"4\r\nlast\r\n0\r\n\r\n")

    async def scenario(stub, client, session):
        await client.send(request())
        await client.head()
        assert await client.exactly(10) == b"5\r\nfirst\r\n"
        release.set()
        assert await client.chunks() == b"4\r\nlast\r\n0\r\n\r\n"

    run(plain, scenario, answer)


# -- memory -----------------------------------------------------------------------------------

SIZE = 96 << 20
PIECE = 1 << 18


@pytest.mark.parametrize("chunked", [False, True])
def test_large_bodies_flow_through_with_flat_memory(plain, chunked):
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % SIZE
    piece = b"%x\r\n" % PIECE + b"x" * PIECE + b"\r\n" if chunked else b"x" * PIECE
    end = b"0\r\n\r\n" if chunked else b""

    async def pour(peer):
        for _ in range(SIZE // PIECE):
            await peer.send(piece)
        await peer.send(end)

    async def drink(peer, wanted):
        while wanted > 0:
            data = await peer.reader.read(min(wanted, PIECE))
            assert data
            wanted -= len(data)

    async def answer(peer):
        await peer.head()
        digest = await unframed(peer) if chunked else await drink(peer, SIZE)
        assert digest is None
        await peer.send(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n")
        await pour(peer)

    async def unframed(peer):
        while size := int(await peer.reader.readuntil(b"\r\n"), 16):
            await drink(peer, size + 2)
        await peer.exactly(2)

    async def scenario(stub, client, session):
        await client.send(put(b"x" * 5000))  # what takes memory once is there now
        await client.message()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        head = request("/bucket/key", b"", method="PUT", host=S3)
        await client.send(head[:-2] + framing + b"\r\n\r\n")
        await pour(client)
        await client.head()
        await (unframed(client) if chunked else drink(client, SIZE))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 24 << 10  # KiB

    _, event = run(plain, scenario, EMPTY, answer)
    assert http(event)["body"]["length"] == http(event, "response")["body"]["length"] == SIZE
