"""How CloudTrail writes S3's requests: names as on the wire, with the Host.

Queries and headers are read off the exchange; the bucket, the key and XML bodies come from the
decoded parameters.
"""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

from apitrail.aws.call import Call, Redacted, Structure, Value
from apitrail.aws.sign.credential import Credential
from apitrail.cloudtrail.spelling import (
    DEEPEST,
    Spelling,
    iso_milliseconds,
    lower_first,
    plain,
    scalar,
    told,
)
from apitrail.exchange import Exchange, Headers, Request

XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"

# Request headers that are in requestParameters by their wire name.
REQUEST_HEADERS = re.compile(
    r"x-amz-(?:acl|grant-.+|copy-source(?!-server-side).*|server-side-encryption(?!.*customer-key)"
    r".*|storage-class|tagging(?:-directive)?|metadata-directive|object-lock-.+|object-ownership"
    r"|bucket-object-lock-enabled|bypass-governance-retention|request-payer"
    r"|expected-bucket-owner|source-expected-bucket-owner|website-redirect-location"
    r"|object-attributes|mfa-delete|confirm-remove-self-bucket-access|optional-object-attributes"
    r"|rename-source|create-session-mode|account-id|server-side-encryption-customer-algorithm)",
    re.IGNORECASE,
)

# Response headers that are in responseElements.
RESPONSE_HEADERS = re.compile(
    r"x-amz-(?:version-id|delete-marker|copy-source-version-id|expiration|restore|storage-class"
    r"|abort-(?:date|rule-id)|server-side-encryption(?!.*customer-key-md5).*|request-charged)",
    re.IGNORECASE,
)

# A signed URL's secrets, and anything else a query should not have had.
SECRET_QUERY = re.compile(
    r"signature|x-amz-credential|security-token|awsaccesskeyid|secret|password|customer-key"
    r"|s3session-token",
    re.IGNORECASE,
)

_LENGTH = re.compile(r"[0-9]{1,16}")

# XML bodies that are not told: object keys and parts (reference §1.3).
UNTOLD_BODIES = frozenset({"Delete", "MultipartUpload"})

# List member of a body -> (element's name, is it flattened) (botocore's s3 model).
LISTS = {
    "AccessControlList": ("Grant", False),
    "AllowedHeaders": ("AllowedHeader", True),
    "AllowedMethods": ("AllowedMethod", True),
    "AllowedOrigins": ("AllowedOrigin", True),
    "CORSRules": ("CORSRule", True),
    "EncryptionType": ("EncryptionType", True),
    "Events": ("Event", True),
    "ExposeHeaders": ("ExposeHeader", True),
    "FilterRules": ("FilterRule", True),
    "Grants": ("Grant", False),
    "LambdaFunctionConfigurations": ("CloudFunctionConfiguration", True),
    "NoncurrentVersionTransitions": ("NoncurrentVersionTransition", True),
    "OptionalFields": ("Field", False),
    "QueueConfigurations": ("QueueConfiguration", True),
    "RoutingRules": ("RoutingRule", False),
    "Rules": ("Rule", True),
    "TagSet": ("Tag", False),
    "Tags": ("Tag", True),
    "TargetGrants": ("Grant", False),
    "Tierings": ("Tiering", True),
    "TopicConfigurations": ("TopicConfiguration", True),
    "Transitions": ("Transition", True),
}

# Body member -> its XML name, where they differ (botocore's s3 model).
ELEMENTS = {
    "Grants": "AccessControlList",
    "LambdaFunctionArn": "CloudFunction",
    "MFADelete": "MfaDelete",
    "QueueArn": "Queue",
    "SSEKMS": "SSE-KMS",
    "SSES3": "SSE-S3",
    "TopicArn": "Topic",
}


def request(exchange: Exchange, call: Call, spelling: Spelling) -> Structure:
    """`requestParameters`: Host, bucketName, key, the query, some headers, the XML body."""
    sent = exchange.request
    out: Structure = {**_query(sent), "Host": sent.host, **_headers(sent.headers)}
    told_already = frozenset(map(_bare, out))
    for name, value in (call.parameters or {}).items():
        if call.service != "s3control" or _bare(name) not in told_already:
            out.update(_parameter(name, value, call, spelling))
    return out


def _bare(name: str) -> str:
    """A name without what a header or a query adds: `x-amz-account-id` is `accountid`."""
    return name.lower().removeprefix("x-amz-").replace("-", "")


def _query(sent: Request) -> Structure:
    """The query by wire names; `?acl` is `{"acl": ""}`. Signatures are left out."""
    fields = {}
    for part in sent.query.split("&"):
        name, _, value = part.partition("=")
        name = unquote(name)
        if name and not SECRET_QUERY.search(name):
            fields[name] = unquote(value)
    return fields


def _headers(headers: Headers) -> Structure:
    return {name.lower(): value for name, value in headers if REQUEST_HEADERS.fullmatch(name)}


