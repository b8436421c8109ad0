"""requestParameters and responseElements: which family of spelling an operation belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from apitrail.aws.call import Call, Structure
from apitrail.cloudtrail import (
    access,
    defaults,
    dynamodb_items,
    ec2_parameters,
    hidden,
    s3_parameters,
    size,
    wire_times,
)
from apitrail.cloudtrail.error_code import error_elements, is_denial
from apitrail.cloudtrail.names import SOURCES
from apitrail.cloudtrail.spelling import (
    EPOCH_TIMES,
    RENAMED,
    REQUEST_RENAMED,
    UPPER_CAMEL,
    WIRE_TIMES,
    WITHOUT_COMMA,
    Spelling,
    epoch_seconds,
    java_time_comma,
    java_time_plain,
    lower_first,
    unchanged,
)
from apitrail.exchange import Exchange

S3_LIKE = frozenset({"s3", "s3control"})

# Event sources whose records of denials have the request; those of all others have null.
TOLD_DENIALS = frozenset({
    "appsync", "bedrock", "ce", "ec2", "eks", "guardduty", "resource-explorer-2", "s3",
    "securityhub",
})  # fmt: skip

# Services whose reads of these verbs have their answers recorded.
TOLD_VERBS = {
    "directconnect": ("Describe",),
    "redshift": ("Describe",),
    "sagemaker": ("List",),
}

# Reads whose answers are recorded: the session they give out.
TOLD_READS = frozenset({
    ("sts", "AssumeRole"), ("sts", "AssumeRoleWithSAML"), ("sts", "AssumeRoleWithWebIdentity"),
    ("sts", "AssumeRoot"),
})  # fmt: skip

# Services whose data events have `responseElements: null`, writes too.
UNTOLD_DATA = frozenset({"dynamodb", "kinesis-video-media", "lambda"})

# Query services, whose single result structure is flattened; IAM and STS keep the wrapper.
UNWRAPPED = frozenset({
    "autoscaling", "cloudformation", "cloudsearch", "docdb", "elasticache", "elasticbeanstalk",
    "elb", "elbv2", "importexport", "neptune", "rds", "redshift", "sdb", "ses", "sns",
})  # fmt: skip


@lru_cache(maxsize=4096)
def spelling(service: str | None, operation: str | None) -> Spelling:
    """The spelling of the usual services."""
    return Spelling(
        rules=hidden.rules(service, operation),
        name=unchanged if service in UPPER_CAMEL else lower_first,
        renamed=RENAMED.get(service or "", {}),
        time=_times(service),
    )


def _times(service: str | None) -> Callable[[datetime], str | int | float]:
    if service in EPOCH_TIMES:
        return epoch_seconds
    return java_time_plain if service in WITHOUT_COMMA else java_time_comma


def request_parameters(exchange: Exchange, call: Call) -> Structure | None:
    """`requestParameters`; None for an empty request, an unknown operation and most denials.

    What exceeds CloudTrail's 100 KB is replaced by its notice.
    """
    if call.operation is None or (is_denial(call) and _source(call) not in TOLD_DENIALS):
        return None
    return size.limited("requestParameters", _request(exchange, call), size.PARAMETERS)


def _source(call: Call) -> str | None:
    """The event source without its suffix."""
    return SOURCES.get(call.service or "", call.service)


def _request(exchange: Exchange, call: Call) -> Structure | None:
    spelled = spelling(call.service, call.operation)
    if call.service in S3_LIKE:
        return s3_parameters.request(exchange, call, spelled)
    parameters = call.parameters or {}
    if call.service == "ec2":
        return ec2_parameters.request(call.operation or "", parameters, spelled.rules)
    if call.service == "dynamodb" and access.category(call) == "Data":
        parameters = dynamodb_items.reduced(parameters)
    if call.service in REQUEST_RENAMED:
        spelled = replace(spelled, renamed=spelled.renamed | REQUEST_RENAMED[call.service])
    asked = spelled.structure(parameters)
    return defaults.completed(call.service, call.operation, asked) or None


def response_elements(exchange: Exchange, call: Call) -> Structure | None:
    """`responseElements`; None for reads, refusals and calls with nothing to report."""
    if call.error is not None:
        return error_elements(call)
    if call.operation is None or call.result is None or not _is_told(call):
        return None
    return size.limited("responseElements", _response(exchange, call), size.PARAMETERS)


def _is_told(call: Call) -> bool:
    if access.read_only(call):
        verbs = TOLD_VERBS.get(call.service or "", ())
        return (call.service, call.operation) in TOLD_READS or (
            verbs != () and (call.operation or "").startswith(verbs)
        )
    return not (call.service in UNTOLD_DATA and access.category(call) == "Data")


def _response(exchange: Exchange, call: Call) -> Structure | None:
    result = call.result or {}
    spelled = spelling(call.service, call.operation)
    if call.service in S3_LIKE:
        return s3_parameters.result(exchange)
    if call.service == "ec2":
        return ec2_parameters.result(call.operation or "", result, call.request_id, spelled.rules)
    if call.service in WIRE_TIMES:
        spelled = replace(spelled, time=wire_times.of(exchange.response))
    if call.service in UNWRAPPED and len(result) == 1:
        [only] = result.values()
        result = only if type(only) is dict else result
    return spelled.structure(result) or None
