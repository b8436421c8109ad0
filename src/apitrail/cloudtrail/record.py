"""A CloudTrail 1.11 record of one call, whole or in the parts that are kept apart."""

from __future__ import annotations

from apitrail import when
from apitrail.aws.call import Call, Structure, Value
from apitrail.aws.sign.credential import Credential
from apitrail.cloudtrail import access, error_code, extras, names, parameters, size
from apitrail.cloudtrail.resources import touching
from apitrail.cloudtrail.resources.resource import Resource
from apitrail.exchange import Exchange
from apitrail.remembered import remembered

EVENT_VERSION = "1.11"

# CloudTrail's own order of fields (reference: "Every field" in CloudTrail's record contents).
# requestParameters and responseElements are there even if they are null; all others are absent.
ORDER = (
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion",
    "sourceIPAddress", "userAgent", "errorCode", "errorMessage", "requestParameters",
    "responseElements", "additionalEventData", "requestID", "eventID", "readOnly", "resources",
    "eventType", "apiVersion", "managementEvent", "recipientAccountId", "vpcEndpointId",
    "eventCategory", "tlsDetails",
)  # fmt: skip


def record(
    exchange: Exchange,
    call: Call,
    credential: Credential,
    *,
    user_identity: Structure,
    account: str | None,
    touched: list[Resource] | None = None,
) -> Structure:
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
    fields = {
        **who(exchange, user_identity),
        **head(exchange, call, credential, account=account),
        **details(exchange, call, touched),
        "requestParameters": parameters.request_parameters(exchange, call),
        **answer(exchange, call, credential),
    }
    return {name: fields[name] for name in ORDER if name in fields}


def who(exchange: Exchange, user_identity: Structure) -> Structure:
    """Who called, from where and with what client."""
    return caller(user_identity, exchange.client, exchange.request.header("user-agent"))


def caller(user_identity: Structure, client: str, agent: str | None) -> Structure:
    """The same, of what it is made of."""
    return _known(userIdentity=user_identity, sourceIPAddress=client, userAgent=size.cut(agent))


def head(
    exchange: Exchange, call: Call, credential: Credential, *, account: str | None
) -> Structure:
    """What the record says of any call: what it was, where, when, and how it came out."""
    source, name, region, read_only, category = _usual(
        call.service, call.operation, call.signing_name, call.endpoint_prefix, call.region,
        credential.region, exchange.request.host if call.service is None else "",
    )  # fmt: skip
    status = exchange.response.status if exchange.response else None
    found: Structure = {
        "eventVersion": EVENT_VERSION,
        "eventTime": event_time(exchange),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
    }
    code = error_code.error_code(call, status)
    if code is not None:
        found["errorCode"] = size.cut(code)
    found["eventID"] = exchange.id
    found["readOnly"] = read_only
    found["eventType"] = "AwsApiCall"
    found["managementEvent"] = category == "Management"
    if account is not None:
        found["recipientAccountId"] = account
    found["eventCategory"] = category
    return found


@remembered(4096)
def _usual(
    service: str | None,
    operation: str | None,
    signing_name: str | None,
    endpoint_prefix: str | None,
    region: str | None,
    signed: str | None,
    host: str,
) -> tuple[str, str, str, bool, access.Category]:
    """What is the same for all calls of an operation in a region: source, name, region, is it a
    read, and its category."""
    call = Call(
        service=service, operation=operation, signing_name=signing_name,
        endpoint_prefix=endpoint_prefix, region=region,
    )  # fmt: skip
    return (
        names.event_source(call, host), names.event_name(call), names.aws_region(call, signed),
        access.read_only(call), access.category(call),
    )  # fmt: skip


def details(exchange: Exchange, call: Call, touched: list[Resource]) -> Structure:
    """What it says of some: ids, resources, the connection."""
    found: Structure = {}
    if call.request_id is not None:
        found["requestID"] = size.cut(call.request_id)
    if (resources := touching.listed(touched, call)) is not None:
        found["resources"] = resources
    if (version := extras.api_version(call)) is not None:
        found["apiVersion"] = version
    if (endpoint := extras.vpc_endpoint_id(exchange.request.host)) is not None:
        found["vpcEndpointId"] = endpoint
    if (tls := extras.tls_details(exchange)) is not None:
        found["tlsDetails"] = tls
    return found


def answer(exchange: Exchange, call: Call, credential: Credential) -> Structure:
    """What came back; `responseElements` is there even if it is null."""
    found: Structure = {}
    if (message := size.cut(error_code.error_message(call))) is not None:
        found["errorMessage"] = message
    additional = extras.additional_event_data(exchange, call, credential)
    if additional is not None:
        limit = size.ADDITIONAL
        found["additionalEventData"] = size.limited("additionalEventData", additional, limit)
    found["responseElements"] = parameters.response_elements(exchange, call)
    return found


def _known(**fields: Value) -> Structure:
    return {name: value for name, value in fields.items() if value is not None}


def event_time(exchange: Exchange) -> str:
    """`2023-07-19T21:17:28Z`: when the exchange ended, or began, to the second, UTC."""
    return when.iso_second((exchange.started if exchange.ended is None else exchange.ended) // 1000)
