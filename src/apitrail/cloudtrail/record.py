"""A CloudTrail 1.11 record of one call.

It does not know principals (the userIdentity is given) nor where records are kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apitrail.aws.call import Call
from apitrail.aws.sign.credential import Credential
from apitrail.cloudtrail import access, error_code, extras, names, parameters, size
from apitrail.cloudtrail.resources import touching
from apitrail.cloudtrail.resources.resource import Resource
from apitrail.exchange import Exchange

EVENT_VERSION = "1.11"

# A record has these even if nothing is known; all other fields are absent then.
NULLABLE = frozenset({"requestParameters", "responseElements"})


def record(
    exchange: Exchange,
    call: Call,
    credential: Credential,
    *,
    user_identity: dict[str, Any],
    account: str | None,
    touched: list[Resource] | None = None,
) -> dict[str, Any]:
    """The record, in CloudTrail's key order, of values that `json.dumps` takes as they are.

    - `eventTime` is when the request completed, or began where it never did.
    - A call that ended without a response has no errorCode, errorMessage or requestID and
      null responseElements: AWS has said nothing, and the record claims nothing. The failure
      is told beside the record.
    - An unknown operation is `Unknown`, with null requestParameters and `readOnly` false.
    - `touched` is what `resources.resources` gave, where it is at hand.
    - `userAgent` has no brackets around it, which S3's records once had.
    """
    if touched is None:
        touched = touching.resources(call, account=account, region=credential.region)
    answer = exchange.response
    status = answer.status if answer else None
    region = names.aws_region(call, credential.region)
    category = access.category(call)
    fields: dict[str, Any] = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": user_identity,
        "eventTime": event_time(exchange),
        "eventSource": names.event_source(call, exchange.request.host),
        "eventName": names.event_name(call),
        "awsRegion": region,
        "sourceIPAddress": exchange.client,
        "userAgent": size.cut(exchange.request.header("user-agent")),
        "errorCode": size.cut(error_code.error_code(call, status)),
        "errorMessage": size.cut(error_code.error_message(call)),
        "requestParameters": parameters.request_parameters(exchange, call),
        "responseElements": parameters.response_elements(exchange, call),
        "additionalEventData": size.limited(
            "additionalEventData",
            extras.additional_event_data(exchange, call, credential),
            size.ADDITIONAL,
        ),
        "requestID": size.cut(call.request_id),
        "eventID": exchange.id,
        "readOnly": access.read_only(call),
        "resources": touching.listed(touched, call),
        "eventType": "AwsApiCall",
        "apiVersion": extras.api_version(call),
        "managementEvent": category == "Management",
        "recipientAccountId": account,
        "vpcEndpointId": extras.vpc_endpoint_id(exchange.request.host),
        "eventCategory": category,
        "tlsDetails": extras.tls_details(exchange),
    }
    return {name: value for name, value in fields.items() if value is not None or name in NULLABLE}


def event_time(exchange: Exchange) -> str:
    """`2023-07-19T21:17:28Z`: when the exchange ended, or began, to the second, UTC."""
    moment = exchange.started if exchange.ended is None else exchange.ended
    return datetime.fromtimestamp(moment // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
