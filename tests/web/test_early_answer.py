"""A body that a client holds back is never looked for in its next request."""

import os
import signal
import socket
import threading

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from apitrail.address import Address, listen
from apitrail.web import listener


async def echo(scope, receive, send):
    """The method and, where the path asks for it, the body."""
    request = Request(scope, receive)
    body = await request.body() if request.url.path == "/read" else b""
    await PlainTextResponse(request.method.encode() + body)(scope, receive, send)


def talk(path: str, expect: str) -> bytes:
    """All that a server says to a PUT with its body held back, and to a DELETE right after."""
    bound = listen(Address("127.0.0.1", 0))
    heard = []

    def client():
        try:
            with socket.create_connection(bound.getsockname(), 20) as connection:
                connection.sendall(
                    f"PUT {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n{expect}\r\n".encode()
                )
                heard.append(connection.recv(4096))
                if b" 200 " not in heard[0] or not expect:
                    connection.sendall(b"x")
                connection.sendall(b"DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                while more := connection.recv(4096):
                    heard.append(more)
        except ConnectionError:
            pass  # the server ended the connection: nothing more is heard
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=client)
    listener.run(echo, bound, ready=thread.start)
    thread.join()
    return b"".join(heard)


@pytest.mark.parametrize(
    ("path", "expect", "closes", "answers"),
    [
        ("/", "Expect: 100-continue\r\n", True, [b"PUT"]),
        ("/", "expect: 100-Continue\r\n", True, [b"PUT"]),
        ("/read", "Expect: 100-continue\r\n", False, [b"PUTx", b"DELETE"]),
        ("/", "", False, [b"PUT", b"DELETE"]),
    ],
)
def test_an_answer_that_did_not_wait_for_a_body_is_the_connections_last(
    path, expect, closes, answers
):
    said = talk(path, expect)
    first, *rest = [part.partition(b"\r\n\r\n") for part in said.split(b"HTTP/1.1 200 OK")[1:]]
    assert (b"connection: close" in first[0].lower()) == closes
    assert [body for _, _, body in (first, *rest)] == answers
