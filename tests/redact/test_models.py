"""A canary in each string that a model marks sensitive or whose name says secret.

botocore sends the requests, services answer as the models say, and every byte left is searched.
The normal run takes a sample of the operations; `-m conformance` takes all.
"""

import random

import pytest
from botocore.exceptions import MissingDependencyException
from botocore.loaders import Loader
from botocore.model import ServiceModel

from apitrail.aws import decode
from apitrail.aws.call import Call
from apitrail.aws.sign import auth
from apitrail.redact.paths import OPEN_EVERYWHERE, Kind, kind
from apitrail.redact.secret_names import is_secret_member
from aws import answers
from aws.generator import Generator
from aws.wire import Wire
from redacting import REDACTOR, answer, exchange, found, post

SERVICES = Loader().list_available_services("service-2")

# botocore derives these members from others, or signs them in: what was planted is not sent.
DERIVED = {"PreSignedUrl"}


class Planter:
    """Replaces secret strings and blobs of one operation by canaries, and counts them."""

    def __init__(self, service, operation, seed):
        self.about = service, operation
        self.random = random.Random(seed)
        self.planted = []

    def plant(self, shape, value, parent="", name="", *, sure=False):
        known = kind(*self.about, parent, name)
        if known is Kind.OPEN or name in OPEN_EVERYWHERE | DERIVED:
            return value
        sure = sure or bool(shape.metadata.get("sensitive"))
        kind_of = shape.type_name
        if kind_of == "structure" and isinstance(value, dict) and not shape.is_document_type:
            return {
                key: self.plant(shape.members[key], item, name, key, sure=sure)
                for key, item in value.items()
            }
        if kind_of == "list" and isinstance(value, list):
            return [self.plant(shape.member, item, parent, name, sure=sure) for item in value]
        if kind_of == "map" and isinstance(value, dict):
            return {
                key: self.plant(shape.value, item, parent, name, sure=sure)
                for key, item in value.items()
            }
        if not sure and not is_secret_member(name):
            return value
        if kind_of == "string" and not shape.enum and isinstance(value, str):
            return self.canary()
        return self.canary().encode() if kind_of == "blob" and isinstance(value, bytes) else value

    def canary(self):
        text = f"cnry{self.random.randrange(16**20):020x}"
        self.planted.append(text)
        return text


def is_host(shape, name):
    return bool(shape.members[name].serialization.get("hostLabel"))


def leaks_of_requests(service, wire):
    """(operation, canary) of each that survives, and how many were planted."""
    client = wire.client(service)
    leaks, planted = [], 0
    for operation in client.meta.service_model.operation_names:
        shape = client.meta.service_model.operation_model(operation).input_shape
        if shape is None:
            continue
        planter = Planter(service, operation, f"{service}.{operation}")
        made = Generator(f"{service}.{operation}").parameters(
            client.meta.service_model.operation_model(operation)
        )
        top = {
            name: value
            if is_host(shape, name)
            else planter.plant(shape.members[name], value, "", name)
            for name, value in made.items()
        }
        if not planter.planted:
            continue
        try:
            request = wire.send(client, operation, top).request
        except MissingDependencyException:
            continue  # SigV4A, which botocore leaves to a library that is not here
        call = decode.request(request, auth.read(request))
        leaks += leaks_in(exchange(request), call, planter, operation)
        planted += len(planter.planted)
    return leaks, planted


def leaks_of_answers(service):
    """The same for what services answer."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    protocol = model.resolved_protocol
    leaks, planted = [], 0
    for operation in model.operation_names:
        shape = model.operation_model(operation).output_shape
        if shape is None:
            continue
        planter = Planter(service, operation, f"{service}.{operation}")
        made = answers.Results(f"{service}.{operation}", protocol).output(shape)
        value = {
            name: planter.plant(shape.members[name], item, "", name) for name, item in made.items()
        }
        if not planter.planted:
            continue
        written = answers.write(
            model.operation_model(operation), protocol, value, random.Random(operation)
        )
        response = answer(written.body, *written.headers, status=written.status)
        asked = Call(
            service=service,
            operation=operation,
            api_version=model.api_version,
            protocol=protocol,
            parameters={},
        )
        sent = exchange(post(), response)
        leaks += leaks_in(sent, decode.response(asked, response), planter, operation)
        planted += len(planter.planted)
    return leaks, planted


def leaks_in(sent, call, planter, operation):
    redacted = REDACTOR.both(sent, call)
    return [(operation, canary) for canary in planter.planted if found(canary, *redacted)]


@pytest.fixture(scope="module")
def wire():
    return Wire()


def sample(services, size=8):
    """Some that hold many secrets, and some by lot."""
    return sorted({"sts", "cognito-idp", "lightsail", *random.Random(11).sample(services, size)})


@pytest.mark.parametrize("service", sample(SERVICES))
def test_no_canary_survives_in_a_sample(service, wire):
    assert leaks_of_requests(service, wire)[0] == []
    assert leaks_of_answers(service)[0] == []


@pytest.mark.conformance
@pytest.mark.timeout(3600)
def test_no_canary_survives_in_any_service(wire, tally):
    total, leaks = 0, []
    for service in SERVICES:
        for found_leaks, planted in (leaks_of_requests(service, wire), leaks_of_answers(service)):
            total += planted
            leaks += [(service, *leak) for leak in found_leaks]
    tally("canaries redacted", total - len(leaks), total)
    assert total > 10_000
    assert leaks == []
