"""A request and its credential in, the Call they mean out.

No message makes them raise; whoever calls is told when this machine cannot read it (`shortage`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from urllib.parse import unquote

from botocore.model import OperationModel

from apitrail.aws import held, models, sensitive
from apitrail.aws.arn import looks_like
from apitrail.aws.call import Call, Structure, Value
from apitrail.aws.find import host, index, s3_host
from apitrail.aws.find import route as find
from apitrail.aws.find.candidates import Match
from apitrail.aws.find.route import Route
from apitrail.aws.find.unmodelled import PROTOCOL, Unmodelled
from apitrail.aws.read import (
    body,
    cbor,
    form_body,
    json_protocol,
    old_clients,
    post_object,
    rest,
    xml,
)
from apitrail.aws.read.scalars import Doubts
from apitrail.aws.read.shapes import Compiler
from apitrail.aws.read.shortage import is_shortage
from apitrail.aws.sign.credential import Credential
from apitrail.exchange import Request, Response
from apitrail.valueclass import valueclass

type Parameters = Structure
type Fields = dict[str, Value]
"""Fields of a `Call`, which is made once, when all of them are told."""


def route(request: Request, credential: Credential, *, turned: bool = False) -> Route:
    """Where a request goes; `needs` and `request` both work from it.

    `turned` takes the other value of each name that is given twice.

    Raises:
        MemoryError, OSError: what `is_shortage` knows; nothing is known of the request then.
    """
    doubts = Doubts(turned=turned)
    place = None
    try:
        place = find.find(request, credential, index.load(), doubts)
        if place is None:
            doubts.add("no operation fits")
    except Exception as error:
        if is_shortage(error):
            raise
        # Decoding is total: any other failure is a doubt.
        doubts.add(f"decoding failed: {type(error).__name__}")
    return Route(place=place, doubts=tuple(doubts), ambiguous=tuple(doubts.ambiguous))


def request(request: Request, credential: Credential, found: Route | None = None) -> Call:
    """What a request means; whatever cannot be told is None and noted in `problems`.

    `found` is the request's route, where it was found already. Raises as `route` does.
    """
    found = route(request, credential) if found is None else found
    call = _request(request, credential, found, Doubts(found.doubts))
    if not call.ambiguous:
        return _by_host(call, request) if call.service == "s3" else call
    turned = route(request, credential, turned=True)
    other = _request(request, credential, turned, Doubts(turned.doubts, turned=True))
    if (other.service, other.operation) != (call.service, call.operation):
        call = call.doubting(f"it may be {other.service}:{other.operation} as well")
    return replace(call, other=other)


def _by_host(call: Call, request: Request) -> Call:
    """A call of S3's, whose bucket may be in the host and not in the path."""
    if request.http_version == "HTTP/1.0" and request.header("host") is None:
        return call.doubting("no Host header, which may name the bucket")
    named = (call.parameters or {}).get("Bucket")
    if isinstance(named, str) and "/" in named and not looks_like(named):
        # `/bucket%2Fkey`: who decodes before dividing the path sees an object.
        return call.doubting("an encoded slash in the bucket's name")
    bucket = s3_host.custom_bucket(request.host)
    if bucket is None or call.parameters is None:
        return call
    key = unquote(request.path).removeprefix("/")
    named = {"Bucket": bucket, "Key": key} if key else {"Bucket": bucket}
    return call.changed(other=call.changed(parameters=named))


def _request(request: Request, credential: Credential, found: Route, doubts: Doubts) -> Call:
    doubts.ambiguous.extend(found.ambiguous)
    told: Fields = {}
    region = _region(request, credential)
    try:
        match found.place:
            case Unmodelled() as place:
                told = _unmodelled(place)
                if place.operation is None and place.customers:
                    doubts.add("a customer's own host, which is no service of AWS's")
            case Match() as place:
                told = _read(credential.service, place, request, doubts)
    except Exception as error:
        if is_shortage(error):
            raise
        # Decoding is total: any other failure is a doubt.
        doubts.add(f"decoding failed: {type(error).__name__}")
    known = {"signing_name": credential.service, "region": region, **told}
    return Call(**known, problems=tuple(doubts), ambiguous=tuple(doubts.ambiguous))


def _unmodelled(place: Unmodelled) -> Fields:
    if place.operation is None:
        return {"stand_in": place.stand_in}
    return {
        "service": place.service,
        "operation": place.operation,
        "protocol": PROTOCOL,
        "parameters": dict(place.parameters),
        "customers": place.customers,
    }


def response(call: Call, response: Response) -> Call:
    """The same call with what the response says; never an exception."""
    try:
        return _answer_reader()(call, response)
    except Exception as error:  # noqa: BLE001 - decoding is total: any failure is a doubt
        doubted = call.doubting(f"decoding the response failed: {type(error).__name__}")
        return replace(doubted, answer_problems=1)


@cache
def _answer_reader() -> Callable[[Call, Response], Call]:
    """Loaded when the first answer comes: most commands read none."""
    from apitrail.aws.answer import response

    return response.parse


def is_ready() -> bool:
    """Is the index of all services in memory? It is slow to load, so load it off the loop."""
    return index.is_loaded()


