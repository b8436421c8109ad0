"""One call and its exchange while their secrets are being replaced."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import unquote

from apitrail.aws.call import Blob, Call, Map, Path, Redacted
from apitrail.exchange import Body, Exchange, Headers, Request, Response, WebSocket
from apitrail.redact import bodies, http_head
from apitrail.redact.echoes import Echoes, credential_spellings, spellings
from apitrail.redact.finding import by_form
from apitrail.redact.text import Digest, scrub
from apitrail.redact.walk import Walk, map_text
from apitrail.valueclass import valueclass

# Members that repeat a hash of the body they came in or went out with.
_HASH_MEMBER = re.compile(r"^(?:content_?md5|checksum(?:crc|sha|xx|md).*|md5of.*)$", re.IGNORECASE)
_MD5_ETAG = re.compile(r'^"?[0-9a-f]{32}(?:-\d+)?"?$')


class Key(Protocol):
    """What makes digests."""

    def value(self, value: bytes | str) -> Redacted: ...
    def blob(self, blob: Blob) -> Redacted: ...
    def digest(self, data: bytes) -> bytes: ...


@valueclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """Parameters or result without the secrets that the walk met."""

    value: dict[str, Any] | None
    secrets: frozenset[bytes] = frozenset()
    touched: bool = False
    """Was anything redacted?"""
    searchable: bool = True
    """Is all that was redacted text, so that the wire can be searched for it?"""
    streamed: bool = False


_NO_SIDE = _Side(value=None)


@valueclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that was redacted before its answer came.

    `request` and `parameters` are the raw ones, `met` the secrets that the message tells besides
    the call's own, `drops` says that its body is not kept.
    """

    request: Request
    parameters: dict[str, Any] | None
    safe_request: Request
    safe_parameters: dict[str, Any] | None
    side: _Side
    met: frozenset[bytes]
    drops: bool


