"""What is to be sent for a recorded call, or why nothing can be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apitrail.aws import models
from apitrail.aws.call import Structure, Value
from apitrail.errors import FormatError
from apitrail.replay.recorded import Recorded, redactions, renewal
from apitrail.replay.recorded.left_out import completed
from apitrail.replay.recorded.native import native
from apitrail.replay.resend.identifiers import Identifiers

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

_LISTED = 3


class ObstacleError(Exception):
    """Why a call cannot be sent again; one line, lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A call to send: native parameters, and whether it is to succeed."""

    service: str
    operation: str
    region: str | None
    parameters: Structure
    succeeds: bool


@dataclass(slots=True, kw_only=True)
class Plan:
    """How recorded calls become calls to send.

    `region` overrides the recorded one; `given` are the secrets' values by what stands for
    them; `identifiers` grows as answers come.
    """

    identifiers: Identifiers
    region: str | None = None
    given: dict[str, str | bytes] = field(default_factory=dict)

    def outgoing(self, call: Recorded) -> Outgoing:
        """The call as it is to be sent now.

        Raises:
            ObstacleError: it cannot be.
        """
        model = self.model(call)
        if call.parameters is None:
            raise ObstacleError("its parameters were not kept")
        if not call.was_answered:
            raise ObstacleError("its outcome was never known")
        self._reveal(call)
        region = self._region(call)
        shape = model.input_shape
        asked = completed(call, shape) if shape is not None else call.parameters
        fresh = renewal.anew(
            model.service_model.service_name, model.name, shape, asked,
            region=region if self.region is not None else None, renew=self._renew,
        )  # fmt: skip
        self._check(fresh)
        # Secrets are given as to boto3, so they come in after the types.
        parameters = self._filled(self.identifiers.translate(_native(call, shape, fresh)))
        return Outgoing(
            service=model.service_model.service_name,
            operation=model.name,
            region=region,
            parameters=parameters,
            succeeds=call.error is None,
        )

    def model(self, call: Recorded) -> OperationModel:
        """The operation's model.

        Raises:
            ObstacleError: botocore has none.
        """
        if call.service is None or call.operation is None:
            raise ObstacleError("it could not be told which operation it is")
        try:
            return models.operation(call.service, call.operation)
        except KeyError:
            raise ObstacleError(f"botocore has no operation {call.name}") from None

    def foresee(self, call: Recorded) -> None:
        """Take it that the answer will give anew what it gave as a secret; for a dry run."""
        for redacted in redactions(call.result):
            if redacted not in self.identifiers:
                self.identifiers.learn(redacted, redacted)

    def _region(self, call: Recorded) -> str | None:
        if self.region is None or call.service in renewal.GLOBAL:
            return call.region
        if call.region is not None and call.region != self.region:
            self.identifiers.move(call.region, self.region)
        return self.region

    def _renew(self, token: str) -> str:
        fresh = self.identifiers.renew(token)
        # Answers repeat the token, and Secrets Manager uses it as the version's id.
        self.identifiers.learn(token, fresh)
        return fresh

    def _reveal(self, call: Recorded) -> None:
        for redacted in redactions(call.parameters):
            given = "" if _is_empty(redacted) else self.given.get(redacted)
            if redacted not in self.identifiers and isinstance(given, str):
                self.identifiers.learn(redacted, given)

    def _filled(self, value: Value) -> Value:
        """With the secrets that are bytes, which stand for whole values only."""
        if isinstance(value, str):
            return self.given.get(value, value)
        if isinstance(value, dict):
            return {name: self._filled(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        return value

    def _check(self, parameters: Structure) -> None:
        missing = dict.fromkeys(
            item
            for item in redactions(parameters)
            if item not in self.identifiers and item not in self.given
        )
        if missing:
            some = ", ".join([*missing][:_LISTED])
            raise ObstacleError(f"it needs {len(missing)} redacted: {some}")


def _is_empty(redacted: str) -> bool:
    """A secret of no bytes has but one value."""
    return redacted.endswith(":0")


def _native(call: Recorded, shape: Shape, parameters: Structure) -> Structure:
    if shape is None:
        return {}
    if any(
        shape.members[n].serialization.get("eventstream") for n in parameters if n in shape.members
    ):
        raise ObstacleError("it is a stream of events, which are not kept")
    try:
        found: Structure = native(shape, parameters, lambda blob: _payload(call, blob))
    except FormatError as error:
        raise ObstacleError(f"its parameters are not as modelled: {error}") from error
    return found


def _payload(call: Recorded, blob: Value) -> bytes:
    found = call.payload(blob)
    if found is None:
        kept = len(call.request_body)
        raise ObstacleError(f"its body was kept only in part: {kept} of {blob.get('length')} bytes")
    return found
