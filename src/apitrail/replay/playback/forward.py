"""Sends a request on as it came, signature and all, and gives back what it is answered.

It does not know AWS; an endpoint that checks signatures refuses what was signed for another.
"""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from apitrail.errors import UsageError
from apitrail.exchange import Request
from apitrail.replay.playback.reply import Reply, UnplayableError

_TIMEOUT = 60.0
_HOP = frozenset({"connection", "transfer-encoding", "content-length", "expect", "keep-alive"})


class Forward:
    """To one upstream, `http[s]://HOST[:PORT]`; UsageError for anything else."""

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            self._port = parts.port
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                f"not an endpoint URL: {url!r}", hint="write it as http://localhost:4566"
            )
        self._host = parts.hostname
        self._connection: type[http.client.HTTPConnection] = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )

    def __call__(self, request: Request) -> Reply:
        """The upstream's answer; UnplayableError where it cannot be reached."""
        connection = self._connection(self._host, self._port, timeout=_TIMEOUT)
        try:
            connection.putrequest(
                request.method, request.target, skip_host=True, skip_accept_encoding=True
            )
            for name, value in request.headers:
                if name.lower() not in _HOP:
                    connection.putheader(name, value.encode("latin-1"))
            connection.putheader("Content-Length", str(request.body.length))
            connection.endheaders(request.body.data)
            return _reply(request, connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            raise UnplayableError(f"the upstream cannot be reached: {error}") from error
        finally:
            connection.close()


def _reply(request: Request, answer: http.client.HTTPResponse) -> Reply:
    length = answer.getheader("content-length")
    data = answer.read()
    headers = tuple((n, v) for n, v in answer.getheaders() if n.lower() not in _HOP)
    is_head = request.method == "HEAD" and length is not None
    return Reply(
        status=answer.status,
        headers=headers,
        body=data,
        length=int(length) if is_head and length else None,
    )
