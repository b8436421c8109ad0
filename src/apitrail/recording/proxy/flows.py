"""mitmproxy's flows as exchanges: bytes as they are on the wire, bodies as far as they are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from mitmproxy import connection, http

from apitrail.aws.read.unframing import Unframer
from apitrail.exchange import Body, Headers, Request, Response, Tls
from apitrail.recording.proxy.held import Share

type Raw = tuple[tuple[bytes, bytes], ...]
"""Header fields as mitmproxy has them."""


@dataclass(slots=True)
class Collector:
    """Sees a streamed body pass: digest and length of all of it, the first `limit` bytes kept.

    Of a body whose `total` length is announced the receiver knows the end without being told;
    so the piece that completes it is held back until `release`. `unframer` sees an aws-chunked
    body pass. While `share` has room for it, all of it is kept, so that it can be decoded.
    """

    limit: int
    total: int | None = None
    unframer: Unframer | None = None
    share: Share | None = None
    length: int = 0
    _kept: bytearray = field(default_factory=bytearray)
    _held: bytes = b""
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def __call__(self, chunk: bytes) -> bytes | list[bytes]:
        if not chunk:
            return chunk  # the end
        self.length += len(chunk)
        self._digest.update(chunk)
        if self.unframer is not None:
            self.unframer.feed(chunk)
        self._keep(chunk)
        if self.total is None or self.length < self.total:
            return chunk
        self._held += chunk
        return []

    def _keep(self, chunk: bytes) -> None:
        if self.share is not None and self.share.covers(self.length):
            self._kept += chunk
            return
        if self.share is not None:
            # Too long, or too many at once: what is kept anyway is enough.
            self.share = None
            del self._kept[self.limit :]
        if (room := self.limit - len(self._kept)) > 0:
            self._kept += chunk[:room]

    def forget(self) -> None:
        """What was kept is of no more use: its room is free."""
        if self.share is not None:
            self.share.release()

    def release(self) -> bytes:
        """What was held back, once."""
        held, self._held = self._held, b""
        return held

    def body(self) -> Body:
        """The body as far as it has passed."""
        return Body(
            data=bytes(self._kept),
            length=self.length,
            sha256=self._digest.digest(),
            payload=self.unframer.body() if self.unframer is not None else None,
        )


def body(message: http.Message, collector: Collector | None) -> Body:
    """A message's body: what was collected of a streamed one, else what was buffered."""
    if collector is not None:
        return collector.body()
    return Body.of(message.raw_content or b"")


def request(
    sent: http.Request, *, headers: Headers, host: str, scheme: str, content: Body, base: str = ""
) -> Request:
    """The request as the client sent it.

    `headers`, `host` and `scheme` are given: they were read before mitmproxy and we changed them
    for the way upstream.
    """
    return Request(
        method=sent.data.method.decode("latin-1"),
        scheme=scheme,
        host=host,
        target=sent.data.path.decode("latin-1"),
        http_version=sent.http_version,
        headers=headers,
        body=content,
        trailers=fields(sent.trailers),
        base=base,
    )


def response(received: http.Response, content: Body) -> Response:
    """The response as the upstream sent it."""
    return Response(
        status=received.status_code,
        http_version=received.http_version,
        headers=fields(received.headers),
        body=content,
        trailers=fields(received.trailers),
    )


def fields(headers: http.Headers | None) -> Headers:
    """Header fields in wire order."""
    if headers is None:
        return ()
    return tuple(
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.fields]
    )


def sent(headers: Headers) -> Headers:
    """A client's header fields as mitmproxy sends them on: it answers `Expect` itself."""
    expects = any(
        name.lower() == "expect" and value.lower() == "100-continue" for name, value in headers
    )
    return tuple(field for field in headers if not (expects and field[0].lower() == "expect"))


def upstream(request: http.Request) -> str:
    """Where a request goes, `scheme://host:port`."""
    data = request.data
    host = f"[{data.host}]" if ":" in data.host else data.host
    return f"{data.scheme.decode('latin-1')}://{host}:{data.port}"


def host(sent: http.Request) -> str:
    """What the client asked for: Host header or :authority, else the address."""
    return sent.host_header or sent.pretty_host


def tls(side: connection.Connection) -> Tls | None:
    """What was agreed on this side, None where it is plain."""
    if not side.tls_version or not side.cipher:
        return None
    return Tls(version=side.tls_version, cipher=side.cipher, sni=side.sni)


def is_framed(side: connection.Connection) -> bool:
    """Do several requests share this connection? A request line of HTTP/1 may claim any version."""
    return side.alpn is not None and side.alpn.startswith((b"h2", b"h3"))


def declared_length(message: http.Message) -> int | None:
    """How long the body says it is, in bytes; None where it does not, or not believably."""
    named = [
        value
        for name, value in message.headers.fields
        if len(name) == 14 and name.lower() == b"content-length"
    ]
    if len(named) != 1:
        return None
    try:
        return int(named[0])
    except ValueError:
        return None
