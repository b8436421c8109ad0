"""One HTTP request and its response as they were on the wire."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property

from apitrail.valueclass import valueclass

type Headers = tuple[tuple[str, str], ...]
"""Fields in wire order with the client's spelling, bytes decoded as latin-1."""


@valueclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A message body, or as much of a long one as was kept.

    `data` is the kept prefix, before any Content-Encoding is undone; `length` and `sha256`
    (32 bytes) are of the whole body as it passed. Of a `redacted` one no data is kept, and
    `sha256` is a keyed digest: HMAC-SHA256(redaction key, SHA-256(body)). `payload` is what was
    in an aws-chunked body that passed as a stream, where its framing held.
    """

    data: bytes
    length: int
    sha256: bytes
    redacted: bool = False
    payload: Body | None = None

    @classmethod
    def of(cls, data: bytes) -> Body:
        """The body that is kept whole."""
        return cls(data=data, length=len(data), sha256=hashlib.sha256(data).digest())

    @property
    def whole(self) -> bool:
        """Is `data` all of it?"""
        return len(self.data) == self.length


EMPTY = Body.of(b"")


class _Message:
    """What a request and a response have in common: header lookup."""

    headers: Headers

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.headers:
            found.setdefault(name.lower(), []).append(value)
        return found

    @property
    def repeats(self) -> bool:
        """Is any header there more than once?"""
        return len(self._by_name) < len(self.headers)

    def header(self, name: str) -> str | None:
        """First value of a header, whatever the case of its name."""
        found = self._by_name
        values = found.get(name) or found.get(name.lower())
        return values[0] if values else None

    def header_values(self, name: str) -> Iterator[str]:
        """All values of a header in wire order."""
        return iter(self._by_name.get(name.lower(), ()))


@valueclass(frozen=True, kw_only=True)
class Request(_Message):
    """A request as the client sent it.

    `host` is what the client asked for: the Host header or HTTP/2 :authority, port included
    when it was sent. `target` is the raw path with its query, still percent-encoded. `base` is
    the path of the endpoint that the client was given: it is in front of what the call says.
    """

    method: str
    scheme: str
    host: str
    target: str
    http_version: str
    headers: Headers
    body: Body = EMPTY
    trailers: Headers = ()
    base: str = ""

    @cached_property
    def whole_path(self) -> str:
        """The raw path, percent-encoded, without the query."""
        return self.target.partition("?")[0]

    @cached_property
    def path(self) -> str:
        """The raw path below the endpoint's own, percent-encoded, without the query."""
        if self.base and f"{self.whole_path}/".startswith(f"{self.base}/"):
            return self.whole_path[len(self.base) :] or "/"
        return self.whole_path

    @cached_property
    def query(self) -> str:
        """The raw query string, percent-encoded, without the question mark."""
        return self.target.partition("?")[2]


@valueclass(frozen=True, kw_only=True)
class Response(_Message):
    """A response as the upstream sent it."""

    status: int
    http_version: str
    headers: Headers
    body: Body = EMPTY
    trailers: Headers = ()


@valueclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """What was agreed on one TLS connection, in OpenSSL's names (`TLSv1.3`)."""

    version: str
    cipher: str
    sni: str | None = None


@valueclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What went one way over a WebSocket: messages, the bytes in them, and their SHA-256."""

    messages: int
    length: int
    sha256: bytes


@valueclass(frozen=True, slots=True, kw_only=True)
class WebSocket:
    """What followed a 101: what the client sent, what it got, and how it ended.

    `code` is the close frame's (RFC 6455, 7.4); None, with `by_client`, where there was none.
    """

    sent: Passed
    received: Passed
    code: int | None = None
    by_client: bool | None = None


@valueclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its response, or the reason why there is none.

    `id` is a UUID string given by the recorder; `started` and `ended` are Unix times in
    milliseconds; `client` is the peer's IP address; `upstream` is `scheme://host:port` of
    where the request really went.
    """

    id: str
    started: int
    client: str
    request: Request
    upstream: str
    ended: int | None = None
    response: Response | None = None
    failure: str | None = None
    tls: Tls | None = None
    upstream_tls: Tls | None = None
    websocket: WebSocket | None = None
