"""Asking over HTTP: answers of every status, and those that never end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import witnessing
from apitrail.address import Address, listen
from apitrail.errors import UsageError
from apitrail.evidence.witness.asking import AskingError, ask, check_url


@contextmanager
def answering(write: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that takes one request, and then does as it likes."""
    bound = listen(Address("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = bound.accept()
        with connection:
            connection.recv(65536)
            try:
                write(connection)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with bound:
        yield f"http://{Address.of(bound)}"


def test_a_witness_is_asked(tmp_path: Path) -> None:
    with witnessing.witness(tmp_path) as (_, url):
        assert ask(url, "add-checkpoint", witnessing.request(0, 3), seconds=30).status == 200
        answer = ask(url, "add-checkpoint", witnessing.request(0, 4), seconds=30)
        assert (answer.status, answer.kind, answer.body) == (409, "text/x.tlog.size", b"3\n")
        assert ask(url.rstrip("/"), "nothing/checkpoint", seconds=30).status == 404


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + bytes(9_999_999),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_an_answer_that_is_none_is_an_error(said: bytes) -> None:
    with (
        answering(lambda connection: connection.sendall(said)) as url,
        pytest.raises(AskingError, match="did not answer"),
    ):
        ask(url, "add-checkpoint", b"body", seconds=30)


def test_an_answer_that_drips_ends_in_time() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x")

    with answering(drip) as url, pytest.raises(AskingError, match=r"timed out|too long"):
        ask(url, "add-checkpoint", b"body", seconds=0.2)


def test_a_redirect_is_not_followed() -> None:
    said = b"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with answering(lambda connection: connection.sendall(said)) as url:
        assert ask(url, "add-checkpoint", b"body", seconds=30).status == 307


def test_nobody_there_is_an_error() -> None:
    bound = listen(Address("127.0.0.1", 0))
    url = f"http://{Address.of(bound)}/"
    bound.close()
    with pytest.raises(AskingError, match="refused"):
        ask(url, "x", seconds=5)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "http://",
        "http://u:p@h/",
        "http://h/?q",
        "http://h:99999/",
    ],
)
def test_what_is_no_url_of_a_witness_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="not the URL of a witness"):
        check_url(url)


def test_a_url_ends_in_a_slash() -> None:
    assert (
        check_url("https://example.com/w")
        == check_url("https://example.com/w/")
        == "https://example.com/w/"
    )
