"""Every operation's output and every modelled error, read back as boto3's own parsers read them.

The normal run takes a sample; `-m conformance` takes all and prints a score per protocol.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import botocore.loaders
import pytest
from botocore.compat import HTTPHeaders
from botocore.model import ServiceModel
from botocore.parsers import create_parser

from apitrail.aws.answer import response
from apitrail.aws.call import Blob, Call, EventStream
from apitrail.exchange import Body, Response
from aws import answers

PROTOCOLS = ("json", "rest-json", "query", "ec2", "rest-xml", "smithy-rpc-v2-cbor")

# What cannot be told from the wire, with the reason.
UNDECIDABLE = {
    # The deprecated member `Event` and the list `Events` are written as the same element.
    "s3.GetBucketNotification",
}

LOADER = botocore.loaders.Loader()


def services(every: int) -> Iterator[ServiceModel]:
    """All API versions of every n-th service."""
    for name in LOADER.list_available_services("service-2")[::every]:
        for version in LOADER.list_api_versions(name, "service-2"):
            yield ServiceModel(LOADER.load_service_model(name, "service-2", version), name)


def protocols(service: ServiceModel) -> list[str]:
    return list(service.metadata.get("protocols") or [service.metadata["protocol"]])


def received(written: answers.Written) -> Response:
    return Response(
        status=written.status,
        http_version="HTTP/1.1",
        headers=tuple(written.headers),
        body=Body.of(written.body),
    )


def by_boto3(protocol: str, shape: Any, written: answers.Written) -> dict[str, Any]:
    headers = HTTPHeaders.from_pairs(written.headers)
    payload = None if shape is None else shape.serialization.get("payload")
    streamed = payload is not None and shape.members[payload].type_name == "blob"
    body = bytearray(written.body) if streamed else written.body
    parsed = create_parser(protocol).parse(
        {"status_code": written.status, "headers": headers, "body": body}, shape
    )
    return dict(parsed)


def called(service: ServiceModel, operation: str, protocol: str) -> Call:
    return Call(
        service=service.service_name,
        operation=operation,
        api_version=service.api_version,
        protocol=protocol,
    )


def same(left: Any, right: Any) -> bool:
    """Equal in value and type, None and the absent aside, times to the microsecond."""
    match left, right:
        case dict(), dict():
            keys = {k for side in (left, right) for k, v in side.items() if v is not None}
            return all(same(left.get(key), right.get(key)) for key in keys)
        case list(), list():
            return len(left) == len(right) and all(map(same, left, right))
        case datetime(), datetime():
            return abs((left - right).total_seconds()) < 0.000002
        case float(), str() | float():
            # boto3 leaves "Infinity" as it is in some protocols.
            return left == float(right) or (math.isnan(left) and math.isnan(float(right)))
        case bool(), _:
            return left is right
        case bytes(), bytearray():
            return left == bytes(right)
    return bool(left == right)


def plain(result: Any) -> Any:
    """A result with streams taken out, as they are compared on their own."""
    if isinstance(result, dict):
        return {k: v for k, v in result.items() if not isinstance(v, Blob | EventStream)}
    return result


def digest(data: bytes) -> Blob:
    return Blob(length=len(data), sha256=hashlib.sha256(data).digest())


def check_result(service: ServiceModel, name: str, protocol: str) -> str | None:
    """None if the operation's answer is read as written and as boto3 reads it, else why not."""
    shape = service.operation_model(name).output_shape
    seed = f"{service.service_name}/{service.api_version}/{name}/{protocol}"
    expected = answers.Results(seed, protocol).output(shape)
    written = answers.write(service.operation_model(name), protocol, expected, random.Random(seed))
    found = response.parse(called(service, name, protocol), received(written))
    if found.error is not None or found.result is None or found.problems:
        return f"no result: {found.error} {found.problems}"
    if found.request_id != answers.REQUEST_ID:
        return f"request id {found.request_id}"
    for member, value in found.result.items():
        if isinstance(value, EventStream) and value.counts != written.counts:
            return f"events {value.counts} for {written.counts}"
        if isinstance(value, Blob) and value != digest(expected.pop(member)):
            return "wrong digest of a stream"
    if service.service_name == "dataexchange" and "ResponseHeaders" in expected:
        # Its prefix is empty: every header belongs to the map.
        expected["ResponseHeaders"] |= dict(written.headers)
    if not same(plain(found.result), expected):
        return f"read {found.result!r:.600} for {expected!r:.600}"
    return differs_from_boto3(found.result, protocol, shape, written)


