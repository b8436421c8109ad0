"""The steps of a recording as curl commands, each signed anew by `--aws-sigv4` and complete in itself."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from apitrail.aws import models
from apitrail.aws.call import Structure, Value
from apitrail.aws.find import host
from apitrail.errors import FormatError
from apitrail.replay.recorded import renewal
from apitrail.replay.scripts import shell
from apitrail.replay.scripts.shell import Marks
from apitrail.replay.scripts.steps import Script, Step

_ABOUT = (
    "Where to: AWS_ENDPOINT_URL, else AWS itself. As whom: AWS_ACCESS_KEY_ID and\n"
    "# AWS_SECRET_ACCESS_KEY. Identifiers are as recorded; aws-cli and boto3 scripts pass on new ones."
)
_FUNCTIONS = r"""call() {
  service=$1 region=$2; shift 2
  curl -sS --path-as-is --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" --aws-sigv4 "aws:amz:$region:$service" \
    ${AWS_SESSION_TOKEN:+-H "x-amz-security-token: $AWS_SESSION_TOKEN"} "$@"
  echo
}
base() { printf %s "${AWS_ENDPOINT_URL:-$1}"; }"""

# Protocol → how a variable is written into its body.
_IN_BODY = {"query": shell.PERCENT, "ec2": shell.PERCENT, "rest-xml": shell.XML}
_SIGV4_REGION = "us-east-1"


def lines(script: Script) -> Iterator[str]:
    """The script's lines."""
    yield from shell.head(script, _ABOUT)
    yield from shell.FUNCTIONS.values()
    yield _FUNCTIONS
    yield ""
    for step in script.steps:
        about = f"{step.call.name}, event {step.call.event_id}"
        obstacle = step.obstacle
        if obstacle is None:
            try:
                written = _command(step)
            except FormatError as error:
                obstacle = str(error)
            else:
                answer = f", was refused with {step.call.error}" if step.call.error else ""
                yield shell.comment(f"{about}{answer}")
                yield written
                continue
        yield shell.comment(f"not written: {about}: {obstacle}")


def _command(step: Step) -> str:
    from botocore import serialize
    from botocore.exceptions import ParamValidationError

    assert step.model is not None
    marks = Marks()
    model = step.model
    protocol = _protocol(model.service_model.metadata)
    serializer = serialize.create_serializer(protocol, include_validation=False)
    try:
        made = serializer.serialize_to_request(
            _encoded(step, marks.marked(_on_the_wire(step))), model
        )
    except (ParamValidationError, TypeError, ValueError, AttributeError, KeyError) as error:
        raise FormatError(f"its parameters do not fit the model: {error}") from error
    target = made["url_path"] + _query(made)
    data = _data(made["body"])
    headers = {str(n): str(v) for n, v in made["headers"].items()}
    if model.http_checksum_required and not _marked(marks, data):
        headers["Content-MD5"] = base64.b64encode(hashlib.md5(data).digest()).decode()  # noqa: S324
    seen = target + "".join(headers.values()) + data.decode("latin-1")
    if marks.found(seen) < len(marks):
        raise FormatError("a redacted value would be inside of an encoding")
    return _written(step, protocol, made["method"], target, headers, data, marks)


def _protocol(metadata: Mapping[str, Value]) -> str:
    """The service's first protocol with a body that can be read."""
    offered = metadata.get("protocols") or [metadata["protocol"]]
    found = next((name for name in offered if name != "smithy-rpc-v2-cbor"), None)
    if found is None:
        raise FormatError("its body is CBOR, which has no text form")
    return str(found)


def _on_the_wire(step: Step) -> Structure:
    """Parameters without what only botocore understands, encoded where botocore would."""
    assert step.model is not None
    parameters = dict(step.parameters)
    # It says which checksum botocore is to add; S3 refuses it where none is.
    parameters.pop(str(step.model.http_checksum.get("requestAlgorithmMember")), None)
    if (step.call.service, step.call.operation) in renewal.USER_DATA and "UserData" in parameters:
        if not isinstance(plain := parameters["UserData"], str):
            raise FormatError("a redacted value would be inside of an encoding")
        parameters["UserData"] = base64.b64encode(plain.encode()).decode()
    if (step.call.service, step.call.operation) in renewal.LISTS:
        recorded = (step.call.parameters or {}).get("EncodingType")
        parameters |= {} if recorded is None else {"EncodingType": recorded}
    return parameters


def _encoded(step: Step, parameters: Structure) -> Structure:
    """With the source of a copy percent-encoded, as botocore does it."""
    from botocore.handlers import handle_copy_source_param

    if (step.call.service, step.call.operation) in renewal.COPIES:
        handle_copy_source_param(parameters)
    return parameters


def _marked(marks: Marks, data: bytes) -> bool:
    return bool(marks.found(data.decode("latin-1")))


def _written(
    step: Step, protocol: str, method: str, target: str, headers: Mapping[str, str], data: bytes,
    marks: Marks,
) -> str:  # fmt: skip
    call = step.call
    region = call.region or _SIGV4_REGION
    loaded = models.service(str(call.service))
    signing = loaded.metadata.get("signingName", loaded.metadata["endpointPrefix"])
    base = f'"$(base https://{_host(str(call.service), loaded.metadata, region)})"'
    words = [f"call {signing} {region} {'-I' if method == 'HEAD' else f'-X {method}'}"]
    for name, value in headers.items():
        function = shell.PERCENT if name.lower() == "x-amz-copy-source" else None
        words.append(f"-H {marks.quoted(f'{name}: {value}', function)}")
    before = ""
    if data and "content-type" not in {name.lower() for name in headers}:
        words.append("-H 'Content-Type:'")  # curl would call it a form
    if data:
        text = _text(data)
        if text is None or text.startswith("@"):
            before = f"printf %s {base64.b64encode(data).decode()} | base64 -d | "
            words.append("--data-binary @-")
        else:
            words.append(f"--data-binary {marks.quoted(text, _IN_BODY.get(protocol, shell.JSON))}")
    place = marks.quoted(target, shell.PERCENT)
    words.append(f"{base}{place}")
    return before + " ".join(words)


def _host(service: str, metadata: Mapping[str, Value], region: str) -> str:
    partition = host.partition_of(region)
    if service in renewal.GLOBAL and partition == "aws" and "globalEndpoint" in metadata:
        return str(metadata["globalEndpoint"])
    suffixes = (suffix for suffix, owner in host.SUFFIXES.items() if owner == partition)
    suffix = next(
        (s for s in suffixes if "amazonaws" in s and not s.startswith("api.")), "amazonaws.com"
    )
    return f"{metadata['endpointPrefix']}.{region}.{suffix}"


def _query(made: Mapping[str, Value]) -> str:
    query = made.get("query_string") or {}
    if isinstance(query, str):
        return f"?{query.lstrip('?')}" if query else ""
    # A path may have a query of its own (S3's `?uploads`).
    mark = "&" if "?" in made["url_path"] else "?"
    return mark + urlencode(query, doseq=True) if query else ""


def _data(body: Value) -> bytes:
    if isinstance(body, dict):
        return urlencode(body).encode()
    if isinstance(body, str):
        return body.encode()
    return bytes(body or b"")


def _text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text or shlex.quote(text) == "''" else text