def _parameter(name: str, value: Value, call: Call, spelling: Spelling) -> Structure:
    """What a decoded parameter adds: nothing, where a header or the query has told it."""
    if name == "Bucket":
        return {"bucketName": scalar(value, iso_milliseconds)}
    if name == "Key":
        return {"key": scalar(value, iso_milliseconds)}
    if name == "Policy" and isinstance(value, str):
        return {"bucketPolicy": _document(value)}
    if type(value) is dict and name not in UNTOLD_BODIES:
        return {told(name): {"xmlns": XMLNS, **_members(value, 0)}}
    if call.service == "s3control" and isinstance(value, str):
        return {lower_first(told(name)): spelling.value(value)}
    return {}


def _document(text: str) -> Value:
    """A policy as an object where it is one; a secret or a bad document stays text."""
    if isinstance(text, Redacted):
        return scalar(text, iso_milliseconds)
    try:
        return plain(json.loads(text))
    except (ValueError, RecursionError):
        return text


# The converter from XML takes these words for booleans, in a tag's value too.
WORDS = {"true": True, "false": False}


def _members(members: Structure, depth: int) -> Structure:
    """A body's members under their XML names; one element is not wrapped in a list."""
    out: Structure = {}
    for name, value in members.items():
        label = ELEMENTS.get(name) or told(name)
        if isinstance(value, list):
            element, flattened = LISTS.get(name, (label, True))
            items = [_value(item, depth) for item in value]
            one: Value = items[0] if len(items) == 1 else items
            if flattened:
                out[element] = one
            else:
                out[label] = {element: one} if items else ""  # an element with nothing in it
        elif value is not None:
            out[label] = _value(value, depth)
    return out


def _value(value: Value, depth: int) -> Value:
    if depth > DEEPEST:
        return None
    if isinstance(value, dict):
        return _members(value, depth + 1) or ""
    if isinstance(value, list):
        return [_value(item, depth + 1) for item in value]
    leaf = scalar(value, iso_milliseconds)
    return WORDS.get(leaf, leaf) if isinstance(leaf, str) else leaf


def result(exchange: Exchange) -> Structure | None:
    """`responseElements`: some of the answer's headers."""
    if exchange.response is None:
        return None
    elements = {
        name.lower(): value
        for name, value in exchange.response.headers
        if RESPONSE_HEADERS.fullmatch(name)
    }
    return elements or None


# Credential.scheme -> (SignatureVersion, AuthenticationMethod).
AUTHENTICATION = {
    "sigv4": ("SigV4", "AuthHeader"),
    "sigv4-query": ("SigV4", "QueryString"),
    "sigv4a": ("SigV4A", "AuthHeader"),
    "sigv4a-query": ("SigV4A", "QueryString"),
    "sigv2": ("SigV2", "AuthHeader"),
    "sigv2-query": ("SigV2", "QueryString"),
    "post-policy": ("SigV4", "HtmlForm"),
    "express": ("SigV4", "AuthHeader"),
}

# x-amz-server-side-encryption -> SSEApplied, where the client asked and where it did not.
SSE_APPLIED = {"AES256": "SSE_S3", "aws:kms": "SSE_KMS", "aws:kms:dsse": "DSSE_KMS"}


def additional(exchange: Exchange, call: Call, credential: Credential) -> Structure:
    """S3's `additionalEventData`."""
    out: Structure = {}
    if credential.scheme in AUTHENTICATION:
        version, method = AUTHENTICATION[credential.scheme]
        out["SignatureVersion"] = version
        if exchange.tls:
            out["CipherSuite"] = exchange.tls.cipher
        out["AuthenticationMethod"] = method
    elif exchange.tls:
        out["CipherSuite"] = exchange.tls.cipher
    out["bytesTransferredIn"] = _sent(exchange.request)
    answer = exchange.response
    out["bytesTransferredOut"] = answer.body.length if answer else 0
    applied = _sse_applied(exchange)
    if applied:
        out["SSEApplied"] = applied
    host_id = call.host_id or (answer.header("x-amz-id-2") if answer else None)
    if host_id:
        out["x-amz-id-2"] = host_id
    return out


def _sent(request: Request) -> int:
    """Bytes of the body, without the framing of a chunked one."""
    decoded = request.header("x-amz-decoded-content-length") or ""
    return int(decoded) if _LENGTH.fullmatch(decoded) else request.body.length


def _sse_applied(exchange: Exchange) -> str | None:
    answer = exchange.response
    if answer is None:
        return None
    if answer.header("x-amz-server-side-encryption-customer-algorithm"):
        return "SSE_C"
    applied = SSE_APPLIED.get(answer.header("x-amz-server-side-encryption") or "")
    asked = exchange.request.header("x-amz-server-side-encryption")
    return f"Default_{applied}" if applied and not asked else applied
