"""Sends calls with botocore, signed with whatever credentials its chain finds."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from apitrail.aws import decode
from apitrail.aws.call import Call, Structure, Value
from apitrail.errors import UsageError
from apitrail.exchange import Body, Response
from apitrail.replay.resend.plan import Outgoing

_ATTEMPTS = 3
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the call with its result or error, or why there is none."""

    call: Call | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who the credentials are."""

    account: str
    arn: str


class Send(Protocol):
    """Something that sends."""

    def __call__(self, call: Outgoing) -> Answer:
        """Send and wait; what cannot be sent is an answer with a failure."""
        ...


class _Raw(io.BytesIO):
    """A body that was read already, for botocore to read once more."""

    def stream(self, size: int = _CHUNK, decode_content: bool = False) -> Iterator[bytes]:  # noqa: ARG002
        while chunk := self.read(size):
            yield chunk


class Sender:
    """botocore clients for one endpoint, made as they are needed.

    `endpoint` None means each service's own endpoint at AWS.

    Raises:
        UsageError: there are no credentials, or no such profile.
    """

    def __init__(
        self, endpoint: str | None, *, profile: str | None = None, region: str | None = None
    ) -> None:
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session

        self._endpoint = endpoint
        self._session = Session(profile=profile)
        try:
            settings = self._session.get_scoped_config()
            found = self._session.get_credentials()
        except BotoCoreError as error:
            raise UsageError(f"no credentials to sign with: {error}") from error
        if found is None:
            raise UsageError(
                "no credentials to sign with",
                hint="--profile NAME, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; "
                "stand-ins take any",
            )
        default = self._session.get_config_variable("region") or settings.get("region")
        self._region = region or default or "us-east-1"
        self._clients: dict[tuple[str, str, bool], Any] = {}
        self._response: Response | None = None

    def caller(self) -> Caller:
        """Account and principal of the credentials, from STS.

        Raises:
            UsageError: there are none, or they are not accepted.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        client = self._client("sts", self._region, expecting=True)
        try:
            found = client.get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise UsageError(f"cannot tell whose credentials these are: {error}") from error
        return Caller(account=found["Account"], arn=found["Arn"])

    def __call__(self, call: Outgoing) -> Answer:
        """See `Send`."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        self._response = None
        try:
            client = self._client(
                call.service, call.region or self._region, expecting=call.succeeds
            )
            client._make_api_call(call.operation, call.parameters)  # noqa: SLF001
        except (ClientError, ResponseParserError):
            pass  # the answer was kept before botocore looked at it
        except (BotoCoreError, KeyError, TypeError, ValueError, AttributeError) as error:
            # Besides botocore's own: what its serializers raise when they are not asked to check.
            return Answer(failure=_line(error))
        if self._response is None:
            return Answer(failure="no response came")
        sent = Call(
            service=call.service,
            operation=call.operation,
            region=call.region,
            protocol=_protocol(client.meta.service_model),
        )
        return Answer(call=decode.response(sent, self._response))

    def _client(self, service: str, region: str, *, expecting: bool) -> Value:
        """`expecting` success: parameters are checked first, and what fails in passing is retried."""
        from botocore.config import Config

        key = (service, region, expecting)
        if key not in self._clients:
            is_ours = self._endpoint is None
            config = Config(
                parameter_validation=expecting,
                inject_host_prefix=is_ours,
                endpoint_discovery_enabled=False,
                retries={"mode": "standard", "total_max_attempts": _ATTEMPTS if expecting else 1},
                s3={"addressing_style": "auto" if is_ours else "path"},
            )
            client = self._session.create_client(
                service, region_name=region, endpoint_url=self._endpoint, config=config
            )
            client.meta.events.register("before-parse", self._keep)
            self._clients[key] = client
        return self._clients[key]

    def _keep(self, response_dict: Structure, **_: Any) -> None:
        """Keep the response as it was on the wire, before botocore makes objects of it."""
        body = response_dict["body"]
        if not isinstance(body, bytes):
            body = body.read()
            response_dict["body"] = _Raw(body)
        self._response = Response(
            status=response_dict["status_code"],
            http_version="HTTP/1.1",
            headers=_headers(response_dict["headers"]),
            body=Body.of(body),
        )


def _headers(fields: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in fields.items())


def _protocol(model: Any) -> str:
    return str(getattr(model, "resolved_protocol", None) or model.metadata["protocol"])


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
