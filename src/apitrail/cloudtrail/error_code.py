"""A refusal as CloudTrail words it."""

from __future__ import annotations

from apitrail.aws.call import Call
from apitrail.cloudtrail import access

# Both wire codes are recorded as the shorter one, in every protocol.
ACCESS_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})

# What other protocols call the same refusal.
DENIALS = ACCESS_DENIED | {
    "AuthorizationError", "AuthorizationErrorException", "Client.UnauthorizedOperation",
    "NotAuthorized", "NotAuthorizedException", "UnauthorizedException", "UnauthorizedOperation",
}  # fmt: skip

# rest-json services whose records of writes have the message in responseElements; those of reads
# do not have it at all.
MESSAGE_IN_RESPONSE = frozenset({"appsync", "eks", "guardduty", "securityhub"})

# S3 answers HEAD with a status alone; its records have the code that a GET would have got.
HEAD_CODES = {
    ("HeadBucket", 404): "NoSuchBucket",
    ("HeadObject", 404): "NoSuchKey",
    ("HeadBucket", 403): "AccessDenied",
    ("HeadObject", 403): "AccessDenied",
}


def is_denial(call: Call) -> bool:
    """Was the caller known, and not allowed to do it?"""
    return call.error is not None and bool({call.error.code, call.error.shape} & DENIALS)


def error_code(call: Call, status: int | None) -> str | None:
    """`errorCode`: the exception shape's name where the model has one, else the wire's code.

    EC2's codes are prefixed with `Client.` or `Server.`. A status of 400 or more whose body
    told no code gives the status itself, so that a failure never looks like a success.
    """
    if call.error is None:
        return str(status) if status is not None and status >= 400 else None
    code = call.error.code
    if call.service == "ec2":
        side = "Server" if status is not None and status >= 500 else "Client"
        return code if code.startswith(("Client.", "Server.")) else f"{side}.{code}"
    if call.service == "s3":
        return HEAD_CODES.get((call.operation or "", status or 0), code) if code.isdigit() else code
    if code in ACCESS_DENIED or call.error.shape in ACCESS_DENIED:
        return "AccessDenied"
    return call.error.shape or code or str(status or "")


def error_message(call: Call) -> str | None:
    """`errorMessage`; None for the services that tell it in responseElements."""
    if call.error is None or call.service in MESSAGE_IN_RESPONSE:
        return None
    return call.error.message or None


def error_elements(call: Call) -> dict[str, str] | None:
    """`responseElements` of a refusal: null but for writes of services that put the message there."""
    if call.error is None or call.service not in MESSAGE_IN_RESPONSE or access.read_only(call):
        return None
    if not call.error.message:
        return None
    return {"message": call.error.message}
