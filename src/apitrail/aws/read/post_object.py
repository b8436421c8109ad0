"""S3's browser-based upload: a multipart form whose fields stand for PutObject's headers."""

from __future__ import annotations

import hashlib
import re

from botocore.model import OperationModel

from apitrail.aws.call import Blob, Map, Structure
from apitrail.aws.read import multipart
from apitrail.aws.read.scalars import READERS, Doubts
from apitrail.exchange import Request

OPERATION = "PostObject"

# "Creating an HTML form using AWS Signature Version 4": fields that authenticate the upload.
_SIGNING = frozenset(
    {
        "awsaccesskeyid", "policy", "signature", "x-amz-algorithm", "x-amz-credential", "x-amz-date",
        "x-amz-security-token", "x-amz-signature",
    }
)  # fmt: skip

# The form's own names; other fields go by the headers of PutObject.
_NAMES = {"acl": "x-amz-acl", "key": "key"}

_META = "x-amz-meta-"
_FILE = re.compile(rb'[^\n]*;\s*name="?file"?[^\n]*\n(?:[^\r\n]+\r\n)*\r\n', re.IGNORECASE)


def read(request: Request, bucket: str, put_object: OperationModel, doubts: Doubts) -> Structure:
    """The upload's parameters in PutObject's words; fields it lacks keep their names."""
    content_type = request.header("content-type") or ""
    fields = multipart.fields(content_type, request.body.data, doubts)
    parameters: Structure = {"Bucket": bucket}
    headers = _headers(put_object)
    metadata = Map()
    for name, value in fields.items():
        if name in _SIGNING:
            continue
        if name.startswith(_META):
            metadata[name.removeprefix(_META)] = value
        elif (wire := _NAMES.get(name, name)) in headers:
            member, reader = headers[wire]
            parameters[member] = reader(value, doubts)
        else:
            parameters[name] = value
    if metadata:
        parameters["Metadata"] = metadata
    file = _file(request)
    if file is not None:
        parameters["Body"] = file
    return parameters


def _headers(put_object: OperationModel) -> Structure:
    found: Structure = {"key": ("Key", READERS["string"])}
    for name, member in put_object.input_shape.members.items():
        if member.serialization.get("location") == "header":
            found[member.serialization["name"].lower()] = (name, READERS[member.type_name])
    return found


def _file(request: Request) -> Blob | None:
    data = request.body.data
    head = _FILE.search(data)
    if head is None or not request.body.whole:
        return None
    end = data.rfind(b"\r\n--", head.end(), data.rstrip(b"\r\n-").rfind(b"--") + 2)
    content = data[head.end() : end if end >= 0 else len(data)]
    return Blob(length=len(content), sha256=hashlib.sha256(content).digest())
