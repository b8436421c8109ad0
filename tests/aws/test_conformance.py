"""Every operation that botocore can send comes back as what was typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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

# Hosts that a describe call hands out, by the service that answers there.
HANDED_OUT = {
    "apigatewaymanagementapi": "a1b2c3.execute-api.eu-west-1.amazonaws.com/prod",
    "cloudsearchdomain": "search-films-1a2b.eu-west-1.cloudsearch.amazonaws.com",
    "dynamodb": "123456789012.ddb.eu-west-1.amazonaws.com",
    "iot-data": "a1b2c3-ats.iot.eu-west-1.amazonaws.com",
    "iot-jobs-data": "a1b2c3.jobs.iot.eu-west-1.amazonaws.com",
    "kinesis-video-archived-media": "b-1a2b.kinesisvideo.eu-west-1.amazonaws.com",
    "kinesis-video-media": "s-1a2b.kinesisvideo.eu-west-1.amazonaws.com",
    "kinesis-video-signaling": "r-1a2b.kinesisvideo.eu-west-1.amazonaws.com",
    "kinesis-video-webrtc-storage": "w-1a2b.kinesisvideo.eu-west-1.amazonaws.com",
    "mediaconvert": "a1b2c3.mediaconvert.eu-west-1.amazonaws.com",
    "mediastore-data": "a1b2c3.data.mediastore.eu-west-1.amazonaws.com",
    "neptune-graph": "g-1a2b.eu-west-1.neptune-graph.amazonaws.com",
    "neptunedata": "db.cluster-1a2b.eu-west-1.neptune.amazonaws.com:8182",
    "timestream-query": "query-cell1.timestream.eu-west-1.amazonaws.com",
    "timestream-write": "ingest-cell2.timestream.eu-west-1.amazonaws.com",
}
# The name of another service in front of a stand-in: the signature decides.
ELSEWHERE = "sqs.eu-west-1.localhost.localstack.cloud:4566"


@dataclass(frozen=True)
class Filling:
    """What an operation is sent with: all members or some, empty from a depth on, one long."""

    everything: bool = True
    hollow: int | None = None
    long: bool = False


FULL = (Filling(), Filling(everything=False))
EMPTY = (Filling(hollow=0), Filling(hollow=1))
LARGE = (Filling(long=True),)

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
    fillings: tuple[Filling, ...] = FULL,
    endpoint: str | None = None,
) -> Score:
    """Send every `step`th operation of the services and judge what is decoded."""
    score = Score()
    for service in services:
        if form == "dualstack" and service in NO_DUALSTACK:
            continue
        wire = Wire()
        where = {"endpoint_url": f"https://{endpoint}"} if endpoint else HOSTS[form]
        client = wire.client(service, api_version=version, **where)
        model = client.meta.service_model
        for name in model.operation_names[len(service) % step :: step]:
            operation = model.operation_model(name)
            for filling in fillings:
                generator = Generator(
                    f"{seed}{service}.{name}.{filling.everything}",
                    hollow=filling.hollow,
                    long=filling.long,
                )
                parameters = generator.parameters(operation, everything=filling.everything)
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

    score = measure(services, form, step=23)

    assert not score.misses
    assert score.tried.total() > 100


def test_a_sample_of_empty_values_comes_back():
    services = [name for i, name in enumerate(ALL) if name in USUAL or i % 40 == 0]

    score = measure(services, "localhost", step=15, fillings=EMPTY)

    assert not score.misses
    assert score.tried.total() > 150


def test_a_sample_of_large_bodies_comes_back():
    score = measure(sorted(USUAL), "localhost", step=61, fillings=LARGE)

    assert not score.misses
    assert score.tried.total() > 12


@pytest.mark.parametrize("service", HANDED_OUT)
def test_a_handed_out_host_is_its_service_s(service, tally):
    stage = "/prod" if service == "apigatewaymanagementapi" else ""
    score = measure([service], "aws", endpoint=HANDED_OUT[service])
    score.add(measure([service], "localhost", endpoint=ELSEWHERE + stage))

    tally("requests at handed-out hosts", score.right.total(), score.tried.total())
    assert not score.misses


@pytest.mark.conformance
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_large_bodies_come_back(shard, tally):
    score = measure(ALL[shard::SHARDS], "aws", fillings=LARGE)

    for protocol, tried in score.tried.items():
        tally(f"requests with a large body, {protocol}", score.right[protocol], tried)
        tally("requests with a large body, all", score.right[protocol], tried)
    assert not score.misses


@pytest.mark.conformance
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_empty_values_come_back(shard, tally):
    score = measure(ALL[shard::SHARDS], "aws", fillings=EMPTY)

    for protocol, tried in score.tried.items():
        tally(f"requests with empty values, {protocol}", score.right[protocol], tried)
        tally("requests with empty values, all", score.right[protocol], tried)
    assert not score.misses


@pytest.mark.conformance
@pytest.mark.timeout(900)
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
