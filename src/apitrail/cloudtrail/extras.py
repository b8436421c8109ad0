"""A record's smaller fields: additionalEventData, tlsDetails, apiVersion, vpcEndpointId."""

from __future__ import annotations

import re

from apitrail.aws.call import Call, Structure
from apitrail.aws.sign.credential import Credential
from apitrail.cloudtrail import s3_parameters
from apitrail.cloudtrail.error_code import is_denial
from apitrail.exchange import Exchange

# Services whose records have an apiVersion -> how they write botocore's ISO date.
API_VERSIONS = {
    "cloudfront": ("-", "_"),
    "dynamodb": ("", ""),
    "dynamodbstreams": ("", ""),
    "efs": ("", ""),
    "elb": ("", ""),
    "elbv2": ("", ""),
    "logs": ("-", ""),
    "route53": ("", ""),
    "waf": ("", ""),
    "waf-regional": ("", ""),
}

_VPC_ENDPOINT = re.compile(r"(?:^|\.)(vpce-[0-9a-f]+)-[0-9a-z]+(?:-[0-9a-z-]+)?\..*\.vpce\.")


def api_version(call: Call) -> str | None:
    """`apiVersion`, for the few services that have one; no record of a denial does."""
    if call.api_version is None or call.service not in API_VERSIONS or is_denial(call):
        return None
    old, new = API_VERSIONS[call.service]
    return call.api_version.replace(old, new) if old else call.api_version


def additional_event_data(
    exchange: Exchange, call: Call, credential: Credential
) -> Structure | None:
    """`additionalEventData`: S3's account of the transfer; None for other services."""
    if call.service not in {"s3", "s3control"}:
        return None
    return s3_parameters.additional(exchange, call, credential)


def tls_details(exchange: Exchange) -> dict[str, str] | None:
    """`tlsDetails`; None for a call in clear."""
    if exchange.tls is None:
        return None
    return {
        "tlsVersion": exchange.tls.version,
        "cipherSuite": exchange.tls.cipher,
        "clientProvidedHostHeader": exchange.request.host,
    }


def vpc_endpoint_id(host: str) -> str | None:
    """`vpcEndpointId`, where the host is a VPC endpoint's own name."""
    found = _VPC_ENDPOINT.search(host) if "vpce" in host else None
    return found[1] if found else None
