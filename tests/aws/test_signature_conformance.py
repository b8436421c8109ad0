"""What botocore signs, for any operation of any service, is verified; nothing else is."""

from dataclasses import replace

import botocore.session
import pytest
from botocore.exceptions import BotoCoreError

from apitrail.aws.sign import auth, signature
from aws.generator import Generator
from aws.wire import Wire

SERVICES = botocore.session.Session().get_available_services()
SIGNED = {"sigv4", "sigv4-query", "express"}
PAYLOAD = "x-amz-content-sha256"


def members(operation):
    return operation.input_shape.members.values() if operation.input_shape else ()


def outcomes(service, every):
    """(operation, scheme, verdict, verdict with another secret) for every n-th operation."""
    wire = Wire()
    client = wire.client(service)
    for name in client.meta.service_model.operation_names[::every]:
        operation = client.meta.service_model.operation_model(name)
        if any(m.serialization.get("name", "").lower() == PAYLOAD for m in members(operation)):
            # A random digest given as a parameter is refused by services, too.
            continue
        try:
            sent = wire.send(client, name, Generator(name).parameters(operation))
        except (BotoCoreError, AssertionError, AttributeError, ValueError):
            # Not every random parameter makes an endpoint.
            continue
        credential = auth.read(sent.request)
        wrong = signature.verify(sent.request, credential, "another")
        moved = replace(sent.request, target=sent.request.target + "x")
        yield (
            f"{service}.{name}",
            credential,
            signature.verify(sent.request, credential, "secret").outcome,
            wrong.outcome,
            signature.verify(moved, credential, "secret").outcome,
        )


def check(services, every):
    verified, misses = 0, []
    for service in services:
        for name, credential, right, wrong, moved in outcomes(service, every):
            assert credential.problems == ()
            expected = ("valid", "invalid", "invalid")
            if credential.scheme not in SIGNED:
                expected = ("unverifiable",) * 3
            elif (right, wrong, moved) == expected:
                verified += 1
            if (right, wrong, moved) != expected:
                misses.append((name, credential.scheme, right, wrong, moved))
    return verified, misses


def test_sample():
    verified, misses = check(["s3", "s3control", *SERVICES[3::40]], every=11)
    assert misses == []
    assert verified > 50


@pytest.mark.conformance
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(4))
def test_all(part, tally):
    verified, misses = check(SERVICES[part::4], every=1)
    tally("signatures verified", verified, verified + len(misses))
    assert misses == []