class Case:
    """The call's secrets, then the exchange's, then both without any of them."""

    def __init__(self, key: Key, call: Call, asked: Asked | None = None) -> None:
        self._key = key
        self._call = call
        # What was redacted before counts only for the very same request.
        self._asked = asked if asked and asked.parameters is call.parameters else None
        self._request = (
            self._asked.side
            if self._asked
            else self._side(call.parameters, call.sensitive_parameters)
        )
        self._met: frozenset[bytes] = frozenset()
        self._drops = False
        self._response = self._side(call.result, call.sensitive_result)
        self._modelled = self._request.secrets | self._response.secrets
        self._echoes = Echoes(key.value)
        if self._modelled:
            self._echoes.add(self._request.secrets, of=spellings)
            self._echoes.add(self._response.secrets, of=spellings)
        self._texts = self._echoes
        # Whose body hashes are removed. An answer may repeat the request's hashes, but not the
        # other way round.
        self._request_goes = self._request.touched
        self._response_goes = self._request.touched

    def _side(self, value: dict[str, Any] | None, sensitive: frozenset[Path]) -> _Side:
        if value is None:
            return _NO_SIDE
        if not value:
            return _Side(value=value)
        walk = Walk(
            digest=self._key.value,
            blob=self._key.blob,
            service=self._call.service,
            operation=self._call.operation,
        )
        redacted = walk.top(value, sensitive)
        return _Side(
            # What nothing was taken from is the very same, so that nobody has to look again.
            value=redacted if walk.touched else value,
            secrets=frozenset(walk.secrets),
            touched=walk.touched,
            searchable=walk.searchable,
            streamed=Blob in map(type, value.values()),
        )

    # Exchange

    def exchange(self, exchange: Exchange, *, keep_undecoded: bool) -> Exchange:
        """The exchange without secrets; what it tells is then also kept out of the call."""
        before = self._asked
        if before is not None and before.request is not exchange.request:
            before = self._asked = None
        answered = exchange.response
        asked = exchange.request if before else bodies.without_chunk_signatures(exchange.request)
        met = set(before.met if before else bodies.credentials(asked))

        def note(secret: bytes) -> str:
            met.add(secret)
            return self._key.value(secret)

        request = None
        if before is None:
            request = http_head.target(asked.target, note), *_fields(asked, note)
        self._met = frozenset(met)
        response_fields = None if answered is None else _fields(answered, note)
        self._texts = self._echoes
        if met:
            self._texts = self._echoes.copy()
            self._texts.add(met, of=credential_spellings)
        drop_response = self._drops_response(answered, keep_undecoded)
        if before is not None and self._is_told(before, met, drop_response):
            # The answer reveals a secret that the request may contain, so the request is redacted
            # again.
            self._asked = None
            return self.exchange(exchange, keep_undecoded=keep_undecoded)
        self._drops = before.drops if before else self._drops_request(asked, keep_undecoded)
        self._request_goes = self._drops
        self._response_goes = self._drops or drop_response
        self._forget_hashes(exchange)
        return Exchange(
            id=exchange.id,
            started=exchange.started,
            client=exchange.client,
            request=before.safe_request if before else self._asked_without(asked, request),
            upstream=scrub(exchange.upstream, self._key.value),
            ended=exchange.ended,
            response=self._answered_without(answered, response_fields, drop_response),
            failure=exchange.failure and self._text(exchange.failure),
            tls=exchange.tls,
            upstream_tls=exchange.upstream_tls,
            websocket=exchange.websocket and self._keyed(exchange.websocket),
        )

    def _keyed(self, websocket: WebSocket) -> WebSocket:
        """With keyed digests: short messages could be guessed from others."""
        return replace(
            websocket,
            sent=replace(websocket.sent, sha256=self._key.digest(websocket.sent.sha256)),
            received=replace(
                websocket.received, sha256=self._key.digest(websocket.received.sha256)
            ),
        )

    def _is_told(self, before: Asked, met: set[bytes], drop_response: bool) -> bool:
        """May the answer change what is kept of the request?"""
        return bool(
            self._response.secrets or len(met) > len(before.met) or drop_response > before.drops
        )

    def asked(self, exchange: Exchange, redacted: Exchange, safe: Call) -> Asked:
        """The request's half, once `exchange` and `call` gave the redacted ones."""
        return Asked(
            request=exchange.request,
            parameters=self._call.parameters,
            safe_request=redacted.request,
            safe_parameters=safe.parameters,
            side=self._request,
            met=self._met,
            drops=self._drops,
        )

    def _asked_without(self, asked: Request, found: tuple[str, Headers, Headers] | None) -> Request:
        target, headers, trailers = found or (asked.target, asked.headers, asked.trailers)
        # In the request only secrets of the model are replaced: a cookie that repeats a path must
        # not blot the path out. Host names stay, since DNS and TLS show them anyway.
        if self._echoes:
            target = self._echoes.replace(target)
        if self._modelled:
            target = http_head.exact(target, self._modelled, self._key.value)
        return Request(
            method=scrub(asked.method, self._key.value),
            scheme=asked.scheme,
            host=self._host(asked.host),
            target=target,
            base=asked.base,
            http_version=asked.http_version,
            headers=self._headers(headers, self._echoes, gone=self._request_goes),
            body=self._body(asked.body, self._drops),
            trailers=self._headers(trailers, self._echoes, gone=self._request_goes),
        )

    def _answered_without(
        self, answered: Response | None, fields: tuple[Headers, Headers] | None, drop: bool
    ) -> Response | None:
        if answered is None or fields is None:
            return None
        headers, trailers = fields
        return Response(
            status=answered.status,
            http_version=answered.http_version,
            headers=self._headers(headers, self._texts, gone=self._response_goes),
            body=self._body(answered.body, drop),
            trailers=self._headers(trailers, self._texts, gone=self._response_goes),
        )

    def _drops_request(self, request: Request, keep_undecoded: bool) -> bool:
        if not request.body.length:
            return False
        call = self._call
        undecoded = call.operation is None or call.parameters is None
        return (
            (not keep_undecoded and (undecoded or bodies.unread(call.doubts_asked)))
            or bodies.is_form_upload(request)
            or bodies.has_chunk_signatures(request)
            or self._in_body(request, self._request, request.target)
        )

    def _drops_response(self, response: Response | None, keep_undecoded: bool) -> bool:
        if response is None or not response.body.length:
            return False
        call = self._call
        undecoded = call.operation is None or (call.result is None and call.error is None)
        return (
            not keep_undecoded and (undecoded or bodies.unread(call.problems))
        ) or self._in_body(response, self._response, "")

    def _in_body(self, message: Request | Response, side: _Side, target: str) -> bool:
        """May a secret be in the body?"""
        if side.touched and not (side.streamed and self._on_wire(message, side, target)):
            return True
        body = bodies.unpacked(message)
        if body is None:
            return bool(self._texts) or not side.streamed
        if self._texts and self._texts.found(body.text):
            return True
        if side.streamed:
            # The content of an object or a payload is the customer's; a member's name in it
            # means nothing, the form of a token does.
            return by_form(body.text)
        return body.behind or bodies.tells_secret(body.text)

    def _on_wire(self, message: Request | Response, side: _Side, target: str) -> bool:
        """Are all the secrets of a side in headers or target, and so not in the stream?"""
        text = "\n".join([unquote(target), *(value for _, value in message.headers)])
        return side.searchable and all(
            secret.decode("utf-8", "replace") in text for secret in side.secrets
        )

    def _forget_hashes(self, exchange: Exchange) -> None:
        if not (self._request_goes or self._response_goes):
            return
        fields: Headers = ()
        if self._request_goes:
            fields += exchange.request.headers + exchange.request.trailers
        if self._response_goes and exchange.response is not None:
            fields += exchange.response.headers + exchange.response.trailers
        if hashes := {hashed.encode("latin-1", "replace") for hashed in http_head.oracles(fields)}:
            self._echoes, self._texts = self._echoes.copy(), self._texts.copy()
            self._echoes.add(hashes, of=credential_spellings)
            self._texts.add(hashes, of=credential_spellings)

    def _body(self, body: Body, drop: bool) -> Body:
        return bodies.withheld(body, self._key.digest(body.sha256)) if drop else body

    def _headers(self, headers: Headers, echoes: Echoes, *, gone: bool) -> Headers:
        if not headers:
            return headers
        untouched = not (gone or self._modelled)
        # Usually there is nothing to replace, which one search over all values tells.
        if untouched and not (echoes and echoes.found("\n".join([value for _, value in headers]))):
            return headers
        return tuple(
            [(name, self._header(name, value, echoes, gone=gone)) for name, value in headers]
        )

    def _header(self, name: str, value: str, echoes: Echoes, *, gone: bool) -> str:
        if name.lower() == "host":
            return self._host(value)
        if gone and http_head.is_oracle(name, value):
            return self._key.value(value)
        raw = value.encode("latin-1", "replace")
        return self._key.value(raw) if raw in self._modelled else echoes.replace(value)

    def _host(self, value: str) -> str:
        """A host's name, without the user in front of it."""
        user, at, host = value.rpartition("@")
        return self._key.value(user) + at + host if at else value

    # Call

    def call(self) -> Call:
        """The call without secrets."""
        call = self._call
        parameters = (
            self._asked.safe_parameters
            if self._asked
            else self._finished(self._request.value, gone=self._request_goes)
        )
        result = self._finished(self._response.value, gone=self._response_goes)
        error = call.error
        if error is None and not call.problems:
            if parameters is call.parameters and result is call.result:
                return call
            return call.changed(parameters=parameters, result=result)
        if error is not None:
            error = replace(
                error,
                code=self._text(error.code),
                message=None if error.message is None else self._text(error.message),
            )
        return call.changed(
            parameters=parameters,
            result=result,
            error=error,
            problems=tuple([self._text(problem) for problem in call.problems]),
        )

    def _finished(self, value: dict[str, Any] | None, *, gone: bool) -> dict[str, Any] | None:
        if not value:
            return value
        if gone:
            value = self._hashes_gone("", value)
        if not self._echoes:
            return value
        changed: dict[str, Any] = map_text(value, self._echoes.replace)
        return changed

    def _hashes_gone(self, name: str, item: Any) -> Any:
        if isinstance(item, Map):
            return item
        if isinstance(item, dict):
            return {key: self._hashes_gone(key, each) for key, each in item.items()}
        if isinstance(item, list):
            return [self._hashes_gone(name, each) for each in item]
        if isinstance(item, Blob):
            return self._key.blob(item)
        if isinstance(item, Redacted) or not isinstance(item, str):
            return item
        is_etag = name == "ETag" and _MD5_ETAG.match(item)
        return self._key.value(item) if is_etag or _HASH_MEMBER.match(name) else item

    def _text(self, text: str) -> str:
        return scrub(self._texts.replace(text) if self._texts else text, self._key.value)


def _fields(message: Request | Response, note: Digest) -> tuple[Headers, Headers]:
    trailers = http_head.headers(message.trailers, note) if message.trailers else ()
    return http_head.headers(message.headers, note), trailers
