"""Ordinary values stay: texts by hand, and what is sent and answered in a sample of operations."""

from __future__ import annotations

import random

import pytest
from botocore.exceptions import MissingDependencyException
from botocore.loaders import Loader
from botocore.model import ServiceModel

from apitrail.aws import decode
from apitrail.aws.call import Call, Map, Redacted
from apitrail.aws.sign import auth
from apitrail.redact.paths import Kind, kind
from apitrail.redact.text import scrub
from aws import answers
from aws.generator import Generator
from redact.canary_texts import ORDINARY
from redacting import REDACTOR, answer, client, exchange, post, wire

SERVICES = Loader().list_available_services("service-2")
SAMPLE = sorted(
    {"iam", "s3", "ssm", "ecs", "lambda", "cloudformation", "athena", "codebuild"}
    | set(random.Random(5).sample(SERVICES, 4))
)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_text_stays(text):
    assert scrub(text, lambda _: "<secret>") == text


def needless(plain, shown, sensitive, about, path=(), parent="", name=""):
    """(path, value) of each text that neither a model nor its name calls secret and that changed;
    and how many texts there are."""
    if any(path[: len(each)] == each for each in sensitive) or isinstance(shown, Redacted):
        listed = kind(*about, parent, name) is not Kind.PLAIN
        model = any(path[: len(each)] == each for each in sensitive)
        return [] if listed or model else [(path, plain)], 1
    if isinstance(plain, dict):
        pairs = [
            (
                plain[key], shown.get(key), (*path, "*" if isinstance(plain, Map) else key),
                name if not isinstance(plain, Map) else parent,
                name if isinstance(plain, Map) else key,
            )
            for key in plain
        ]  # fmt: skip
    elif isinstance(plain, list):
        pairs = [(a, b, (*path, "*"), parent, name) for a, b in zip(plain, shown, strict=True)]
    else:
        return [] if plain == shown else [(path, plain)], 1
    found, total = [], 0
    for one, other, below, over, member in pairs:
        lost, count = needless(one, other, sensitive, about, below, over, member)
        found += lost
        total += count
    return found, total


def of_service(service):
    """The same for all operations of a service, what is sent and what is answered."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    lost, total = [], 0
    for operation in model.operation_names:
        for plain, shown, sensitive in both_sides(service, model, operation):
            more, count = needless(plain, shown, sensitive, (service, operation))
            lost += [(service, operation, *each) for each in more]
            total += count
    return lost, total


def both_sides(service, model, operation):
    shape = model.operation_model(operation)
    made = Generator(f"{service}.{operation}").parameters(shape) if shape.input_shape else {}
    try:
        request = wire().send(client(service), operation, made).request
    except MissingDependencyException:
        return  # SigV4A, which botocore leaves to a library that is not here
    call = decode.request(request, auth.read(request))
    if call.parameters:
        yield call.parameters, REDACTOR.both(exchange(request), call)[1].parameters, call.sensitive_parameters  # fmt: skip
    if shape.output_shape is None:
        return
    protocol = model.resolved_protocol
    told = answers.Results(f"{service}.{operation}", protocol).output(shape.output_shape)
    written = answers.write(shape, protocol, told, random.Random(operation))
    response = answer(written.body, *written.headers, status=written.status)
    asked = Call(
        service=service, operation=operation, api_version=model.api_version, protocol=protocol,
        parameters={},
    )  # fmt: skip
    answered = decode.response(asked, response)
    if answered.result:
        yield answered.result, REDACTOR.both(exchange(post(), response), answered)[1].result, answered.sensitive_result  # fmt: skip


def test_hardly_any_value_of_a_sample_goes_needlessly():
    lost, total = [], 0
    for service in SAMPLE:
        more, count = of_service(service)
        lost += more
        total += count
    assert total > 4_000
    assert len(lost) <= total / 100, lost[:20]


@pytest.mark.conformance
@pytest.mark.timeout(3600)
def test_hardly_any_value_goes_needlessly_in_any_service(tally):
    lost, total = [], 0
    for service in SERVICES:
        more, count = of_service(service)
        lost += more
        total += count
    tally("values kept that are no secrets", total - len(lost), total)
    assert total > 50_000
    assert len(lost) <= total / 100, lost[:20]
