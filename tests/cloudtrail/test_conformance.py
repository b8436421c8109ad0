"""All operations of botocore: every one has a record, most have their resources."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from botocore.session import get_session

from apitrail.aws.call import Call, Map
from apitrail.cloudtrail.resources import iam_types
from apitrail.cloudtrail.resources.touching import resources, undetermined
from cloudtrail.traffic import ACCOUNT, REGION, exchange, recorded

SESSION = get_session()
ARN = f"arn:aws:service:{REGION}:{ACCOUNT}:kind/name"
SAMPLE = ["apigateway", "dynamodb", "ec2", "iam", "kms", "lambda", "rds", "s3", "sqs", "ssm"]

LEAVES = {
    "integer": 1, "long": 1, "float": 0.5, "double": 0.5, "boolean": True, "blob": b"\x00",
    "timestamp": datetime(2024, 1, 1, tzinfo=UTC),
}  # fmt: skip


def filled(shape, name="", above=()):
    """A value for every member, as a client would write them: ARNs and URLs where named so."""
    match shape.type_name:
        case "structure" if shape.name in above or len(above) > 4:
            return {}
        case "structure":
            below = (*above, shape.name)
            return {key: filled(member, key, below) for key, member in shape.members.items()}
        case "list":
            return [filled(shape.member, name.removesuffix("s").removesuffix("List"), above)]
        case "map":
            return Map({"k": filled(shape.value, name, above)})
        case "string" if shape.enum:
            return shape.enum[0]
        case "string" if name.lower().endswith("arn"):
            return ARN
        case "string" if name.lower() == "queueurl":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q"
        case "string":
            return "x1"
        case leaf:
            return LEAVES[leaf]


def calls(service):
    model = SESSION.get_service_model(service)
    for operation in model.operation_names:
        shapes = model.operation_model(operation)
        yield Call(
            service=service,
            operation=operation,
            signing_name=model.signing_name,
            endpoint_prefix=model.endpoint_prefix,
            api_version=model.api_version,
            region=REGION,
            parameters=filled(shapes.input_shape) if shapes.input_shape else {},
            result=filled(shapes.output_shape) if shapes.output_shape else {},
        )


def score(services):
    """How many operations' IAM actions take a resource, and how many of these are found."""
    counted = Counter()
    for service in services:
        for made in calls(service):
            json.dumps(recorded(made, exchange()), allow_nan=False)
            action = iam_types.action(
                service, made.operation, made.signing_name, made.endpoint_prefix
            )
            counted["operations"] += 1
            if action is not None and action.required:
                counted["take a resource"] += 1
                found = bool(resources(made, account=ACCOUNT))
                counted["found"] += found
                counted["undetermined"] += undetermined(made) and not found
    return counted


def test_sample_of_services():
    counted = score(SAMPLE)
    assert counted["found"] >= 0.97 * counted["take a resource"] > 1000
    assert counted["found"] + counted["undetermined"] == counted["take a resource"]


@pytest.mark.conformance
@pytest.mark.timeout(600)
def test_all_services(tally):
    counted = score(SESSION.get_available_services())
    tally("resources identified", counted["found"], counted["take a resource"])
    assert counted["operations"] > 19_000
    assert counted["found"] >= 0.97 * counted["take a resource"]
