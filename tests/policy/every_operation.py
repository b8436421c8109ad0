"""Every operation that botocore knows, sent by it and kept as a recorder keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from botocore.exceptions import (
    EndpointResolutionError,
    UnsupportedS3AccesspointConfigurationError,
)

from apitrail.aws import decode
from apitrail.aws.sign import auth
from apitrail.event import Asked, CallFacts, Event, What, Who, plain
from aws.generator import Generator
from aws.wire import Wire

ACCOUNT = "111122223333"
SERVICES = sorted(Wire().session.get_available_services())
SHARDS = 12


def events(services: Iterable[str], step: int) -> Iterator[Event]:
    """Every `step`th operation of these services."""
    for service in services:
        wire = Wire()
        client = wire.client(service)
        model = client.meta.service_model
        for name in model.operation_names[len(service) % step :: step]:
            operation = model.operation_model(name)
            asked = Generator(f"{service}.{name}").parameters(operation, everything=False)
            try:
                sent = wire.send(client, name, asked)
            except (EndpointResolutionError, UnsupportedS3AccesspointConfigurationError):
                continue
            call = decode.request(sent.request, auth.read(sent.request))
            facts = CallFacts(
                service=call.service, operation=call.operation, region=call.region, started=0
            )
            yield Event(
                who=Who(record={}, identity={"account": ACCOUNT}),
                what=What(call=facts),
                request=Asked(parameters=plain(call.parameters)),
            )
