"""The policy of recorded calls: it allows each of them, needs each of its parts, names what exists."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from botocore.exceptions import (
    EndpointResolutionError,
    UnsupportedS3AccesspointConfigurationError,
)

from apitrail.aws import decode
from apitrail.aws.sign import auth
from apitrail.event import Asked, CallFacts, Event, What, Who, plain
from apitrail.iam.known_actions import spelled
from apitrail.policy import document
from apitrail.policy.guard import Guard
from apitrail.policy.kept_call import KeptCall, Memory
from apitrail.policy.least import statements
from apitrail.policy.needed import needs
from apitrail.policy.recorded_question import recorded_question
from aws.generator import Generator
from aws.wire import Wire

ACCOUNT = "111122223333"
SERVICES = sorted(Wire().session.get_available_services())
SHARDS = 12


def events(services, step):
    """Every `step`th operation of the services, sent by botocore and kept as a recorder keeps it."""
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


def check(found):
    """How many calls had a policy, and how many parts of one were not needed."""
    tried, idle = 0, []
    for event in found:
        kept = KeptCall.parse(event.facets())
        asked, needed = recorded_question(kept, Memory()), needs([(0, kept)])
        assert all(spelled(name) == name for name in needed.levels)
        if asked.doubt or needed.untold:
            continue
        tried += 1
        written = statements(needed)
        assert decides(written, asked) == "allow", event
        for number, each in enumerate(written):
            for less in without(each):
                rest = [*written[:number], *less, *written[number + 1 :]]
                if rest and decides(rest, asked) == "allow":
                    idle.append(event.call)
    return tried, idle


def decides(written, asked):
    return Guard.parse("policy", json.dumps(document.guard(written))).decide(asked).effect


def without(statement):
    """The statement with one action or one resource less."""
    for name in ("actions", "resources"):
        values = getattr(statement, name)
        for value in values:
            left = tuple(each for each in values if each != value)
            yield [replace(statement, **{name: left})] if left else []


def test_a_sample_of_calls():
    tried, idle = check(events(SERVICES[::25], step=17))
    assert tried > 30
    assert not idle


@pytest.mark.conformance
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_operation(shard, tally):
    tried, idle = check(events(SERVICES[shard::SHARDS], step=1))
    tally("calls allowed by their own policy", tried, tried)
    assert not idle
