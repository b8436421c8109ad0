"""Requests as botocore puts them on the wire, without sending them.

What was typed after botocore's own parameter handlers is what a decoder should find again.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.tokens import FrozenAuthToken

from apitrail.exchange import Body, Request

# Clients that would first ask the service where it is.
_DISCOVERED = {
    "timestream-query": "https://query.timestream.{region}.amazonaws.com",
    "timestream-write": "https://ingest.timestream.{region}.amazonaws.com",
}

# Signed with SigV4A by default, for which botocore needs a library that is not here.
_ASYMMETRIC = {"cloudfront-keyvaluestore"}

KEY_ID = "AKIAQYLPMN5HFIQR7XYA"


class Caught(Exception):  # noqa: N818 - nothing went wrong
    """Stops a client where it would send."""


@dataclass(frozen=True)
class Sent:
    """A request, and the parameters that went into it."""

    request: Request
    parameters: dict[str, Any]


class Wire:
    """A botocore session whose clients stop at the socket."""

    def __init__(self) -> None:
        self.session = botocore.session.Session()
        self.session.set_credentials(KEY_ID, "secret", account_id=None)
        self.session.get_auth_token = lambda **_: FrozenAuthToken("bearer-token")

    def client(self, service: str, region: str = "eu-west-1", **options: Any) -> Any:
        """A client that catches what it would send; `options` as for create_client."""
        settings = options.pop("config", {})
        if service in _DISCOVERED and "endpoint_url" not in options:
            options["endpoint_url"] = _DISCOVERED[service].format(region=region)
        if service in _ASYMMETRIC:
            settings = {**settings, "signature_version": "v4"}
        config = Config(
            parameter_validation=False,
            endpoint_discovery_enabled=False,
            retries={"max_attempts": 0},
            **settings,
        )
        client = self.session.create_client(service, region, config=config, **options)
        client.meta.events.register_first("before-send", self._catch)
        client.meta.events.register_last("before-parameter-build", self._typed)
        return client

    def _catch(self, request: Any, **_: Any) -> None:
        self.prepared = request
        raise Caught

    def _typed(self, params: dict[str, Any], **_: Any) -> None:
        self.typed = copy.deepcopy(params)

    def send(self, client: Any, operation: str, parameters: dict[str, Any]) -> Sent:
        """What `client` would send for an operation, by its API name."""
        try:
            client._make_api_call(operation, parameters)
        except Caught:
            return Sent(request=self.request(self.prepared), parameters=self.typed)
        raise AssertionError("nothing was sent")

    @staticmethod
    def request(prepared: Any) -> Request:
        """An AWSPreparedRequest as the proxy would see it."""
        url = urlsplit(prepared.url)
        body = prepared.body or b""
        if hasattr(body, "read"):
            body = body.read()
        if isinstance(body, str):
            body = body.encode()
        headers = tuple(
            (key, value.decode("latin-1") if isinstance(value, bytes) else str(value))
            for key, value in prepared.headers.items()
        )
        return Request(
            method=prepared.method,
            scheme=url.scheme,
            host=url.netloc,
            target=(url.path or "/") + ("?" + url.query if url.query else ""),
            http_version="HTTP/1.1",
            headers=headers,
            body=Body.of(bytes(body)),
        )
