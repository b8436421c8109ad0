"""The door: a request and its credential in, the Call they mean out; never an exception.

It does not know how requests are routed or shapes are read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from botocore.model import OperationModel

from apitrail.aws import (
    body,
    cbor,
    host,
    index,
    json_protocol,
    models,
    query,
    rest,
    route,
    sensitive,
    xml,
)
from apitrail.aws.call import Call
from apitrail.aws.credential import Credential
from apitrail.aws.scalars import Doubts
from apitrail.aws.shapes import Compiler
from apitrail.exchange import Request, Response

type Parameters = dict[str, Any]


def request(request: Request, credential: Credential) -> Call:
    """What a request means; whatever cannot be told is None and noted in `problems`."""
    doubts = Doubts()
    call = Call(signing_name=credential.service, region=_region(request, credential))
    try:
        match = route.find(request, credential, index.load(), doubts)
        if match is None:
            doubts.add("no operation fits")
        else:
            call = _named(call, match)
            call = _read(call, match, request, doubts)
    except Exception as error:  # noqa: BLE001 - decoding is total: any failure is a doubt
        doubts.add(f"decoding failed: {type(error).__name__}")
    return replace(call, problems=(*call.problems, *doubts))


def response(call: Call, response: Response) -> Call:
    """The same call with what the response says; never an exception."""
    try:
        from apitrail.aws import response as reader

        return reader.parse(call, response)
    except Exception as error:  # noqa: BLE001 - decoding is total: any failure is a doubt
        return call.doubting(f"decoding the response failed: {type(error).__name__}")


def needs(request: Request, credential: Credential) -> str | None:
    """The service whose model `request` would have to load first, "*" for the index itself.

    None where everything is in memory. Call `prepare` with the answer off the event loop.
    """
    if not index.is_loaded():
        return "*"
    try:
        match = route.find(request, credential, index.load(), Doubts())
    except Exception:  # noqa: BLE001 - `request` will say what is wrong
        return None
    if match is None or models.is_loaded(match.service.name, match.service.version):
        return None
    return f"{match.service.name}/{match.service.version}"


def prepare(need: str) -> None:
    """Load what `needs` asked for; slow, so off the event loop. Asking again may need more."""
    if need == "*":
        index.load()
        return
    name, _, version = need.partition("/")
    models.warm(name, version or None)


def _region(request: Request, credential: Credential) -> str | None:
    if credential.region:
        return credential.region
    if len(credential.region_set) == 1 and "*" not in credential.region_set[0]:
        return credential.region_set[0]
    return host.parse(request.host).region


def _named(call: Call, match: route.Match) -> Call:
    service = match.service
    return replace(
        call,
        service=service.name,
        operation=match.operation,
        api_version=service.api_version,
        signing_name=call.signing_name or service.signing_name,
        endpoint_prefix=service.endpoint_prefix,
        protocol=match.protocol,
    )


def _read(call: Call, match: route.Match, request: Request, doubts: Doubts) -> Call:
    loaded = models.loaded(match.service.name, match.service.version)
    operation = loaded.model.operation_model(match.operation)
    parameters = _READERS[match.protocol](loaded, operation, match, request, doubts)
    return replace(
        call,
        parameters=parameters,
        read_only_trait=_read_only(loaded, operation),
        sensitive_parameters=sensitive.present(operation.input_shape, parameters, loaded.compiled),
    )


def _read_only(loaded: models.Loaded, operation: OperationModel) -> bool | None:
    trait = loaded.raw_operation(operation.name).get("readonly")
    return None if trait is None else bool(trait)


def _compiler(loaded: models.Loaded, name: str, make: Callable[[], Compiler]) -> Compiler:
    found = loaded.compiled.get(name)
    if found is None:
        found = loaded.compiled[name] = make()
    assert isinstance(found, Compiler)
    return found


def _json(
    loaded: models.Loaded,
    operation: OperationModel,
    match: route.Match,
    request: Request,
    doubts: Doubts,
) -> Parameters:
    data = body.content(request, doubts)
    if data is None:
        return {}
    is_cbor = match.protocol == "smithy-rpc-v2-cbor" or "x-amz-cbor" in (
        request.header("content-type") or ""
    )
    value = (cbor if is_cbor else json_protocol).parse(data, doubts)
    compiler = _compiler(loaded, "json", json_protocol.compiler)
    return json_protocol.read(compiler, operation.input_shape, value, doubts)


def _form(
    loaded: models.Loaded,
    operation: OperationModel,
    match: route.Match,
    request: Request,
    doubts: Doubts,
) -> Parameters:
    make = query.ec2_compiler if match.protocol == "ec2" else query.query_compiler
    compiler = _compiler(loaded, match.protocol, make)
    return query.read(compiler, operation.input_shape, query.tree(match.fields, doubts), doubts)


def _rest(
    loaded: models.Loaded,
    operation: OperationModel,
    match: route.Match,
    request: Request,
    doubts: Doubts,
) -> Parameters:
    is_xml = match.protocol == "rest-xml"
    make = xml.compiler if is_xml else json_protocol.compiler
    compiler = _compiler(loaded, match.protocol, make)
    steps = loaded.compiled.get(("steps", operation.name))
    if steps is None:
        steps = loaded.compiled["steps", operation.name] = rest.steps(operation, compiler)
    parts = rest.Parts(
        request=request, labels=match.labels, query=match.fields, host_labels=match.host_labels
    )
    parameters: Parameters = {}
    for step in steps:
        step(parts, parameters, doubts)
    return parameters


_READERS: dict[str, Callable[..., Parameters]] = {
    "json": _json,
    "smithy-rpc-v2-cbor": _json,
    "query": _form,
    "ec2": _form,
    "rest-json": _rest,
    "rest-xml": _rest,
}