def differs_from_boto3(
    result: dict[str, Any], protocol: str, shape: Any, written: answers.Written
) -> str | None:
    # boto3 reads event streams lazily, and mends S3's odd answer outside its parser.
    if shape.event_stream_name is not None or b"<LocationConstraint>" in written.body:
        return None
    oracle = by_boto3(protocol, shape, written)
    oracle.pop("ResponseMetadata", None)
    streams = {name for name, value in result.items() if isinstance(value, Blob)}
    if not same(plain(result), {k: v for k, v in oracle.items() if k not in streams}):
        return f"boto3 reads {oracle!r:.600}, we {result!r:.600}"
    return None


def check_errors(service: ServiceModel, name: str, protocol: str) -> Iterator[str | None]:
    """For each modelled error of an operation: None if it is read right, else why not."""
    operation = service.operation_model(name)
    compatible = "awsQueryCompatible" in service.metadata and protocol != "query"
    for shape in operation.error_shapes:
        seed = f"{service.service_name}/{name}/{protocol}/{shape.name}"
        rng = random.Random(seed)
        message = rng.choice(answers.AWKWARD)
        written, code = answers.refuse(protocol, shape, message, rng, compatible=compatible)
        found = response.parse(called(service, name, protocol), received(written))
        oracle = by_boto3(protocol, operation.output_shape, written)["Error"]
        error = found.error
        if error is None or found.result is not None:
            yield f"{shape.name}: no error"
        elif (error.code, error.message) != (code, message):
            yield f"{shape.name}: {error} for {code} {message!r}"
        elif (error.code, error.message) != (oracle["Code"], oracle["Message"] or ""):
            yield f"{shape.name}: boto3 reads {oracle}, we {error}"
        elif error.shape != shape.name:
            yield f"{shape.name}: shape {error.shape}"
        elif found.request_id != answers.REQUEST_ID:
            yield f"{shape.name}: request id {found.request_id}"
        else:
            yield None


def score(
    services: Iterator[ServiceModel], protocol: str, every: int = 1
) -> tuple[Counter[str], list[str]]:
    counts: Counter[str] = Counter()
    misses: list[str] = []
    for service in services:
        if protocol not in protocols(service):
            continue
        for name in service.operation_names[::every]:
            where = f"{service.service_name}.{name}"
            checks = {"errors": list(check_errors(service, name, protocol))}
            if service.operation_model(name).output_shape is not None:
                checks["results"] = [check_result(service, name, protocol)]
            for kind, outcomes in checks.items():
                counts[kind] += len(outcomes)
                counts[f"right {kind}"] += outcomes.count(None)
                misses += [f"{where}: {outcome}" for outcome in outcomes if outcome]
    return counts, misses


def unexplained(misses: list[str]) -> list[str]:
    return [miss for miss in misses if miss.partition(":")[0] not in UNDECIDABLE]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_sample(protocol):
    every = 1 if protocol in ("ec2", "smithy-rpc-v2-cbor") else 7
    counts, misses = score(services(every), protocol, every=17 if protocol == "ec2" else 3)
    assert counts["results"]
    assert unexplained(misses) == []


@pytest.mark.conformance
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_all(protocol, tally):
    counts, misses = score(services(1), protocol)
    for kind in ("results", "errors"):
        tally(f"{kind}, {protocol}", counts[f"right {kind}"], counts[kind])
        tally(f"{kind}, all", counts[f"right {kind}"], counts[kind])
    assert unexplained(misses) == []
