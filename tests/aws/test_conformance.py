"""Every operation that botocore can send comes back as what was typed."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from botocore.exceptions import (
    EndpointResolutionError,
    UnsupportedS3AccesspointConfigurationError,
)

from apitrail.aws import decode
from apitrail.aws.sign import auth
from aws.generator import Generator
from aws.scoring import Score
from aws.wire import Wire

HOSTS = {
    "aws": {},
    "dualstack": {"config": {"use_dualstack_endpoint": True}},
    "localhost": {"endpoint_url": "https://localhost:4566"},
}
SHARDS = 12

FULL = ((True, None), (False, None))
EMPTY = ((True, 0), (True, 1))

# No rule of these gives a dualstack name.
NO_DUALSTACK = {"timestream-query", "timestream-write"}

ALL = sorted(Wire().session.get_available_services())
# Some for each protocol and each way of being addressed, and every fortieth of the rest.
USUAL = {
    "cloudfront", "cloudwatch", "dynamodb", "ec2", "iam", "lambda", "location", "rds", "s3",
    "s3control", "sqs", "sts",
}  # fmt: skip


def measure(
    services: Iterable[str],
    form: str,
    *,
    step: int = 1,
    seed: str = "",
    version: str | None = None,
    fillings: tuple[tuple[bool, int | None], ...] = FULL,
) -> Score:
    """Send every `step`th operation of the services and judge what is decoded.

    `fillings` are the parameters that each is sent with: all members or some, and the depth at
    which they are empty.
    """
    score = Score()
    for service in services:
        if form == "dualstack" and service in NO_DUALSTACK:
            continue
        wire = Wire()
        client = wire.client(service, api_version=version, **HOSTS[form])
        model = client.meta.service_model
        for name in model.operation_names[len(service) % step :: step]:
            operation = model.operation_model(name)
            for everything, hollow in fillings:
                generator = Generator(f"{seed}{service}.{name}.{everything}", hollow=hollow)
                parameters = generator.parameters(operation, everything=everything)
                try:
                    sent = wire.send(client, name, parameters)
                except (EndpointResolutionError, UnsupportedS3AccesspointConfigurationError):
                    assert form == "dualstack", "only some rulesets have no dualstack"
                    continue
                credential = auth.read(sent.request)
                call = decode.request(sent.request, credential)
                score.judge(operation, sent, call, local=form == "localhost")
                assert call.region in (credential.region, "eu-west-1", "us-east-1")
    return score


@pytest.mark.parametrize("form", HOSTS)
def test_a_sample_of_operations_comes_back(form):
    services = [name for i, name in enumerate(ALL) if name in USUAL or i % 40 == 0]

    score = measure(services, form, step=11)

    assert not score.misses
    assert score.tried.total() > 200


def test_a_sample_of_empty_values_comes_back():
    services = [name for i, name in enumerate(ALL) if name in USUAL or i % 40 == 0]

    score = measure(services, "localhost", step=7, fillings=EMPTY)

    assert not score.misses
    assert score.tried.total() > 300


@pytest.mark.conformance
@pytest.mark.parametrize("shard", range(SHARDS))
def test_empty_values_come_back(shard, tally):
    score = measure(ALL[shard::SHARDS], "aws", fillings=EMPTY)

    for protocol, tried in score.tried.items():
        tally(f"requests with empty values, {protocol}", score.right[protocol], tried)
        tally("requests with empty values, all", score.right[protocol], tried)
    assert not score.misses


@pytest.mark.conformance
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("form", HOSTS)
def test_all_operations_come_back(form, shard, tally):
    score = measure(ALL[shard::SHARDS], form)

    for protocol, tried in score.tried.items():
        right, twins = score.right[protocol], score.undecidable[protocol]
        tally(f"requests, {form}, {protocol}", right, tried)
        tally(f"requests, {form}, all", right, tried)
        tally(f"requests, {form}, without wire-identical twins", right - twins, tried)
    assert not score.misses
