"""An operation's output, compiled into the steps that read it from headers and body."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from apitrail.aws.answer import old_answers, output_header, output_tree, output_xml
from apitrail.aws.answer.message import Answer, Step
from apitrail.aws.call import Blob, Structure, Value
from apitrail.aws.read import cbor, eventstream, json_protocol, xml
from apitrail.aws.read.old_clients import FORMERLY_QUERY
from apitrail.aws.read.scalars import Reader
from apitrail.aws.read.shapes import Compiler

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape


type Open = Callable[[Answer], Any]

DEEPEST = 100
"""Levels of lists and objects in a body."""

_XML = frozenset({"rest-xml", "query", "ec2"})
_REST = frozenset({"rest-xml", "rest-json"})

# What query services put around and beside the result.
_ENVELOPE = frozenset({"ResponseMetadata", "requestId", "RequestId"})


def request_id(root: xml.Element) -> str | None:
    """Where query services put it: beside the result, or in ResponseMetadata beside it."""
    for child in root.children:
        if child.tag in ("requestId", "RequestId"):
            return child.text
        if child.tag == "ResponseMetadata":
            return request_id(child)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one operation's output is read; `opens` parses the body where it is structured."""

    opens: Open | None
    steps: tuple[Step, ...]
    needs_content: bool = True

    def read(self, answer: Answer) -> Structure:
        """The output, `answer.tree` being what `opens` made of the body."""
        result: Structure = {}
        for step in self.steps:
            step(answer, result)
        return result


def plan(operation: OperationModel, protocol: str, compiled: dict[Value, Value]) -> Plan:
    """Compile the output of an operation as `protocol` writes it, or take it from `compiled`."""
    key = ("output", protocol, operation.name)
    found: Plan | None = compiled.get(key)
    if found is None:
        compiler = compiled.setdefault(("output", protocol), _compiler(protocol))
        found = compiled[key] = _plan(operation, protocol, compiler)
    return found


def _compiler(protocol: str) -> Compiler:
    if protocol in _XML:
        return output_xml.compiler()
    return output_tree.compiler(named_on_the_wire=protocol != "smithy-rpc-v2-cbor")


def _opener(operation: OperationModel, protocol: str) -> Open:
    if protocol not in _XML:
        return _open_tree if protocol != "smithy-rpc-v2-cbor" else _open_cbor
    if protocol == "query" and operation.service_model.service_name in FORMERLY_QUERY:

        def renamed(answer: Answer) -> Value:
            root = _open_xml(answer)
            return None if root is None else old_answers.rename(operation.name, root)

        return renamed
    return _open_xml


def _open_xml(answer: Answer) -> xml.Element | None:
    # S3 keeps slow copies alive with white space, which XML does not allow at the start.
    return xml.parse((answer.content or b"").strip(), answer.doubts)


def _open_cbor(answer: Answer) -> Value:
    return cbor.parse(answer.content or b"", answer.doubts)


def _open_tree(answer: Answer) -> Value:
    # Kinesis answers some clients in CBOR where others get JSON.
    if "cbor" in answer.headers.get("content-type", ""):
        return _open_cbor(answer)
    content = answer.content or b""
    tree = json_protocol.parse(content, answer.doubts)
    if content.count(b"[") + content.count(b"{") > DEEPEST and is_deep(tree):
        answer.doubts.add("response body is nested too deeply")
        return None
    return tree


def is_deep(tree: Value) -> bool:
    """Does a JSON value nest deeper than is read here?"""
    level = [tree]
    for _ in range(DEEPEST):
        level = [
            item
            for value in level
            if isinstance(value, dict | list)
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


def _plan(operation: OperationModel, protocol: str, compiler: Compiler) -> Plan:
    shape = operation.output_shape
    opens = _opener(operation, protocol)
    if shape is None:
        return Plan(opens=opens if protocol in _XML else None, steps=())
    heads = output_header.steps(shape) if protocol in _REST else []
    stream = shape.event_stream_name
    if stream is not None:
        step = _event_stream(stream, shape, opens, compiler)
        steps = (step, *heads)
        return Plan(opens=None, steps=steps, needs_content=False)
    payload = shape.serialization.get("payload") if protocol in _REST else None
    if payload is not None and shape.members[payload].type_name in ("blob", "string"):
        member = shape.members[payload]
        return Plan(
            opens=None,
            steps=(_raw(payload, member), *heads),
            needs_content=not _is_streamed(member),
        )
    if payload is not None:
        step = _member(payload, shape.members[payload], protocol, compiler)
    elif protocol in ("query", "ec2"):
        step = _wrapped(operation, shape, compiler)
    elif operation.name == "GetBucketLocation":
        step = _bucket_location
    else:
        step = _members(shape, protocol, compiler)
    return Plan(opens=opens, steps=(step, *heads))


# --- body


def _tree_reader(shape: Shape, protocol: str, compiler: Compiler) -> Reader:
    return output_xml.reader(shape, compiler) if protocol in _XML else compiler.reader(shape)


def _members(shape: Shape, protocol: str, compiler: Compiler) -> Step:
    read = _tree_reader(shape, protocol, compiler)

    def step(answer: Answer, result: Structure) -> None:
        if answer.tree is not None:
            found = read(answer.tree, answer.doubts)
            if isinstance(found, dict):
                result.update(found)

    return step


def _member(name: str, shape: Shape, protocol: str, compiler: Compiler) -> Step:
    read = _tree_reader(shape, protocol, compiler)

    def step(answer: Answer, result: Structure) -> None:
        if answer.tree is not None:
            result[name] = read(answer.tree, answer.doubts)

    return step


def _wrapped(operation: OperationModel, shape: Shape, compiler: Compiler) -> Step:
    wrapper = shape.serialization.get("resultWrapper", f"{operation.name}Result")
    read = output_xml.reader(shape, compiler)

    def step(answer: Answer, result: Structure) -> None:
        tree = answer.tree
        if tree is None:
            return
        inner = next((child for child in tree.children if child.tag == wrapper), None)
        if inner is None:
            inner = xml.Element(tree.tag, {})
            inner.children = [child for child in tree.children if child.tag not in _ENVELOPE]
        result.update(read(inner, answer.doubts))

    return step


def _bucket_location(answer: Answer, result: Structure) -> None:
    """S3's one answer that the model cannot describe: the root's own text."""
    if answer.tree is not None and answer.tree.text.strip():
        result["LocationConstraint"] = answer.tree.text


def _is_streamed(shape: Shape) -> bool:
    return shape.type_name == "blob" and bool(shape.serialization.get("streaming"))


def _raw(name: str, shape: Shape) -> Step:
    if _is_streamed(shape):

        def streamed(answer: Answer, result: Structure) -> None:
            body = answer.response.body
            result[name] = Blob(length=body.length, sha256=body.sha256)

        return streamed

    def step(answer: Answer, result: Structure) -> None:
        data = answer.content
        if data is not None:
            result[name] = data if shape.type_name == "blob" else data.decode("utf-8", "replace")

    return step


def _event_stream(name: str, shape: Shape, opens: Open, compiler: Compiler) -> Step:
    def step(answer: Answer, result: Structure) -> None:
        if not answer.response.body.whole:
            answer.doubts.add("response body was not kept whole")
        found, initial, problems = eventstream.count(answer.response.body.data)
        for problem in problems:
            answer.doubts.add(problem)
        if initial is not None and initial.payload:
            tree = opens(replace(answer, content=initial.payload))
            if isinstance(tree, dict):
                result.update(compiler.reader(shape)(tree, answer.doubts))
        result[name] = found

    return step