def holds(request: Request, found: Route) -> int:
    """How many bytes of the body must be here before the call can be told; 0 where it streams.

    `request` may be without its body. Prepare first what `needs` asks for. Raises as `route` does.
    """
    try:
        return held.longest(request, found)
    except Exception as error:
        if is_shortage(error):
            raise  # a body that must be held would pass as it comes
        return 0  # `request` will say what is wrong


def needs(found: Route) -> str | None:
    """The next service whose model `request` would have to load; None where it has them all.

    Call `prepare` with the answer off the event loop, then ask again.
    """
    for place in found.places:
        if not models.is_loaded(place.service.name, place.service.version):
            return f"{place.service.name}/{place.service.version}"
    return None


def prepare(need: str | None = None) -> None:
    """Load what `needs` asked for, or without it the index; slow, so off the event loop."""
    if need is None:
        index.load()
        return
    name, _, version = need.partition("/")
    models.warm(name, version or None)


def _region(request: Request, credential: Credential) -> str | None:
    if credential.region:
        return credential.region
    if len(credential.region_set) == 1 and "*" not in credential.region_set[0]:
        return credential.region_set[0]
    name = host.parse(request.host)
    if name.labels[-1:] == ("s3",) and len(name.labels) > 1 and name.region is None:
        return None  # a bucket by its global name may be anywhere
    return name.region or host.GLOBAL_REGIONS.get(name.partition or "")


def _named(signing_name: str | None, match: Match) -> Fields:
    service = match.service
    return {
        "service": service.name,
        "operation": match.operation,
        "api_version": service.api_version,
        "signing_name": signing_name or service.signing_name,
        "endpoint_prefix": service.endpoint_prefix,
        "protocol": match.protocol,
    }


@valueclass(frozen=True, slots=True)
class _Reading:
    """What a request says if it goes to `match`, and how much of it does not fit there."""

    match: Match
    loaded: models.Loaded
    operation: OperationModel
    parameters: Parameters
    doubts: Doubts

    @property
    def misfits(self) -> int:
        shape = self.operation.input_shape
        required = shape.required_members if shape else ()
        return len(self.doubts) + sum(name not in self.parameters for name in required)


def _read(signing_name: str | None, match: Match, request: Request, doubts: Doubts) -> Fields:
    named = _named(signing_name, match)
    if match.operation == post_object.OPERATION and match.service.name == "s3":
        put_object = models.operation("s3", "PutObject")
        uploaded = post_object.read(request, match.labels["Bucket"], put_object, doubts)
        return {**named, "parameters": uploaded}
    turned = doubts.turned
    best = _reading(match, request, turned=turned)
    if match.others and best.misfits:
        readings = [best, *(_reading(other, request, turned=turned) for other in match.others)]
        best = min(readings, key=lambda reading: reading.misfits)
        named = _named(named["signing_name"], best.match)
    for problem in best.doubts:
        doubts.add(problem)
    doubts.ambiguous.extend(best.doubts.ambiguous)
    shape = best.operation.input_shape
    return {
        **named,
        "parameters": best.parameters,
        "read_only_trait": _read_only(best.loaded, best.operation),
        "sensitive_parameters": sensitive.present(shape, best.parameters, best.loaded.compiled),
    }


def _reading(match: Match, request: Request, *, turned: bool) -> _Reading:
    doubts = Doubts(turned=turned)
    loaded = models.loaded(match.service.name, match.service.version)
    operation = loaded.operation(match.operation)
    parameters = _READERS[match.protocol](loaded, operation, match, request, doubts)
    return _Reading(match, loaded, operation, parameters, doubts)


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
    match: Match,
    request: Request,
    doubts: Doubts,
) -> Parameters:
    data = body.content(request, doubts)
    if data is None:
        return {}
    is_cbor = match.protocol == "smithy-rpc-v2-cbor" or "x-amz-cbor" in (
        request.header("content-type") or ""
    )
    value = (cbor.parse if is_cbor else json_protocol.parse_request)(data, doubts)
    compiler = _compiler(loaded, "json", json_protocol.compiler)
    return json_protocol.read(compiler, operation.input_shape, value, doubts)


def _form(
    loaded: models.Loaded,
    operation: OperationModel,
    match: Match,
    request: Request,
    doubts: Doubts,
) -> Parameters:
    make = _FORM_COMPILERS.get(match.service.name) or _FORM_COMPILERS[match.protocol]
    compiler = _compiler(loaded, match.protocol, make)
    tree = form_body.tree(match.fields, doubts)
    parameters = form_body.read(compiler, operation.input_shape, tree, doubts)
    if match.service.name == "sqs":
        _queue_url(parameters, operation, request)
    return parameters


_FORM_COMPILERS = {
    "ec2": form_body.ec2_compiler,
    "query": form_body.query_compiler,
    "sqs": old_clients.sqs_compiler,
}


def _queue_url(parameters: Parameters, operation: OperationModel, request: Request) -> None:
    """Old clients post to the queue's URL and leave the parameter out."""
    path = request.path
    if path.strip("/") and "QueueUrl" in operation.input_shape.members:
        parameters.setdefault("QueueUrl", f"{request.scheme}://{request.host}{path}")


def _rest(
    loaded: models.Loaded,
    operation: OperationModel,
    match: Match,
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
        request=request,
        labels=match.labels,
        query=match.fields,
        headers=rest.by_name(request.headers),
        host_labels=match.host_labels,
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
