"""Reads a response into the call it answers: result or error, request id, sensitive paths."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from apitrail.aws import models, sensitive
from apitrail.aws.answer import fault, output
from apitrail.aws.answer.fault import Fault
from apitrail.aws.answer.message import Answer, joined
from apitrail.aws.answer.output import Plan
from apitrail.aws.call import Call, Structure, Value
from apitrail.aws.find.unmodelled import PROTOCOL
from apitrail.aws.read import json_protocol, xml
from apitrail.aws.read.scalars import Doubts
from apitrail.aws.read.shortage import is_shortage
from apitrail.exchange import Response

if TYPE_CHECKING:
    from botocore.model import OperationModel

MOST_BYTES = 32 * 1024 * 1024
"""Bodies larger than this, compressed or not, are not decoded."""

_QUERY = frozenset({"query", "ec2"})
_ENCODINGS = frozenset({"gzip", "x-gzip", "deflate"})
# zlib reads gzip and zlib framing alike with this window.
_WINDOW = 32 + zlib.MAX_WBITS


def parse(call: Call, response: Response) -> Call:
    """The call with what the response says of it; never raises, whatever the server sent.

    Status 300 and above is an error, and so is an `<Error>` document with status 200. Values are
    the wire's: what boto3 does after parsing (IAM's policies, S3's URL-encoded keys) is not done.
    """
    headers = joined(response.headers)
    answer = Answer(response=response, headers=headers, doubts=Doubts())
    operation, compiled = _model(call)
    found: Structure = {}
    if call.protocol == PROTOCOL:
        found = _unmodelled(answer, customers=call.customers)
    elif call.operation == "PostObject":
        found = _posted(answer)
    elif response.status >= 300:
        found = _failed(answer, operation)
    elif operation is not None:
        protocol = call.protocol or operation.service_model.metadata["protocol"]
        found = _succeeded(answer, operation, output.plan(operation, protocol, compiled), compiled)
    # As boto3 shows it: query services say it in the body, the others in a header.
    in_header = headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")
    in_body = found.get("request_id")
    return call.changed(
        result=found.get("result"),
        error=found.get("error"),
        request_id=in_body or in_header if call.protocol in _QUERY else in_header or in_body,
        host_id=headers.get("x-amz-id-2") or found.get("host_id"),
        sensitive_result=found.get("sensitive", frozenset()),
        problems=(*call.problems, *answer.doubts),
        answer_problems=len(answer.doubts),
    )


def _model(call: Call) -> tuple[OperationModel | None, dict[Value, Value]]:
    if call.service is None or call.operation is None:
        return None, {}
    try:
        loaded = models.loaded(call.service, call.api_version)
        operation = loaded.operation(call.operation)
    except KeyError:
        # S3's PostObject, which botocore has no model of.
        return None, {}
    return operation, loaded.compiled


def _failed(answer: Answer, operation: OperationModel | None) -> Structure:
    content = _content(answer)
    refusal = fault.read(answer.response.status, answer.headers, content, answer.doubts)
    return _refused(refusal, operation)


def _unmodelled(answer: Answer, *, customers: bool) -> Structure:
    """What no model describes. A customer's own words are no error codes of AWS's."""
    status = answer.response.status
    if status >= 400 and not customers:
        return _failed(answer, None)
    if status >= 400:
        return _refused(fault.read(status, answer.headers, None, answer.doubts), None)
    if customers or answer.headers.get("content-type", "").partition(";")[0] != "application/json":
        return {"result": {}}
    tree = json_protocol.parse(_content(answer) or b"", answer.doubts)
    return {"result": tree if isinstance(tree, dict) else {}}


def _posted(answer: Answer) -> Structure:
    """The answer to S3's browser upload, which no model has: it may redirect to the form's page."""
    status = answer.response.status
    if status >= 300 and not (status == 303 and "location" in answer.headers):
        return _failed(answer, None)
    content = _content(answer)
    root = xml.parse(content.strip(), answer.doubts) if content else None
    result = {} if root is None else {child.tag: child.text for child in root.children}
    headers = (("etag", "ETag"), ("location", "Location"), ("x-amz-version-id", "VersionId"))
    found = {name: answer.headers[key] for key, name in headers if key in answer.headers}
    return {"result": found | result}


def _refused(refusal: Fault, operation: OperationModel | None) -> Structure:
    return {
        "error": refusal.error(operation),
        "request_id": refusal.request_id,
        "host_id": refusal.host_id,
    }


def _succeeded(
    answer: Answer, operation: OperationModel, plan: Plan, compiled: dict[Value, Value]
) -> Structure:
    found: Structure = {}
    content = None
    if plan.needs_content:
        content = _content(answer)
        answer = Answer(
            response=answer.response, headers=answer.headers, doubts=answer.doubts, content=content
        )
    if plan.opens is not None and content:
        answer = Answer(
            response=answer.response, headers=answer.headers, doubts=answer.doubts,
            content=content, tree=plan.opens(answer),
        )  # fmt: skip
    if isinstance(answer.tree, xml.Element):
        # S3 sends status 200 before it has finished, and may then report an error in the body.
        if answer.tree.tag == "Error" and (refusal := fault.of_element(answer.tree)) is not None:
            return _refused(refusal, operation)
        found["request_id"] = output.request_id(answer.tree)
    result = plan.read(answer)
    found["result"] = result
    found["sensitive"] = sensitive.present(operation.output_shape, result, compiled)
    return found


def _content(answer: Answer) -> bytes | None:
    body, doubts = answer.response.body, answer.doubts
    if not body.whole:
        doubts.add("response body was not kept whole")
        return None
    if len(body.data) > MOST_BYTES:
        doubts.add("response body is too large to decode")
        return None
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    return _inflated(body.data, doubts) if encoding in _ENCODINGS else body.data


def _inflated(data: bytes, doubts: Doubts) -> bytes | None:
    inflater = zlib.decompressobj(_WINDOW)
    try:
        inflated = inflater.decompress(data, MOST_BYTES)
    except zlib.error as error:
        if is_shortage(error):
            raise MemoryError from error
        doubts.add("response body is not compressed as its header says")
        return None
    if inflater.unconsumed_tail:
        doubts.add("response body is too large to decode")
        return None
    if not inflater.eof and data:
        doubts.add("compressed response body is cut off")
        return None
    return inflated
