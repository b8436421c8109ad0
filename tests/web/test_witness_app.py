"""The witness over HTTP: statuses, types and limits as clients see them."""

from __future__ import annotations

import hashlib
import http.client
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import witnessing
from apitrail.evidence.witness.witness import Witness
from apitrail.tlog import add_checkpoint, note
from apitrail.tlog.mldsa_cosignature import parse_verifier
from tlog import logs


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Witness, str]]:
    with witnessing.witness(tmp_path_factory.mktemp("witness")) as found:
        yield found


@pytest.fixture
def client(served: tuple[Witness, str]) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(served[1]).netloc, timeout=30)
    yield connection
    connection.close()


def ask(
    client: http.client.HTTPConnection, method: str, path: str, body: bytes = b""
) -> tuple[int, str | None, bytes]:
    client.request(method, path, body or None)
    answer = client.getresponse()
    return answer.status, answer.getheader("content-type"), answer.read()


def add(client: http.client.HTTPConnection, body: bytes) -> tuple[int, str | None, bytes]:
    return ask(client, "POST", "/add-checkpoint", body)


def test_a_log_gets_its_cosignatures_on_one_connection(
    served: tuple[Witness, str], client: http.client.HTTPConnection
) -> None:
    assert add(client, witnessing.request(0, 4))[0] == 200
    status, kind, body = add(client, witnessing.request(4, 9))
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    keys = [parse_verifier(vkey) for vkey in served[0].vkeys]
    assert len(note.open(logs.signed_head(9).encode() + body, keys).signatures) == 2
    # The newest head, for monitors.
    digest = hashlib.sha256(logs.ORIGIN.encode()).hexdigest()
    status, _, body = ask(client, "GET", f"/{digest}/checkpoint")
    assert status == 200
    assert len(note.open(body, [logs.SIGNER.verifier, *keys]).signatures) == 3
    # A conflict's type has no charset.
    status, kind, body = add(client, witnessing.request(0, 9))
    assert (status, kind, body) == (409, "text/x.tlog.size", b"9\n")


def test_each_row_of_the_table_over_http(tmp_path: Path) -> None:
    clock = witnessing.Clock()
    other = note.Signer("example.org/other", logs.SIGNER.seed)
    stranger = note.sign("example.org/other\n1\n" + "A" * 43 + "=\n", other)
    rows = [
        (witnessing.request(0, 4), 200, "text/plain; charset=utf-8"),
        (b"old 4\n", 400, "text/plain; charset=utf-8"),
        (b"old 10\n" + witnessing.request(0, 9)[6:], 400, "text/plain; charset=utf-8"),
        (witnessing.request(4, 9, signer=logs.OTHER), 403, "text/plain; charset=utf-8"),
        (b"old 0\n\n" + stranger.encode(), 404, "text/plain; charset=utf-8"),
        (witnessing.request(3, 9), 409, "text/x.tlog.size"),
        (witnessing.forged(3, 4), 409, "text/x.tlog.size"),
        (witnessing.forged(4, 4), 422, "text/plain; charset=utf-8"),
        (witnessing.forged(4, 9), 422, "text/plain; charset=utf-8"),
    ]
    with witnessing.witness(tmp_path, clock=clock) as (_, url):
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        for body, status, kind in rows:
            found = add(connection, body)
            assert found[:2] == (status, kind), body
            assert status != 409 or found[2] == b"4\n"
        clock.now -= 1
        assert add(connection, witnessing.request(4, 9))[0] == 503
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/add-checkpoint", 400),
        ("GET", "/add-checkpoint", 405),
        ("POST", "/", 404),
        ("GET", f"/{'0' * 64}/checkpoint", 404),
        ("GET", "/nothing/checkpoint", 404),
        ("POST", "/add-checkpoint/", 307),
    ],
)
def test_other_requests(
    client: http.client.HTTPConnection, method: str, path: str, status: int
) -> None:
    assert ask(client, method, path)[0] == status


def test_too_long_a_request_is_bad_and_ends_the_connection(
    client: http.client.HTTPConnection,
) -> None:
    client.request("POST", "/add-checkpoint", b"old 0\n" * (add_checkpoint.MAX_BODY // 6 + 1))
    answer = client.getresponse()
    assert (answer.status, answer.getheader("connection")) == (400, "close")


def test_a_body_in_chunks_is_read(served: tuple[Witness, str]) -> None:
    address = urlsplit(served[1])
    body = witnessing.request(0, 9).replace(b"old 0", b"old 10")
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        head = b"POST /add-checkpoint HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        connection.sendall(head)
        for start in range(0, len(body), 20):
            part = body[start : start + 20]
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        connection.sendall(b"0\r\n\r\n")
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"the old size 10 is above the new one, 9" in said


def test_what_the_operator_should_know_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    found = witnessing.opened(tmp_path)
    from apitrail.web import witness_app

    with witnessing.serving(witness_app.application(found, said.append)) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        add(connection, witnessing.request(0, 30))
        add(connection, witnessing.forged(30, 30))
        connection.close()
    found.close()
    assert said == [f"apitrail: {logs.ORIGIN!r} signed two trees of 30 entries"]
